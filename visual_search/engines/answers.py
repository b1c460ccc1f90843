"""How answers are rounded and ordered, so that a shop that moves to another engine finds the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from visual_search.types import FacetAnswer, FacetCount, IdsLeg, LegAnswer, LegHit

# Sums and products of floats differ in their last bits from engine to engine; rounded, equals are seen as equals.
COSINE_DIGITS = 6
TEXT_DIGITS = 5  # of words and pieces of words
LEAST_TEXT_SCORE = 10.0**-TEXT_DIGITS  # What matches has a positive score, however little it weighs.


def ids_answer(leg: IdsLeg, passing: Collection[str]) -> LegAnswer:
    """The answer of a leg of which these ids are in the index and pass the filters."""
    ordered = [id for id in dict.fromkeys(leg.ids) if id in passing]
    return LegAnswer(leg.name, tuple(LegHit(id, 1.0) for id in ordered[: leg.k]), len(ordered))


def facet_counts(field: str, counts: Iterable[FacetCount]) -> FacetAnswer:
    """The counts of one facet, most first, ties by value."""
    return FacetAnswer(field, tuple(sorted(counts, key=lambda item: (-item.count, item.value))))
