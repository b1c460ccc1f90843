"""A basket becomes an order: whole or not at all, and never of more than the shop has."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from catalog.models import Product
from catalog.orders.basket import Line
from catalog.orders.models import Order, OrderLine
from catalog.receiving import ledger

TOKEN_BYTES = 24


class NotToBeHad(Exception):
    """Some lines can't be ordered as they were shown: fewer are left, another price, or not for sale any more."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__(", ".join(line.product.sku for line in lines))
        self.lines = lines


def new_token() -> str:
    """What an order's address is made of. One token makes one order, however often its form is sent."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def place(token: str, lines: Sequence[Line], *, name: str, email: str) -> Order:
    """Write the order and lower the stock, in one transaction. Raises NotToBeHad, and then nothing has changed."""
    if order := Order.objects.filter(token=token).first():
        return order
    try:
        return _place(token, lines, name, email)
    except IntegrityError:
        # The same form came twice at the same moment, and the other one was first.
        if order := Order.objects.filter(token=token).first():
            return order
        raise


def _place(token: str, lines: Sequence[Line], name: str, email: str) -> Order:
    with transaction.atomic():
        order = Order.objects.create(token=token, name=name, email=email)
        # In the same order everywhere, so that two orders of the same products wait for each other and never deadlock.
        missing = [line for line in sorted(lines, key=lambda line: line.product.pk) if not _take(line, order)]
        if missing:
            raise NotToBeHad(missing)
        OrderLine.objects.bulk_create(
            OrderLine(
                order=order,
                product=line.product,
                sku=line.product.sku,
                title=line.title,
                price=line.price,
                currency=line.product.currency,
                quantity=line.quantity,
            )
            for line in lines
        )
    return order


def _take(line: Line, order: Order) -> bool:
    """Book these out of the stock, if they are there and cost what was shown. The row is locked, so no two get the last one."""
    product = line.product
    there = Product.objects.for_sale().filter(
        pk=product.pk, stock__gte=line.quantity, price=product.price, currency=product.currency
    )
    if there.select_for_update().values_list("pk").first() is None:
        return False
    ledger.sell(product, line.quantity, f"order {order}")
    return True
