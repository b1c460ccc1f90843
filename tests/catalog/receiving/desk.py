"""Products, suppliers and deliveries for the tests of receiving."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from catalog.models import Product, ProductText, State
from catalog.receiving import arriving, ledger
from catalog.receiving.kinds import PlaceKind
from catalog.receiving.models import Delivery, DeliveryLine, Level, Movement, Supplier

CLERK = "user 1 clerk"


def product(sku: str = "CHAIR", title: str = "", **more: Any) -> Product:
    values = {"price": Decimal(10), "currency": "EUR", "stock": 0, "state": State.PUBLISHED, **more}
    made = Product.objects.create(sku=sku, **values)
    ProductText.objects.create(product=made, language="en", title=title or f"{sku.title()} of oak")
    return made


def supplier(name: str = "Oak & Sons", **more: Any) -> Supplier:
    return Supplier.objects.get_or_create(name=name, defaults=more)[0]


def delivery(by: Supplier | None = None, **more: Any) -> Delivery:
    return arriving.open_delivery(CLERK, supplier=by, **more)


def line(of: Delivery | None = None, **more: Any) -> DeliveryLine:
    return DeliveryLine.objects.create(delivery=of or delivery(), origin="code", **more)


def stock(of: Product) -> int:
    return Product.objects.get(pk=of.pk).stock


def level(of: Product, kind: PlaceKind = PlaceKind.STOCK) -> int:
    row = Level.objects.filter(product=of, place=ledger.place_of(kind)).first()
    return row.quantity if row else 0


def moves() -> list[tuple[str, str, str, int]]:
    """What happened, oldest first: why, from, to, how many."""
    rows = Movement.objects.order_by("number").select_related("source", "target")
    return [(row.what, row.source.kind, row.target.kind, row.quantity) for row in rows]
