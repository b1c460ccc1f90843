"""Lets the shop's curators have their say about one question: what they may add, and what they make of its hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from visual_search import wiring
from visual_search.conf import conf
from visual_search.engines.base import Engine
from visual_search.hooks import Curated, Guarded
from visual_search.querying import families
from visual_search.types import CollectionSchema, Hit, Query


@dataclass(slots=True)
class Curating:
    """What the curators named for this question is kept until its hits are there."""

    dropped: set[str] = field(default_factory=set)  # ids that curators took out
    _offers: Guarded[Mapping[str, tuple[str, ...]]] = field(default_factory=lambda: Guarded({}))

    def offers(self, query: Query) -> Sequence[str]:
        """The ids that curators may add to this question, whose photos were looked at."""
        self._offers = wiring.curators().offers(query, limit_ms=conf.CURATE_LIMIT_MS)
        return tuple(dict.fromkeys(chain.from_iterable(self._offers.value.values())))

    def curated(
        self, query: Query, hits: tuple[Hit, ...], offered: Sequence[Hit], engine: Engine, schema: CollectionSchema
    ) -> tuple[Guarded[Curated], tuple[Hit, ...], tuple[str, ...]]:
        """What the curators said, the hits as pages show them, and what failed. `hits` are folded; `offered` was found."""
        curated = wiring.curators().apply(
            query, hits, {hit.id: hit for hit in offered}, offers=self._offers, limit_ms=conf.CURATE_LIMIT_MS
        )
        if curated.value.hits == hits:
            return curated, hits, ()
        self.dropped |= _ids(hits) - _ids(curated.value.hits)
        # What a curator added may be another colour of a hit.
        return curated, *families.as_shown(query, curated.value.hits, engine, schema, in_order=True)


def _ids(hits: Sequence[Hit]) -> set[str]:
    return {id for hit in hits for id in (hit.id, *hit.folded)}
