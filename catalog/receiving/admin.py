"""Places, suppliers, orders and the ledgers in the admin. The desk itself has pages of its own (`pages`)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from catalog.receiving import events, ledger
from catalog.receiving.models import Delivery, DeskEvent, Level, Movement, Place, PurchaseOrder, Supplier, SupplierCode
from visual_search.admin import KeptForGood

MOST_VERIFIED = 20_000  # rows of a ledger that its page verifies each time; it takes half a second


@admin.register(Place)
class PlaceAdmin(admin.ModelAdmin):
    list_display = ["__str__", "kind", "position"]
    fields = ["name", "position"]  # The places that aren't stock come by themselves, each once.


class SupplierCodeInline(admin.TabularInline):
    model = SupplierCode
    extra = 0
    fields = ["code", "product", "pack_size"]
    raw_id_fields = ["product"]


@admin.register(Supplier)
class SupplierAdmin(admin.ModelAdmin):
    list_display = ["name", "lead_days", "email"]
    search_fields = ["name", "codes__code"]
    inlines = [SupplierCodeInline]


@admin.register(Delivery)
class DeliveryAdmin(KeptForGood):
    """The list leads to the desk."""

    list_display = ["__str__", "supplier", "state", "created_at"]
    list_filter = ["state", "supplier"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("catalog:receiving")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        found = self.get_object(request, object_id)
        return redirect(found) if found is not None else redirect("catalog:receiving")


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(KeptForGood):
    """The list leads to the page of what to order."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("catalog:purchasing")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("catalog:purchase", int(object_id)) if object_id.isdecimal() else redirect("catalog:purchasing")


@admin.register(Level)
class LevelAdmin(KeptForGood):
    list_display = ["product", "place", "quantity"]
    list_filter = ["place"]
    list_select_related = ["place"]
    search_fields = ["product__sku"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("product__texts")


@admin.register(Movement)
class MovementAdmin(KeptForGood):
    """The ledger of stock, newest first."""

    list_display = [
        "number",
        "at",
        "what",
        "sku",
        "quantity",
        "source",
        "target",
        "lot",
        "expiry",
        "reference",
        "actor",
    ]
    list_filter = ["what", "source", "target"]
    list_select_related = ["source", "target"]
    search_fields = ["sku", "lot", "reference", "actor"]
    fields = (
        "number", "at", "actor", "what", "sku", "source", "target", "quantity", "lot", "expiry", "reference", "reverses",
        "previous", "hash",
    )  # fmt: skip
    readonly_fields = fields

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if Movement.objects.count() > MOST_VERIFIED:
            subtitle = _("The ledger is long. Verify it by manage.py receiving verify.")
        else:
            subtitle = ledger.verify() or _("The chain is whole, and each level is the sum of its movements.")
        return super().changelist_view(request, {"subtitle": subtitle, **(extra_context or {})})


@admin.register(DeskEvent)
class DeskEventAdmin(KeptForGood):
    """Who decided what, newest first."""

    list_display = ["number", "at", "what", "delivery", "actor"]
    list_filter = ["what"]
    search_fields = ["actor", "=delivery"]
    fields = ("number", "at", "actor", "what", "delivery", "facts", "previous", "hash")
    readonly_fields = fields

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        subtitle = events.verify() or _("The chain is whole.")
        return super().changelist_view(request, {"subtitle": subtitle, **(extra_context or {})})
