"""The owner's help articles, words of danger, and the cases that shoppers hand over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from multilingual.languages import base_code
from visual_search.features.customer_service.kinds import CaseState, Danger, HelpKind, HelpState, What

_Spoken = TypeVar("_Spoken", "HelpText", "DangerWords")
MOST_WORDS = 4_000  # characters of what a shopper writes


def known_language(code: str) -> None:
    """Raises ValidationError for what is no language."""
    if base_code(code) is None:
        raise ValidationError(_("“%(code)s” is no language. Write it as de or pt-br."), params={"code": code})


def in_language(rows: Iterable[_Spoken], language: str) -> _Spoken | None:
    """The row in this language, else the one in English, else the first; None of none."""
    spoken = {base_code(row.language): row for row in rows}
    return spoken.get(base_code(language)) or spoken.get("en") or next(iter(spoken.values()), None)


class HelpArticle(models.Model):
    """A known fault or a guide. It holds for one product, for a category and all below it, or for everything."""

    kind = models.CharField(_("kind"), max_length=10, choices=HelpKind.choices, default=HelpKind.FAULT)
    state = models.CharField(
        _("status"), max_length=10, choices=HelpState.choices, default=HelpState.DRAFT, db_index=True
    )
    item = models.CharField(
        _("product"),
        max_length=200,
        blank=True,
        help_text=_("Its article number or another code. Empty: for a category, or for everything."),
    )
    collection = models.CharField(max_length=64, blank=True, editable=False)
    object_id = models.CharField(max_length=200, blank=True, editable=False)
    category = models.CharField(
        _("category"), max_length=500, blank=True, help_text=_("Such as Home > Kitchen, and all below it.")
    )
    codes = models.TextField(
        _("display codes"), blank=True, help_text=_("One a line, such as E-15. H and 4, U and 0 count as the same.")
    )
    to_a_person = models.BooleanField(
        _("to a person"), default=False, help_text=_("Below the answer stands the form to the help desk, open.")
    )
    is_example = models.BooleanField(_("example"), default=False, help_text=_("Made by the demonstration."))
    helped = models.PositiveIntegerField(_("helped"), default=0, editable=False)
    not_helped = models.PositiveIntegerField(_("didn't help"), default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("help article")
        verbose_name_plural = _("help articles")
        ordering = ["pk"]
        indexes = [models.Index(fields=["collection", "object_id"], name="visual_search_help_object")]
        permissions = [("publish_helparticle", _("Can publish help articles"))]

    def __str__(self) -> str:
        first = next(iter(self.texts.all()), None)
        return first.title if first else f"#{self.pk}"


class HelpText(models.Model):
    """What an article says in one language."""

    article = models.ForeignKey(HelpArticle, models.CASCADE, related_name="texts", verbose_name=_("help article"))
    language = models.CharField(_("language"), max_length=10, validators=[known_language], help_text=_("Such as de."))
    title = models.CharField(
        _("what is wrong, or the question"), max_length=200, help_text=_("As a shopper would say it, in few words.")
    )
    also_said = models.TextField(
        _("other ways to say it"), blank=True, help_text=_("One a line. They are compared, and not shown.")
    )
    body = models.TextField(_("what to do"), help_text=_("Shown as it is; an empty line begins a new paragraph."))

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["article", "language"], name="visual_search_help_text")]

    def __str__(self) -> str:
        return f"{self.title} ({self.language})"


class HelpPicture(models.Model):
    """A picture of the fault, or of a step. Everybody may see it."""

    article = models.ForeignKey(HelpArticle, models.CASCADE, related_name="pictures", verbose_name=_("help article"))
    file = models.FileField(_("file"), upload_to="help/", max_length=200)
    alt = models.CharField(_("what it shows"), max_length=200, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.alt or str(self.file.name)


class DangerWords(models.Model):
    """Words of one language by which something goes to a person at once, before anything is searched."""

    kind = models.CharField(_("kind"), max_length=10, choices=Danger.choices)
    language = models.CharField(_("language"), max_length=10, validators=[known_language], help_text=_("Such as de."))
    words = models.TextField(
        _("words"),
        help_text=_("One a line. All words of a line must be there, in any order; burn* stands for burnt, burning, …"),
    )
    unless = models.TextField(
        _("not meant"), blank=True, help_text=_("Such as “gas lift”, one a line. They are passed over.")
    )
    advice = models.TextField(_("what the shopper reads at once"))

    class Meta:
        verbose_name = _("words of danger")
        verbose_name_plural = _("words of danger")
        ordering = ["kind", "language"]
        constraints = [models.UniqueConstraint(fields=["kind", "language"], name="visual_search_help_danger")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.language})"


class ServiceCase(models.Model):
    """What a shopper handed over to a person."""

    token = models.UUIDField(default=uuid4, unique=True, editable=False)  # the address of the shopper's page
    state = models.CharField(
        _("status"), max_length=10, choices=CaseState.choices, default=CaseState.NEW, db_index=True
    )
    danger = models.CharField(_("danger"), max_length=10, choices=Danger.choices, blank=True)
    collection = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=200, blank=True)
    product = models.CharField(_("product"), max_length=300, blank=True)  # as it was called then
    words = models.TextField(_("what the shopper wrote"), max_length=MOST_WORDS)
    language = models.CharField(_("language"), max_length=10, blank=True)
    email = models.EmailField(_("mail address"))
    shown = models.JSONField(default=list)  # keys of the articles that were shown before
    assigned = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    mailed_at = models.DateTimeField(_("help desk mailed"), null=True, blank=True, editable=False)
    posted_at = models.DateTimeField(_("webhook told"), null=True, blank=True, editable=False)
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    forgotten_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("service case")
        verbose_name_plural = _("service cases")
        ordering = ["-pk"]
        permissions = [
            ("answer_servicecase", _("Can answer service cases")),
            ("view_casephoto_open", _("Can look at shoppers' photos")),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.product or self.words[:60]}"


class CaseReply(models.Model):
    """A mail of the staff to the shopper."""

    case = models.ForeignKey(ServiceCase, models.CASCADE, related_name="replies", verbose_name=_("service case"))
    text = models.TextField(_("text"))
    actor = models.CharField(_("who"), max_length=160)
    written_at = models.DateTimeField(_("written"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class CasePhoto(models.Model):
    """A photo that a shopper chose to send along, closed with a key of its own that isn't in the database (`photos`)."""

    case = models.OneToOneField(ServiceCase, models.CASCADE, related_name="photo")
    closed = models.BinaryField()  # as privacy.pseudonyms.RowBox closes it
    key = models.CharField(max_length=64, unique=True)  # the name of the key
    until = models.DateTimeField(db_index=True)  # then key and row are destroyed

    def __str__(self) -> str:
        return f"photo of case {self.case_id}"


class ServiceEvent(models.Model):
    """What happened to a case or an article, by whom. Each seals the one before (`ledger`)."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    # ISO 8601 as it was hashed; a database might write a time differently
    at = models.CharField(_("at"), max_length=40)
    actor = models.CharField(_("who"), max_length=160)
    about = models.CharField(_("about"), max_length=40, db_index=True)  # "case 3", "article 5"; it may be gone
    what = models.CharField(_("what"), max_length=40, choices=What.choices)
    facts = models.JSONField(_("facts"), default=dict)  # statuses and numbers, nothing personal: it can't be deleted
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events of service cases")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.about} {self.what}"
