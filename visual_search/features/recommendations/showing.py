"""Shelves as pages show them. A shelf that can't be filled is left out, and a page never fails for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from visual_search.errors import VisualSearchError
from visual_search.features.recommendations import pages
from visual_search.features.recommendations.offering import offer
from visual_search.features.recommendations.slots import Asked, Shelf, Slot, SlotKind
from visual_search.storefront.showing import place
from visual_search.types import TasteEvent

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A shelf and what stands above it. `via`: the way that "more like this" goes on from here, as its links carry it."""

    heading: str
    shelf: Shelf

    @property
    def like(self) -> str:
        """The one product that all of it is like; "" where it isn't like one."""
        slot = self.shelf.slot
        return slot.products[0] if slot.kind is SlotKind.SIMILAR and len(slot.products) == 1 else ""

    @property
    def via(self) -> str:
        return urlencode({"via": self.like}) if self.like else ""


def shelves(
    collection: str,
    slots: Sequence[Slot],
    *,
    without: tuple[str, ...] = (),
    taste: tuple[TasteEvent, ...] = (),
    most: int | None = None,
) -> list[Shelf]:
    """The filled ones of these slots, the first `most` of them; none where search has a break."""
    try:
        found = offer(Asked(collection, tuple(slots), without=without, taste=taste))
    except VisualSearchError as problem:
        logger.warning("A page has no recommendations: %s", problem)
        return []
    return list(found.filled[:most])


def context(found: Sequence[Shelf], collection: str) -> dict[str, Any]:
    """What the template reads. Shelves under one heading are one: without orders two kinds have what "goes with it"."""
    shown: dict[str, Shelf] = {}
    for shelf in found:
        heading = pages.heading(shelf)
        if (first := shown.setdefault(heading, shelf)) is not shelf:
            most = max(first.slot.limit, shelf.slot.limit)
            shown[heading] = replace(first, items=(*first.items, *shelf.items)[:most])
    return {"shelves": [Shown(heading, shelf) for heading, shelf in shown.items()], **place(collection)}
