"""Bought together more often than either is bought: the default."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visual_search.features.recommendations.recommenders.base import Lesson, Lists, Scores, longest

# Learned in weeks 41-44 of completejourney, which no figure is quoted of. docs/decisions/0053-recommendations-by-co-counts.md
OF_ONE = 0.2  # how much what is bought often anyway is held back, beside one item
OF_SEVERAL = 0.4  # and beside a basket, where what everybody buys would collect points from each of its items
SHRINK = 20.0  # so many baskets speak against a pair before any speaks for it


class CoCounts:
    """n / bought(i) / bought(j)^a * n / (n + SHRINK), added up over the items of a basket.

    n: baskets with both, of pairs that enough clients share. The square of n holds back pairs that are mere chance.
    """

    def fit(self, lesson: Lesson) -> None:
        item, other, together = lesson.pairs.both_ways()
        order = np.argsort(item, kind="stable")
        self._item, self._other, n = item[order], other[order], together[order].astype(np.float64)
        self._starts = np.searchsorted(self._item, np.arange(lesson.size + 1))
        bought = np.maximum(lesson.bought, 1).astype(np.float64)
        base = n / bought[self._item] * n / (n + SHRINK)
        self._of_one = (base / bought[self._other] ** OF_ONE).astype(np.float32)
        self._of_several = (base / bought[self._other] ** OF_SEVERAL).astype(np.float32)
        self._size = lesson.size

    def scores(self, items: Sequence[int]) -> Scores:
        scores = np.zeros(self._size, dtype=np.float32)
        entries = self._of_one if len(items) == 1 else self._of_several
        for item in items:
            those = slice(self._starts[item], self._starts[item + 1])
            scores[self._other[those]] += entries[those]
        return scores

    def neighbours(self, most: int) -> Lists:
        return longest(self._item, self._other, self._of_one, most, self._of_several)
