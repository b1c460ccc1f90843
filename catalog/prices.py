"""Prices as people read them, and sums of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale


def price_text(price: Decimal, currency: str) -> str:
    """As the shopper's language writes amounts (Unicode CLDR): '€1,250.00', '1.250,00 €', '¥1,250'.

    `currency`: three letters of ISO 4217; CLDR writes one that it doesn't know as these letters. An amount with more decimals
    than its currency has shows them all.
    """
    has_more = -int(price.normalize().as_tuple().exponent) > get_currency_precision(currency)
    return format_currency(
        price, currency, locale=_locale(), currency_digits=not has_more, decimal_quantization=not has_more
    )


def _locale() -> Locale:
    language = get_language()
    return Locale.parse(to_locale(language) if language else "en")


def sums(amounts: Iterable[tuple[Decimal, str]]) -> dict[str, Decimal]:
    """Currency -> the sum of the amounts in it, by currency: a shop with two of them has two sums."""
    found: dict[str, Decimal] = {}
    for amount, currency in amounts:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return dict(sorted(found.items()))


def sum_text(amounts: Iterable[tuple[Decimal, str]]) -> str:
    """'€12.90', or '€12.90 + $3.00'."""
    return " + ".join(price_text(amount, currency) for currency, amount in sums(amounts).items())
