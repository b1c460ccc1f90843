"""How answers are rounded and ordered, so that a shop that moves to another engine finds the same."""

from __future__ import annotations

from collections.abc import Iterable

from visual_search.types import FacetAnswer, FacetCount

# Sums and products of floats differ in their last bits from engine to engine; rounded, equals are seen as equals.
COSINE_DIGITS = 6
TEXT_DIGITS = 5  # of words and pieces of words
LEAST_TEXT_SCORE = 10.0**-TEXT_DIGITS  # What matches has a positive score, however little it weighs.


def facet_counts(field: str, counts: Iterable[FacetCount]) -> FacetAnswer:
    """The counts of one facet, most first, ties by value."""
    return FacetAnswer(field, tuple(sorted(counts, key=lambda item: (-item.count, item.value))))
