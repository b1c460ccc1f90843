"""What a listing's words, seller and price say of a brand. No Django in here."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from multilingual.normalising import fold, normalise
from multilingual.segmenting import UNSPACED

_SPACELESS = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Offer:
    """`label_text`: what was read in its picture."""

    title: str
    seller: str
    price: Decimal | None
    currency: str
    label_text: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """Why a price is far below: `limit` is the brand's floor or a share of the `median` of `count` offers (0: the floor)."""

    price: Decimal
    limit: Decimal
    median: Decimal | None
    count: int


def lines(text: str) -> list[str]:
    """Each line that says something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def word_in(words: Iterable[str], text: str) -> str:
    """The first of a brand's words that a text says, whole and in any case; "" for none.

    >>> word_in(["Acme"], "new ACME® kettle"), word_in(["Acme"], "acmeist poems")
    ('Acme', '')
    """
    said = _plain(text)
    for word in words:
        plain = _plain(word)
        if not plain:
            continue
        # In scripts without spaces a word has no edges.
        pattern = re.escape(plain) if _SPACELESS.search(plain) else rf"(?<!\w){re.escape(plain)}(?!\w)"
        if re.search(pattern, said):
            return word
    return ""


def is_allowed(seller: str, sellers: Iterable[str]) -> bool:
    """Whether this seller is among those that the brand allows."""
    return bool(seller.strip()) and _plain(seller) in {_plain(one) for one in sellers}


def far_below(
    offer: Offer, *, floor: Decimal | None, currency: str, prices: Sequence[Decimal], share: float, least: int
) -> Price | None:
    """Why the price is far below; None where it isn't, or nobody knows. `prices`: of other offers, in the same currency."""
    if offer.price is None or offer.price <= 0:
        return None
    if floor is not None and offer.currency.upper() == currency.upper() and offer.price < floor:
        return Price(offer.price, floor, None, 0)
    if len(prices) < least:
        return None
    median = Decimal(statistics.median(prices))
    limit = (median * Decimal(str(share))).quantize(Decimal("0.01"))
    return Price(offer.price, limit, median, len(prices)) if offer.price < limit else None


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[®™©]", " ", fold(normalise(text))).split())
