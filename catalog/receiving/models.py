"""Places, suppliers, deliveries with their lines, orders to suppliers, and the ledger of stock."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.files.storage import Storage, storages
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.receiving.kinds import (
    Decision,
    DeliveryState,
    Doubt,
    LineState,
    Origin,
    PlaceKind,
    PurchaseState,
    What,
)

LONGEST_CODE, LONGEST_LOT = 64, 40  # characters; a lot of GS1 has 20


def private_storage() -> Storage:
    """Photos of deliveries and packing slips are no picture for the public."""
    return storages["private"]


class Place(models.Model):
    """Where goods are, or where they come from and go to."""

    name = models.CharField(_("name"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=PlaceKind.choices, default=PlaceKind.STOCK)
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("What is sold is taken from the lowest position first.")
    )

    class Meta:
        verbose_name = _("place of goods")
        verbose_name_plural = _("places of goods")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=~models.Q(kind=PlaceKind.STOCK), name="catalog_place_once_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.get_kind_display())


class Supplier(models.Model):
    """Who delivers."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    email = models.EmailField(_("e-mail"), blank=True)
    lead_days = models.PositiveIntegerField(
        _("lead time in days"), default=7, help_text=_("From the order to the arrival.")
    )

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SupplierCode(models.Model):
    """What a supplier calls a product. It is learned when somebody confirms a line that bears it."""

    supplier = models.ForeignKey(Supplier, models.CASCADE, related_name="codes", verbose_name=_("supplier"))
    code = models.CharField(_("code"), max_length=LONGEST_CODE)
    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="supplier_codes", verbose_name=_("product")
    )
    pack_size = models.PositiveIntegerField(
        _("pack size"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Pieces in one of the supplier's packs."),
    )
    line = models.ForeignKey("catalog.DeliveryLine", models.SET_NULL, null=True, editable=False, related_name="taught")

    class Meta:
        verbose_name = _("supplier's code")
        verbose_name_plural = _("suppliers' codes")
        ordering = ["supplier", "code"]
        constraints = [models.UniqueConstraint(fields=["supplier", "code"], name="catalog_supplier_code_once")]

    def __str__(self) -> str:
        return f"{self.code} ({self.supplier})"


class PurchaseOrder(models.Model):
    """What was ordered from a supplier."""

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="orders", verbose_name=_("supplier"))
    state = models.CharField(_("status"), max_length=10, choices=PurchaseState.choices, default=PurchaseState.DRAFT)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    ordered_at = models.DateTimeField(_("ordered"), null=True, blank=True)

    class Meta:
        verbose_name = _("order to a supplier")
        verbose_name_plural = _("orders to suppliers")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.supplier} #{self.pk}"


class PurchaseLine(models.Model):
    """So many of one product."""

    order = models.ForeignKey(PurchaseOrder, models.CASCADE, related_name="lines", verbose_name=_("order"))
    product = models.ForeignKey(
        "catalog.Product", models.SET_NULL, null=True, related_name="+", verbose_name=_("product")
    )
    sku = models.CharField(_("article number"), max_length=64)
    quantity = models.PositiveIntegerField(_("quantity"), validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["order", "product"], name="catalog_purchase_line_once")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"


