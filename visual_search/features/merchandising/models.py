"""What the shop's owner decides: rules with conditions and actions, synonyms, and what became of them."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from visual_search.features.merchandising.kinds import Like, Op, Then, When

MOST_STRENGTH = 100
LONGEST = 500  # characters of the words of a set of synonyms


class Rule(models.Model):
    """Where all conditions hold, all actions are done."""

    name = models.CharField(_("name"), max_length=100)
    enabled = models.BooleanField(_("on"), default=True)
    priority = models.SmallIntegerField(
        _("priority"),
        default=0,
        help_text=_("Of several rules that hold, the one with the greater number comes first."),
    )
    collection = models.CharField(_("collection"), max_length=64)
    language = models.CharField(_("language"), max_length=10, blank=True)
    experiment = models.CharField(
        _("experiment"),
        max_length=60,
        blank=True,
        help_text=_(
            "Where the rule is only tried: the name of the experiment, for whose half of the questions it holds."
        ),
    )
    starts = models.DateTimeField(_("from"), null=True, blank=True)
    ends = models.DateTimeField(_("until"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True, help_text=_("For colleagues: why there is this rule."))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("author")
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["-priority", "pk"]

    def __str__(self) -> str:
        return self.name


class Condition(models.Model):
    """One thing that must hold. `value`: as docs/how-to/merchandising.md says for each kind."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="conditions", verbose_name=_("rule"))
    kind = models.CharField(_("if"), max_length=20, choices=When.choices)
    field = models.CharField(_("filter"), max_length=64, blank=True)
    value = models.CharField(_("value"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions: all of them must hold")
        ordering = ["pk"]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.get_kind_display(), self.field, self.value)))


class Action(models.Model):
    """One thing that is done."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="actions", verbose_name=_("rule"))
    kind = models.CharField(_("then"), max_length=20, choices=Then.choices)
    item = models.CharField(_("product"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(
        _("place"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    field = models.CharField(_("field"), max_length=64, blank=True)
    op = models.CharField(_("compared"), max_length=10, choices=Op.choices, blank=True)
    value = models.CharField(_("value"), max_length=300, blank=True)
    strength = models.PositiveSmallIntegerField(
        _("strength in %"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_STRENGTH)]
    )
    url = models.CharField(_("address"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        ordering = ["pk"]

    def __str__(self) -> str:
        parts = (
            self.get_kind_display(),
            self.item,
            self.field,
            self.op and self.get_op_display(),
            self.value,
            self.url,
        )
        return " ".join(filter(None, map(str, parts)))


class SynonymSet(models.Model):
    """Words that belong together, or apart, in one language; several are separated by commas."""

    kind = models.CharField(_("kind"), max_length=12, choices=Like.choices, default=Like.TWO_WAY)
    language = models.CharField(_("language"), max_length=10)
    words = models.CharField(_("words"), max_length=LONGEST)
    others = models.CharField(_("others"), max_length=LONGEST, blank=True)
    enabled = models.BooleanField(_("on"), default=True)

    class Meta:
        verbose_name = _("synonyms")
        verbose_name_plural = _("synonyms")
        ordering = ["language", "words", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language", "words", "others"], name="visual_search_merchandising_synonyms"
            )
        ]

    def __str__(self) -> str:
        return f"{self.words} {self.others}".strip()


class RuleRevision(models.Model):
    """A change of a rule, with what it was before and after. Each seals the one before (`revisions`)."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.CharField(
        _("at"), max_length=40
    )  # ISO 8601 as it was hashed; a database might write a time differently
    actor = models.CharField(_("who"), max_length=160)
    rule = models.BigIntegerField(_("rule"), db_index=True)  # Its key; the rule may be gone.
    name = models.CharField(_("name"), max_length=100)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class RulesStamp(models.Model):
    """One row that changes with every change of a rule or a synonym, so that a process sees with one small look."""

    value = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.value
