"""Matrix factorisation of baskets and items, two ways to learn it. Of it the items' factors are kept, compared by cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from visual_search.features.recommendations.counting import Counts
from visual_search.features.recommendations.recommenders.base import Lesson, Lists, Scores, best_sold, by_scores
from visual_search.types import unit

DIMS = 64
ROUNDS = 6  # of ALS; further ones change little
WEIGHT = 10.0  # how much more a purchase counts than its absence (Hu, Koren and Volinsky, ICDM 2008)
PENALTY = 10.0
EPOCHS = 8  # of BPR
RATE = 0.05
DECAY = 0.002
AT_ONCE = 4096

Factors = npt.NDArray[np.float32]


class _Factors:
    """What both ways share: which baskets and items there are, and how items are compared."""

    def fit(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._chosen, place = best_sold(lesson)
        known = place[lesson.baskets.item] >= 0
        # Baskets with a single item say nothing of what goes together.
        basket, item = lesson.baskets.basket[known].astype(np.int64), place[lesson.baskets.item[known]]
        several = np.bincount(basket, minlength=1)[basket] > 1
        baskets, basket = np.unique(basket[several], return_inverse=True)
        factors = self._learned(basket, item[several], len(baskets), len(self._chosen))
        self._factors = np.zeros((lesson.size, DIMS), dtype=np.float32)
        self._factors[self._chosen] = unit(factors)

    def _learned(self, basket: Counts, item: Counts, baskets: int, items: int) -> Factors:
        """The items' factors, shape (items, DIMS)."""
        raise NotImplementedError

    def scores(self, items: Sequence[int]) -> Scores:
        wanted = self._factors[list(items)].sum(axis=0)
        scores: Scores = np.maximum(self._factors @ wanted, 0)
        return scores

    def neighbours(self, most: int) -> Lists:
        return by_scores(self, self._lesson, most)


class Als(_Factors):
    """Alternating least squares with weights for what was bought (Hu, Koren and Volinsky, ICDM 2008)."""

    def _learned(self, basket: Counts, item: Counts, baskets: int, items: int) -> Factors:
        rng = np.random.default_rng(0)
        of_items = rng.normal(scale=0.1, size=(items, DIMS)).astype(np.float32)
        of_baskets = np.zeros((baskets, DIMS), dtype=np.float32)
        for _ in range(ROUNDS):
            _solve(of_baskets, of_items, basket, item)
            _solve(of_items, of_baskets, item, basket)
        return of_items


def _solve(rows: Factors, others: Factors, row: Counts, other: Counts) -> None:
    """The best factors of each row, the others held still. Rows of the same length are solved together."""
    order = np.argsort(row, kind="stable")
    row, other = row[order], other[order]
    lengths = np.bincount(row, minlength=len(rows))
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    base = others.T @ others + PENALTY * np.eye(DIMS, dtype=np.float32)
    for length in np.unique(lengths[lengths > 0]).tolist():
        those = np.flatnonzero(lengths == length)
        step = max(1, AT_ONCE // length)
        for first in range(0, len(those), step):
            some = those[first : first + step]
            near = others[other[starts[some][:, None] + np.arange(length)]]
            left = base + WEIGHT * (near.transpose(0, 2, 1) @ near)
            rows[some] = np.linalg.solve(left, (1 + WEIGHT) * near.sum(axis=1)[:, :, None])[:, :, 0]


class Bpr(_Factors):
    """Bayesian personalised ranking: what lies in a basket before what doesn't (Rendle et al., UAI 2009)."""

    def _learned(self, basket: Counts, item: Counts, baskets: int, items: int) -> Factors:
        rng = np.random.default_rng(0)
        of_items = rng.normal(scale=0.1, size=(items, DIMS)).astype(np.float32)
        of_baskets = rng.normal(scale=0.1, size=(baskets, DIMS)).astype(np.float32)
        for _ in range(EPOCHS):
            order = rng.permutation(len(item))
            for first in range(0, len(order), AT_ONCE):
                some = order[first : first + AT_ONCE]
                user, good = basket[some], item[some]
                bad = rng.integers(0, items, len(some))
                wish, better, worse = of_baskets[user], of_items[good], of_items[bad]
                slope = RATE / (1 + np.exp(np.einsum("nd,nd->n", wish, better - worse)))[:, None]
                np.add.at(of_baskets, user, slope * (better - worse) - RATE * DECAY * wish)
                np.add.at(of_items, good, slope * wish - RATE * DECAY * better)
                np.add.at(of_items, bad, -slope * wish - RATE * DECAY * worse)
        return of_items
