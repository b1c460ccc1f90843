"""Orders to suppliers: proposed from sales, stock and lead time, changed and placed by a person, handed over as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from catalog.models import Product
from catalog.orders.models import OrderLine
from catalog.receiving import events
from catalog.receiving.differences import received
from catalog.receiving.kinds import Decision, PurchaseState
from catalog.receiving.models import PurchaseLine, PurchaseOrder, Supplier, SupplierCode
from catalog.receiving.reordering import WEEKS, Plan, plan
from visual_search import csv_tables
from visual_search.errors import BadInput, said

COLUMNS = ("article_number", "suppliers_code", "title", "quantity", "packs")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One product that a supplier delivers, with all that its proposal is made of."""

    product: Product
    code: SupplierCode
    plan: Plan
    on_hand: int
    on_order: int

    @property
    def quantity(self) -> int:
        """In whole packs."""
        missing = self.plan.order(self.on_hand, self.on_order)
        return -(-missing // self.code.pack_size) * self.code.pack_size


def proposals(supplier: Supplier) -> list[Proposal]:
    """All products whose code of this supplier is known, those to order first. A few queries for any number of products."""
    codes: dict[int, SupplierCode] = {}
    for code in SupplierCode.objects.filter(supplier=supplier).order_by("pk"):
        codes[code.product_id] = code
    sold, coming = weekly(codes), on_order()
    products = Product.objects.prefetch_related("texts").filter(pk__in=codes)
    made = [
        Proposal(one, codes[one.pk], plan(sold[one.pk], supplier.lead_days), one.stock, coming.get(one.pk, 0))
        for one in products
    ]
    return sorted(made, key=lambda one: (-one.quantity, one.product.sku))


def weekly(products: Mapping[int, object]) -> dict[int, list[int]]:
    """Pieces that the shop's orders sold of each of these products in each of the last weeks, oldest first.

    Weeks before the first sale of a product don't count: it may not have been there.
    """
    now = timezone.now()
    counts = {product: [0] * WEEKS for product in products}
    rows = OrderLine.objects.filter(product__in=list(products), order__created_at__gt=now - timedelta(weeks=WEEKS))
    for product, quantity, at in rows.values_list("product_id", "quantity", "order__created_at"):
        counts[product][WEEKS - 1 - min(WEEKS - 1, (now - at).days // 7)] += quantity
    return {
        product: weeks[next((n for n, sold in enumerate(weeks) if sold), WEEKS) :] for product, weeks in counts.items()
    }


def on_order() -> dict[int, int]:
    """By product how many are ordered and haven't come yet."""
    coming: dict[int, int] = {}
    for order in PurchaseOrder.objects.filter(state=PurchaseState.ORDERED):
        came = received(order)
        for product, total in order.lines.values_list("product_id").annotate(Sum("quantity")):
            if product is not None:
                coming[product] = coming.get(product, 0) + max(0, total - came.get(product, 0))
    return coming


@transaction.atomic
def propose(supplier: Supplier, actor: str) -> PurchaseOrder:
    """A draft of all that should be ordered from this supplier now. Raises BadInput where that is nothing."""
    wanted = [one for one in proposals(supplier) if one.quantity]
    if not wanted:
        raise BadInput(said("Nothing needs to be ordered from %(supplier)s now.", supplier=supplier))
    order = PurchaseOrder.objects.create(supplier=supplier)
    PurchaseLine.objects.bulk_create(
        PurchaseLine(order=order, product=one.product, sku=one.product.sku, quantity=one.quantity) for one in wanted
    )
    events.note(actor, Decision.PROPOSED, None, {"order": order.pk, "supplier": supplier.name, "lines": len(wanted)})
    return order


@transaction.atomic
def place(order: PurchaseOrder, quantities: Mapping[int, int], actor: str) -> PurchaseOrder:
    """The draft becomes an order, with the quantities (by line) that somebody wrote; 0 leaves a line out. Raises BadInput."""
    order = PurchaseOrder.objects.select_for_update().get(pk=order.pk)
    if order.state != PurchaseState.DRAFT:
        raise BadInput(said("Order %(number)s was placed already.", number=order.pk))
    for line in order.lines.all():
        line.quantity = quantities.get(line.pk, line.quantity)
        if line.quantity:
            line.save(update_fields=["quantity"])
        else:
            line.delete()
    if not order.lines.exists():
        raise BadInput(said("An order needs a line with a quantity."))
    order.state, order.ordered_at = PurchaseState.ORDERED, timezone.now()
    order.save()
    lines = dict(order.lines.values_list("sku", "quantity"))
    events.note(actor, Decision.ORDERED, None, {"order": order.pk, "lines": lines})
    return order


@transaction.atomic
def close(order: PurchaseOrder, actor: str) -> None:
    """Nothing more is to come."""
    if PurchaseOrder.objects.filter(pk=order.pk).exclude(state=PurchaseState.CLOSED).update(state=PurchaseState.CLOSED):
        events.note(actor, Decision.PURCHASE_CLOSED, None, {"order": order.pk})


def as_csv(order: PurchaseOrder, language: str | None = None) -> str:
    """The order as a table for the supplier."""
    codes = {one.product_id: one for one in SupplierCode.objects.filter(supplier=order.supplier)}
    rows = []
    for line in order.lines.select_related("product").prefetch_related("product__texts"):
        code = codes.get(line.product_id or 0)
        title = line.product.title(language) if line.product else ""
        packs = line.quantity // code.pack_size if code else None
        rows.append((line.sku, code and code.code, title, line.quantity, packs))
    return csv_tables.written(COLUMNS, rows)
