"""Brands with their genuine pictures, the listings that are watched, what was found in them, and what staff made of it."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from visual_search.features.brand_protection.files import private_storage
from visual_search.features.brand_protection.kinds import Finding, GenuineKind, State, What


class Brand(models.Model):
    """Whose pictures and words are watched, and who is told."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    words = models.TextField(
        _("words"), blank=True, help_text=_("Names and marks, one a line, as listings write them.")
    )
    sellers = models.TextField(
        _("allowed sellers"), blank=True, help_text=_("One a line, as listings name them. What they offer is no case.")
    )
    price_floor = models.DecimalField(
        _("price floor"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True, help_text=_("Such as EUR."))
    catalogue_brand = models.CharField(
        _("brand in the catalogue"),
        max_length=200,
        blank=True,
        help_text=_("The pictures of the shop's products of this brand are genuine; * stands for all products."),
    )
    collection = models.CharField(
        _("collection"), max_length=64, blank=True, help_text=_("Where these products are; empty for the default one.")
    )
    recipients = models.TextField(_("who is told"), blank=True, help_text=_("Mail addresses of the brand, one a line."))
    at_once = models.BooleanField(
        _("told at once"), default=False, help_text=_("A mail for each case. Otherwise one a day with all new ones.")
    )
    webhook_url = models.CharField(
        _("webhook"),
        max_length=500,
        blank=True,
        validators=[URLValidator(["http", "https"])],
        help_text=_("Told of each case at once, as Standard Webhooks say."),
    )
    language = models.CharField(
        _("language of the mails"), max_length=10, blank=True, help_text=_("Such as de; empty for the shop's own.")
    )
    least_sure = models.FloatField(
        _("least sureness"),
        default=0.5,
        help_text=_("Pictures are a case from here on, 0.5 to 1. Raise it if this mark has many false alarms."),
    )
    active = models.BooleanField(_("watched"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(least_sure__gte=0.5, least_sure__lte=1), name="visual_search_brand_least_sure"
            )
        ]

    def __str__(self) -> str:
        return self.name


class GenuinePicture(models.Model):
    """A picture or a mark of a brand, with what it is compared by."""

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="pictures", verbose_name=_("brand"))
    kind = models.CharField(_("kind"), max_length=10, choices=GenuineKind.choices, default=GenuineKind.PICTURE)
    item = models.CharField(_("shows"), max_length=200, blank=True, help_text=_("The product, by its name or number."))
    file = models.FileField(
        _("file"), upload_to="brand/genuine/", storage=private_storage, max_length=200, blank=True
    )  # empty where the shop's catalogue has it
    collection = models.CharField(max_length=64, blank=True, editable=False)
    object_id = models.CharField(max_length=200, blank=True, editable=False)
    picture_id = models.CharField(max_length=200, blank=True, editable=False)
    content_hash = models.CharField("SHA-256", max_length=64, editable=False)
    keypoints = models.BinaryField(default=bytes)  # as imaging/keypoint_matching.py packs them
    words = models.BinaryField(default=bytes)  # the visual word of each keypoint, uint16 little-endian
    vocabulary = models.PositiveIntegerField(
        default=0, editable=False
    )  # the `VisualWords` that `words` are of; 0: none
    vector = models.BinaryField(default=bytes)  # float16 little-endian
    fingerprint = models.CharField(max_length=128, blank=True, editable=False)  # of the vector's space
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("genuine picture")
        verbose_name_plural = _("genuine pictures")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "content_hash"], name="visual_search_brand_genuine_content")
        ]
        indexes = [models.Index(fields=["collection", "object_id"], name="visual_search_brand_object")]

    def __str__(self) -> str:
        return f"{self.brand}: {self.item or self.content_hash[:12]}"


class VisualWords(models.Model):
    """The visual words that all genuine pictures are written in. A new row replaces the old one (`gallery.rebuild`)."""

    centres = models.BinaryField()  # as votes.py packs them
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.pk} of {self.made_at:%Y-%m-%d}"


class Thresholds(models.Model):
    """From which figures on a match is a finding, learned from the gallery itself (`calibrating`). The newest row holds."""

    inliers = models.PositiveIntegerField()
    cosine = models.FloatField()
    fingerprint = models.CharField(max_length=128)  # of the space that `cosine` is of
    false_alarms = models.FloatField()  # share of altered pictures that found a stranger
    recall = models.FloatField()
    pictures = models.PositiveIntegerField()  # that it was learned from
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.inliers} inliers, cosine {self.cosine:.3f}"


