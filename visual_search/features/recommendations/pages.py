"""Which slots the pages of a shop have, and what stands above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from visual_search.features.recommendations.reasons import category_labels
from visual_search.features.recommendations.slots import Shelf, Slot, SlotKind, Source

MOST_SHELVES = 3  # of one page: the slots that come first and have something to show

_ALTERNATIVES = 12  # two rows of six on a wide page
PAGES: Mapping[str, tuple[Slot, ...]] = {
    "product": (
        Slot("together", SlotKind.TOGETHER, strict=True),
        Slot("goes_with", SlotKind.GOES_WITH),
        Slot("similar", SlotKind.SIMILAR, limit=_ALTERNATIVES),
        Slot("series", SlotKind.SERIES),
    ),
    "basket": (Slot("together", SlotKind.TOGETHER, strict=True), Slot("goes_with", SlotKind.GOES_WITH)),
    "photo": (Slot("goes_with", SlotKind.GOES_WITH),),
    "nothing": (Slot("trending", SlotKind.TRENDING),),
    "home": (),
}
STARTS_FROM = {"photo": 3}  # of the products that the page shows; all of them where nothing is said
# What the shopper's own device has to say for: the browser asks for it, and only where it remembers something.
OF_THE_DEVICE: Mapping[str, tuple[Slot, ...]] = {
    "product": (Slot("recent", SlotKind.RECENT),),
    "basket": (Slot("recent", SlotKind.RECENT),),
    "photo": (),
    "nothing": (Slot("for_you", SlotKind.FOR_YOU), Slot("recent", SlotKind.RECENT)),
    "home": (Slot("for_you", SlotKind.FOR_YOU), Slot("recent", SlotKind.RECENT)),
}


def slots_of(page: str, products: Sequence[str]) -> tuple[Slot, ...]:
    """The slots of this page, which start from these products."""
    first = tuple(products[: STARTS_FROM.get(page)])
    return tuple(replace(slot, products=first) for slot in PAGES[page])


def heading(shelf: Shelf) -> str:
    """What stands above a shelf. It promises no more than the products under it keep."""
    kind, first = shelf.slot.kind, shelf.items[0].source
    if first is Source.POPULAR:
        return _popular(shelf)
    match kind:
        case SlotKind.TOGETHER:
            by_orders = any(item.source in (Source.ORDERS, Source.BORROWED) for item in shelf.items)
            return _("Often bought together") if by_orders else _goes_with(shelf)
        case SlotKind.GOES_WITH:
            return _goes_with(shelf)
        case SlotKind.SERIES:
            return _("Same series")
        case SlotKind.FOR_YOU:
            return _("For you")
        case SlotKind.RECENT:
            return _("Recently viewed")
    return _("More like it in the shop") if first is Source.BESIDE else _("Similar products")


def _goes_with(shelf: Shelf) -> str:
    return _("Goes with these") if len(shelf.slot.products) > 1 else _("Goes with it")


def _popular(shelf: Shelf) -> str:
    """Of one category where all are of one; else of the shop."""
    told = {item.category for item in shelf.items}
    if len(told) != 1 or "" in told:
        return _("Popular now")
    label = next(iter(category_labels(shelf.collection, told).values()))
    return _("Popular in %(category)s") % {"category": label}
