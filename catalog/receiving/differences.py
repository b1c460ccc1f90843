"""What was ordered, what the packing slips say, and what was booked: side by side, with what differs marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import Product
from catalog.receiving.kinds import LineState, Origin
from catalog.receiving.models import Delivery, DeliveryLine, PurchaseOrder


@dataclass(frozen=True, slots=True)
class Difference:
    """One product. `slip` is None where no slip names it."""

    sku: str
    title: str
    ordered: int
    slip: int | None
    booked: int

    @property
    def differs(self) -> bool:
        return self.ordered != self.booked or self.slip not in (None, self.booked)


def received(order: PurchaseOrder) -> dict[int, int]:
    """By product how many came with all deliveries of this order."""
    rows = DeliveryLine.objects.filter(delivery__order=order, state=LineState.BOOKED)
    return _sums(rows.values_list("product_id", "quantity"))


def ordered(delivery: Delivery) -> dict[int, int]:
    """By product how many of the delivery's order are still to come, without what other deliveries brought."""
    if delivery.order is None:
        return {}
    wanted = _sums(delivery.order.lines.values_list("product_id", "quantity"))
    others = DeliveryLine.objects.filter(delivery__order=delivery.order, state=LineState.BOOKED)
    for product, quantity in _sums(others.exclude(delivery=delivery).values_list("product_id", "quantity")).items():
        if product in wanted:
            wanted[product] = max(0, wanted[product] - quantity)
    return wanted


def differences(delivery: Delivery, language: str | None = None) -> list[Difference]:
    """By article number; empty where nothing was ordered and no slip came."""
    wanted = ordered(delivery)
    lines = list(delivery.lines.exclude(state=LineState.DISMISSED))
    on_slips: dict[int, int] = {}
    for line in lines:
        meant = line.product_id or (line.candidates[0]["product"] if line.candidates else None)
        if line.origin == Origin.SLIP and meant is not None and line.proposed is not None:
            on_slips[meant] = on_slips.get(meant, 0) + line.proposed * _pack(line, meant)
    if not wanted and not on_slips:
        return []
    booked = _sums((line.product_id, line.quantity) for line in lines if line.state == LineState.BOOKED)
    known = Product.objects.prefetch_related("texts").filter(pk__in={*wanted, *on_slips, *booked})
    return [
        Difference(
            product.sku,
            product.title(language),
            wanted.get(product.pk, 0),
            on_slips.get(product.pk),
            booked.get(product.pk, 0),
        )
        for product in known.order_by("sku")
    ]


def _pack(line: DeliveryLine, product: int) -> int:
    return next((int(one["pack"]) for one in line.candidates if one["product"] == product), 1)


def _sums(rows: Iterable[tuple[int | None, int | None]]) -> dict[int, int]:
    summed: Counter[int] = Counter()
    for product, quantity in rows:
        if product is not None:
            summed[product] += quantity or 0
    return dict(summed)
