"""Prices as people read them, and sums of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale


def price_text(price: Decimal, currency: str) -> str:
    """As the shopper's language writes amounts (Unicode CLDR): '€1,250.00', '1.250,00 €', '¥1,250'.

    `currency`: three letters of ISO 4217; CLDR writes one that it doesn't know as these letters. An amount with more decimals
    than its currency has shows them all.
    """
    return _written(str(price), currency, get_language() or "en")


# Writing a price takes a tenth of a tile's time, and the same prices are shown again and again. Equal numbers may be written with
# more zeros or fewer, so the text is the key.
@lru_cache(maxsize=10_000)
def _written(price: str, currency: str, language: str) -> str:
    amount = Decimal(price)
    has_more = -int(amount.normalize().as_tuple().exponent) > get_currency_precision(currency)
    return format_currency(
        amount,
        currency,
        locale=Locale.parse(to_locale(language)),
        currency_digits=not has_more,
        decimal_quantization=not has_more,
    )


def sums(amounts: Iterable[tuple[Decimal, str]]) -> dict[str, Decimal]:
    """Currency -> the sum of the amounts in it, by currency: a shop with two of them has two sums."""
    found: dict[str, Decimal] = {}
    for amount, currency in amounts:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return dict(sorted(found.items()))


def sum_text(amounts: Iterable[tuple[Decimal, str]]) -> str:
    """'€12.90', or '€12.90 + $3.00'."""
    return " + ".join(price_text(amount, currency) for currency, amount in sums(amounts).items())
