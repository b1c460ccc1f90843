"""Prices as people read them, and sums of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.formats import number_format

# Currencies that have no smaller unit in use (ISO 4217, exponent 0).
WITHOUT_CENTS = frozenset(
    {
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    }
)


def price_text(price: Decimal, currency: str) -> str:
    """As the shopper's language writes numbers: '1,250.00 EUR', '1.250,00 EUR', '1,250 JPY'."""
    decimals = 0 if currency in WITHOUT_CENTS and price == int(price) else 2
    return f"{number_format(price, decimals, force_grouping=True)} {currency}".strip()


def sums(amounts: Iterable[tuple[Decimal, str]]) -> dict[str, Decimal]:
    """Currency -> the sum of the amounts in it, by currency: a shop with two of them has two sums."""
    found: dict[str, Decimal] = {}
    for amount, currency in amounts:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return dict(sorted(found.items()))


def sum_text(amounts: Iterable[tuple[Decimal, str]]) -> str:
    """'12.90 EUR', or '12.90 EUR + 3.00 USD'."""
    return " + ".join(price_text(amount, currency) for currency, amount in sums(amounts).items())
