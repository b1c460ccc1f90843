"""Rankings as a shop would write them, and ones that go wrong."""

from __future__ import annotations

from visual_search.hooks import Moment, Reordered
from visual_search.types import Grade, Hit, Query


class ById:
    """Close hits by their id."""

    name = "by_id"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        close = [hit for hit in hits if hit.grade is not Grade.DISTANT]
        return Reordered((*sorted(close, key=lambda hit: hit.id), *hits[len(close) :]))


class Greedy:
    """Keeps a hit for itself."""

    name = "greedy"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        return Reordered(hits[1:])


class Failing:
    """Never answers."""

    name = "failing"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        raise RuntimeError("told to fail")
