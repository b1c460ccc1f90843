"""The basket: how many of which product. It lies in the shopper's session, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.sessions.backends.base import SessionBase

from catalog.models import Product
from catalog.prices import price_text, sum_text

KEY = "catalog_basket"
MOST_LINES = 50  # more would make sessions large
MOST_OF_ONE = 999


@dataclass(frozen=True, slots=True)
class Line:
    product: Product
    title: str
    quantity: int

    @property
    def price(self) -> Decimal:
        return self.product.price or Decimal(0)  # What is for sale has one.

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity

    @property
    def amount_text(self) -> str:
        return price_text(self.amount, self.product.currency)

    @property
    def is_short(self) -> bool:
        return self.product.stock < self.quantity


class Basket:
    """Reads and writes the session."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session
        kept = session.get(KEY)
        self._wanted: dict[str, int] = dict(kept) if isinstance(kept, dict) else {}

    @property
    def count(self) -> int:
        """How many things lie in it."""
        return sum(self._wanted.values())

    def of(self, product: Product) -> int:
        return self._wanted.get(str(product.pk), 0)

    def put(self, product: Product, quantity: int) -> int:
        """Have so many of it, as far as the stock allows; gives how many. 0 takes it out."""
        quantity = max(0, min(quantity, product.stock, MOST_OF_ONE))
        is_new = str(product.pk) not in self._wanted
        if not quantity:
            self._wanted.pop(str(product.pk), None)
        elif not is_new or len(self._wanted) < MOST_LINES:
            self._wanted[str(product.pk)] = quantity
        else:
            return 0
        self._session[KEY] = self._wanted
        return quantity

    def clear(self) -> None:
        self._wanted = {}
        self._session.pop(KEY, None)

    def lines(self, language: str | None) -> list[Line]:
        """In the order in which they were put in. What isn't for sale any more is taken out. Two queries."""
        for_sale = Product.objects.for_sale().prefetch_related("texts")
        found = {str(product.pk): product for product in for_sale.filter(pk__in=self._wanted)}
        if len(found) < len(self._wanted):
            self._wanted = {pk: quantity for pk, quantity in self._wanted.items() if pk in found}
            self._session[KEY] = self._wanted
        return [Line(found[pk], found[pk].title(language), quantity) for pk, quantity in self._wanted.items()]


def total_text(lines: Iterable[Line]) -> str:
    return sum_text((line.amount, line.product.currency) for line in lines)