class Delivery(models.Model):
    """One arrival at the desk, ordered or unplanned."""

    supplier = models.ForeignKey(
        Supplier, models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name=_("supplier")
    )
    order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name=_("order")
    )
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("place of goods"))
    state = models.CharField(_("status"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.OPEN)
    created_at = models.DateTimeField(_("opened"), auto_now_add=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        permissions = [
            ("book_delivery", _("Can book deliveries into stock, and undo it")),
            ("propose_order", _("Can order from suppliers")),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.supplier or ''}".strip()

    def get_absolute_url(self) -> str:
        return reverse("catalog:delivery", args=[self.pk])


class PackingSlip(models.Model):
    """A slip of a delivery, as it was sent: PDF or photo."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="slips", verbose_name=_("delivery"))
    file = models.FileField(_("file"), upload_to="receiving/slips/", storage=private_storage, max_length=200)
    sha256 = models.CharField(max_length=64, editable=False)
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("packing slip")
        verbose_name_plural = _("packing slips")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["delivery", "sha256"], name="catalog_slip_once")]

    def __str__(self) -> str:
        return f"{self.delivery} {self.sha256[:8]}"


class DeliveryLine(models.Model):
    """One thing that came in. What was read stays as it was read; what a person confirmed stands beside it."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="lines", verbose_name=_("delivery"))
    origin = models.CharField(_("origin"), max_length=6, choices=Origin.choices)
    slip = models.ForeignKey(
        PackingSlip, models.CASCADE, null=True, related_name="lines", verbose_name=_("packing slip")
    )
    picture = models.FileField(
        _("photo"), upload_to="receiving/photos/", storage=private_storage, max_length=200, blank=True
    )
    state = models.CharField(_("status"), max_length=10, choices=LineState.choices, default=LineState.WAITING)
    # What was read.
    code = models.CharField(_("code"), max_length=LONGEST_CODE, blank=True)
    words = models.CharField(_("words"), max_length=300, blank=True)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True)
    proposed = models.PositiveIntegerField(_("proposed quantity"), null=True)
    doubts = models.JSONField(default=list)  # values of `Doubt`
    candidates = models.JSONField(default=list)  # see `matching.Candidate.kept`
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)  # why nothing was proposed
    # What a person confirmed.
    product = models.ForeignKey(
        "catalog.Product", models.SET_NULL, null=True, related_name="+", verbose_name=_("product")
    )
    quantity = models.PositiveIntegerField(_("quantity"), null=True)
    lot = models.CharField(_("lot"), max_length=LONGEST_LOT, blank=True)
    expiry = models.DateField(_("expiry"), null=True, blank=True)
    attempt = models.PositiveIntegerField(default=1)  # goes up with each undo; with the key it books once
    movement = models.BigIntegerField(null=True)  # number of the movement that books it now
    kept_photo = models.ForeignKey("catalog.ProductImage", models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.delivery_id}.{self.pk} {self.code or self.words}".strip()

    @property
    def doubt_texts(self) -> list[str]:
        labels: Mapping[str, Any] = dict(Doubt.choices)
        return [str(labels.get(doubt, doubt)) for doubt in self.doubts]


class Movement(models.Model):
    """So many of a product went from one place to another. Rows are only added, and each seals the one before (`ledger`)."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.CharField(_("at"), max_length=40)  # ISO 8601 as it was hashed
    actor = models.CharField(_("who"), max_length=160)
    what = models.CharField(_("what"), max_length=10, choices=What.choices)
    # The row outlives its product, which it names by its key and its article number.
    product = models.ForeignKey(
        "catalog.Product", models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("product")
    )
    sku = models.CharField(_("article number"), max_length=64)
    source = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("from place"))
    target = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("to place"))
    quantity = models.PositiveIntegerField(_("quantity"))
    lot = models.CharField(_("lot"), max_length=LONGEST_LOT, blank=True)
    expiry = models.CharField(_("expiry"), max_length=10, blank=True)  # ISO 8601, as it was hashed
    reference = models.CharField(_("for"), max_length=80, blank=True)
    key = models.CharField(max_length=80, null=True, unique=True, editable=False)  # noqa: DJ001 - '' would be one key, too
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="reversed_by", verbose_name=_("reverses")
    )
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements of stock")
        ordering = ["-number"]
        indexes = [models.Index(fields=["product", "number"], name="catalog_movement_product")]
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="catalog_movement_positive"),
            models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="catalog_movement_moves"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.quantity} x {self.sku}"

    @property
    def expires_on(self) -> datetime.date | None:
        return datetime.date.fromisoformat(self.expiry) if self.expiry else None


class Level(models.Model):
    """How many of a product are in a place: the sum of its movements, kept with them."""

    product = models.ForeignKey("catalog.Product", models.CASCADE, related_name="levels", verbose_name=_("product"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="levels", verbose_name=_("place of goods"))
    quantity = models.IntegerField(_("quantity"), default=0)  # below zero where goods come from

    class Meta:
        verbose_name = _("level")
        verbose_name_plural = _("levels of stock")
        ordering = ["product", "place"]
        constraints = [models.UniqueConstraint(fields=["product", "place"], name="catalog_level_once")]

    def __str__(self) -> str:
        return f"{self.quantity} in {self.place}"


class DeskEvent(models.Model):
    """Who decided what at the desk. Each row seals the one before (`events`)."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.CharField(_("at"), max_length=40)
    actor = models.CharField(_("who"), max_length=160)
    what = models.CharField(_("what"), max_length=20, choices=Decision.choices)
    delivery = models.BigIntegerField(_("delivery"), null=True, db_index=True)
    facts = models.JSONField(_("facts"), default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions at the desk")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"