class Listing(models.Model):
    """An offer with one of its pictures, somewhere else or in another collection of the shop."""

    source = models.CharField(_("source"), max_length=80)  # "feed", "upload", "folder" or "collection:NAME"
    key = models.CharField(_("number"), max_length=400)  # what the source calls this picture of this offer
    url = models.CharField(_("address"), max_length=1000, blank=True)
    seller = models.CharField(_("seller"), max_length=200, blank=True)
    title = models.CharField(_("title"), max_length=500, blank=True)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    file = models.FileField(
        _("picture"), upload_to="brand/listings/", storage=private_storage, max_length=200, blank=True
    )
    label_text = models.TextField(_("read in the picture"), blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    checked_at = models.DateTimeField(_("looked at"), null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="visual_search_brand_listing_key")]

    def __str__(self) -> str:
        return self.title or self.key


class LookedAt(models.Model):
    """Up to which version of its entry in the index's outbox an offer of the shop was looked at."""

    collection = models.CharField(max_length=64)
    object_id = models.CharField(max_length=200)
    version = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "object_id"], name="visual_search_brand_looked_at")
        ]

    def __str__(self) -> str:
        return f"{self.collection}/{self.object_id} {self.version}"


class BrandCase(models.Model):
    """What the machine proposes of one listing and one brand, and what a person made of it."""

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="cases", verbose_name=_("brand"))
    listing = models.ForeignKey(Listing, models.CASCADE, related_name="cases", verbose_name=_("listing"))
    state = models.CharField(_("status"), max_length=12, choices=State.choices, default=State.NEW, db_index=True)
    sureness = models.FloatField(_("sureness"), default=0.0)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    assigned = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    evidence = models.FileField(upload_to="brand/evidence/", storage=private_storage, max_length=200, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    told_at = models.DateTimeField(_("brand told"), null=True, blank=True)  # by mail
    posted_at = models.DateTimeField(null=True, blank=True, editable=False)  # to its webhook
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["brand", "listing"], name="visual_search_brand_case")]
        permissions = [
            ("decide_brandcase", _("Can decide cases")),
            ("notify_seller", _("Can send notices to sellers")),
            ("export_evidence", _("Can export evidence")),
        ]

    def __str__(self) -> str:
        return f"{self.brand}: {self.listing}"


class Match(models.Model):
    """One thing that speaks for a case."""

    case = models.ForeignKey(BrandCase, models.CASCADE, related_name="matches", verbose_name=_("case"))
    kind = models.CharField(_("kind"), max_length=10, choices=Finding.choices)
    genuine = models.ForeignKey(GenuinePicture, models.SET_NULL, null=True, blank=True, related_name="+")
    score = models.FloatField(_("sureness"))
    facts = models.JSONField(default=dict)  # numbers and words by name, such as inliers, cosine, word, median
    matrix = models.JSONField(null=True)  # two rows of three: from px of the genuine picture to px of the listing's
    lines = models.JSONField(null=True)  # pairs of places that agree, in shares of both pictures' sides

    class Meta:
        ordering = ["-score", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.score:.2f}"


class FalseAlarm(models.Model):
    """A genuine picture and a listing's picture that a person said to be strangers: never proposed again."""

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="+")
    listing_sha256 = models.CharField(max_length=64)
    genuine_hash = models.CharField(max_length=64, blank=True)  # "" where words or prices were the reason
    said_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "listing_sha256", "genuine_hash"], name="visual_search_brand_false_alarm"
            )
        ]

    def __str__(self) -> str:
        return f"{self.genuine_hash[:12]} isn't in {self.listing_sha256[:12]}"


class Notice(models.Model):
    """A message to a seller or a platform: written from a template, sent by a person's click or not at all."""

    case = models.ForeignKey(BrandCase, models.CASCADE, related_name="notices", verbose_name=_("case"))
    language = models.CharField(_("language"), max_length=10)
    recipient = models.EmailField(_("recipient"))
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    sender = models.CharField(_("sent by"), max_length=160)
    sent_at = models.DateTimeField(_("sent"), auto_now_add=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.subject} ({self.recipient})"


class CaseEvent(models.Model):
    """What happened to a case, by whom. Each seals the one before (`ledger`)."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.CharField(
        _("at"), max_length=40
    )  # ISO 8601 as it was hashed; a database might write a time differently
    actor = models.CharField(_("who"), max_length=160)
    case = models.BigIntegerField(_("case"), db_index=True)  # Its key; the case may be gone.
    what = models.CharField(_("what"), max_length=40, choices=What.choices)
    facts = models.JSONField(_("facts"), default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events of cases")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"
