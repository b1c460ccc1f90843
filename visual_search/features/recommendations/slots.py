"""What may be asked for and what is answered: slots of a page, each with a kind, and the products that are offered in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from visual_search.types import Card, Filter, TasteEvent

MOST_SLOTS = 5  # of one page; more are advertising
MOST_ITEMS = 24  # of one slot
MOST_PRODUCTS = 50  # that a slot may start from: as many as a basket holds
LIMIT = 8  # where nobody says how many: two rows on a phone's shelf that is swiped
LEAST = 3  # A slot with fewer is hidden: it would look like a mistake.


class SlotKind(StrEnum):
    """What a slot offers."""

    TOGETHER = "together"  # what is bought with these products
    GOES_WITH = "goes_with"  # what completes the room or the look
    SIMILAR = "similar"  # alternatives: of similar look, similar in words
    SERIES = "series"  # of the same series
    FOR_YOU = "for_you"  # by what the shopper's device remembers
    TRENDING = "trending"  # what sells now, in a category or in the shop
    RECENT = "recent"  # what the shopper looked at, by their device


class Source(StrEnum):
    """Where a slot takes a product from, in the order in which most kinds ask."""

    PINNED = "pinned"  # linked by the owner, before everything else
    CURATED = "curated"  # linked by the owner
    ORDERS = "orders"  # several shoppers bought both
    BORROWED = "borrowed"  # several shoppers bought it with things that are like this one
    SERIES = "series"  # of the same series
    CATEGORY = "category"  # near by look and words, in a category that goes with this one's
    CONTENT = "content"  # similar by look and words
    BESIDE = "beside"  # the nearest of the same category, though not close
    POPULAR = "popular"  # sells best
    VIEWED = "viewed"  # the shopper looked at it, says their device

    @property
    def is_by_hand(self) -> bool:
        """Whether the owner of the shop said so."""
        return self in (Source.PINNED, Source.CURATED)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot that is asked for. `products`: what it starts from, the most important first; `filters`: what must hold.

    `strict`: it is rather hidden than filled with what its heading doesn't say.
    """

    name: str
    kind: SlotKind
    products: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    limit: int = LIMIT
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """All slots of a page. `without`: ids that the page shows anyway, such as those in the basket.

    `taste` is what the shopper's device remembers. It lives for this answer alone: nothing may store or log it.
    """

    collection: str
    slots: tuple[Slot, ...]
    language: str | None = None
    without: tuple[str, ...] = ()
    taste: tuple[TasteEvent, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that a slot may offer, because of `seed`: one of those that the slot starts from, or "".

    `category`: of which it is told, where the reason speaks of one.
    """

    id: str
    source: Source
    seed: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One product that is offered. `reason`: why, in words of the page's language, without numbers."""

    card: Card
    rank: int  # from 1
    source: Source
    reason: str
    category: str = ""  # that the reason tells of


@dataclass(frozen=True, slots=True)
class Shelf:
    """A slot with what is offered in it; without items where there are too few to be shown.

    `fallback`: the last source that had to be asked beyond the kind's own; None where those were enough. `built_at`: when the
    lists were made that it is taken from; None where it is taken from none.
    """

    slot: Slot
    items: tuple[Item, ...] = ()
    fallback: Source | None = None
    built_at: datetime | None = None
    collection: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """All slots of a page in the order in which they were asked for; no product stands in two of them."""

    query_id: str
    collection: str
    shelves: tuple[Shelf, ...]
    took_ms: float
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def filled(self) -> tuple[Shelf, ...]:
        """The slots that a page shows."""
        return tuple(shelf for shelf in self.shelves if shelf.items)
