"""Says which picture of each shown hit is the one that was found.

Naming a hit's picture costs Elasticsearch more than finding the hit, so legs don't ask for it: only the hits of the page that is
shown are asked for once more, a page at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from visual_search.engines.base import Engine
from visual_search.errors import VisualSearchError
from visual_search.querying.kinds import PICTURE_KINDS
from visual_search.types import EngineQuery, Hit, Leg, LegAnswer, LegKind, VectorLeg, kind_of

logger = logging.getLogger(__name__)

UNNAMED = "matched_pictures"  # what answers are degraded by whose tiles show main pictures instead


@dataclass(frozen=True, slots=True)
class ByPictures:
    """The legs that compared with pictures, and for each object the first kind of them (`PICTURE_KINDS`) that found it."""

    legs: tuple[VectorLeg, ...] = ()
    kinds: Mapping[str, LegKind] = field(default_factory=dict)


def by_pictures(asked: Iterable[Leg], answers: Sequence[LegAnswer]) -> ByPictures:
    legs = tuple(leg for leg in asked if isinstance(leg, VectorLeg) and kind_of(leg.name) in PICTURE_KINDS)
    kinds: dict[str, LegKind] = {}
    for kind in PICTURE_KINDS:
        for answer in answers:
            if kind_of(answer.name) is kind:
                kinds = {hit.id: kind for hit in answer.hits} | kinds
    return ByPictures(legs, kinds)


def named(
    collection: str, hits: Sequence[Hit], found: ByPictures, engine: Engine
) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
    """The hits with the id of the picture that was found nearest, where pictures found them; and what failed."""
    lacking = [hit.id for hit in hits if not hit.picture and hit.id in found.kinds]
    if not lacking:
        return tuple(hits), ()
    kinds = {found.kinds[id] for id in lacking}
    legs = [replace(leg, k=len(lacking), named=None) for leg in found.legs if kind_of(leg.name) in kinds]
    try:
        answer = engine.search(collection, EngineQuery(tuple(legs), only=tuple(lacking)))
    except VisualSearchError as error:
        logger.warning("The pictures of %s hits can't be named: %s", len(lacking), error)
        return tuple(hits), (UNNAMED,)
    # A photo has a leg for each thing in it, so the nearest one names the picture.
    best: dict[str, tuple[float, str]] = {}
    for leg in answer.legs:
        for hit in leg.hits:
            if found.kinds.get(hit.id) is kind_of(leg.name):
                best[hit.id] = max(best.get(hit.id, (-2.0, "")), (hit.score, hit.key))
    return tuple(replace(hit, picture=best[hit.id][1]) if hit.id in best else hit for hit in hits), ()
