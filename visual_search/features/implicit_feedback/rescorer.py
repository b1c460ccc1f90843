"""The journey of an order by behaviour: what is chosen more often than usual comes a few places earlier, what less, later.

It is the same for everybody: who asks plays no part. What fits the question comes from the search; this only decides between hits
that fit about as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from visual_search.features.implicit_feedback import current
from visual_search.hooks import Moment, Reordered
from visual_search.ranking.rescoring import capped_order
from visual_search.types import Grade, Hit, Query

MOST = 1.25  # how many times its score a hit may have; at least it has the inverse
PROMOTE_AT_MOST = 10  # places; a shopper must still find what fits best


class FeedbackRescorer:
    """`most`: how many times its score a hit may get, above 1. `promote_at_most`: by how many places it may rise."""

    name = "feedback"

    def __init__(self, *, most: float = MOST, promote_at_most: int = PROMOTE_AT_MOST) -> None:
        if not 1 < most <= 2:
            raise ValueError(f"most is {most!r}; it must be above 1 and at most 2.")
        if promote_at_most < 1:
            raise ValueError(f"promote_at_most is {promote_at_most!r}; it must be 1 or more.")
        self._most, self._promote_at_most = most, promote_at_most

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        """The hits as they came where the shopper sorts or asks for nothing, and while too little is known."""
        asked = query.words.strip() or query.pictures or query.like
        if not hits or not asked or query.sort not in ("", "relevance"):
            return Reordered(hits)
        whole = current.enough(query.collection)
        if whole is None:
            return Reordered(hits)
        factors = current.of(query.collection, [hit.id for hit in hits], whole, most=self._most)
        moment.check()
        # No hit passes one of another grade. What the question names stays where it is, and so does what is nothing close.
        runs = groupby(hits, key=lambda hit: (_stays(hit), hit.grade))
        moved = tuple(
            hit
            for (stays, _), run in runs
            for hit in (run if stays else reordered(tuple(run), factors, self._promote_at_most, explain=query.explain))
        )
        return Reordered(moved, "weighed") if moved != hits else Reordered(hits)


def reordered(
    run: Sequence[Hit], factors: Mapping[str, float], promote_at_most: int = PROMOTE_AT_MOST, *, explain: bool = False
) -> list[Hit]:
    """These hits by their scores times their factors; none rises by more places than that."""
    order = capped_order(np.array([hit.score * factors[hit.id] for hit in run]), promote_at_most)
    # A place keeps its score, so that scores still fall from hit to hit for what comes later, such as the personal order.
    return [_scored(run[place], run[n].score, explain=explain) for n, place in enumerate(order)]


def _stays(hit: Hit) -> bool:
    return hit.is_named or hit.grade in (Grade.SAME, Grade.DISTANT)


def _scored(hit: Hit, score: float, *, explain: bool) -> Hit:
    if score == hit.score:
        return hit
    legs = {**hit.legs, "feedback": round(score - hit.score, 6)} if explain else hit.legs
    return replace(hit, score=score, legs=legs)
