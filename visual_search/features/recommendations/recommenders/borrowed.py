"""What is new, or seldom bought, borrows what is bought with the items that are most like it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from visual_search.features.recommendations.counting import Counts
from visual_search.features.recommendations.popularity import sold
from visual_search.features.recommendations.recommenders.base import Lesson, Lists, Scores, longest
from visual_search.features.recommendations.recommenders.co_counts import CoCounts

LENDERS = 5
ALIKE = 0.3  # the least cosine: what is less like a thing lends it nothing
AT_ONCE = 512  # items that are compared with all lenders together


def lenders(
    vectors: npt.NDArray[np.float32], borrowing: Counts, lending: Counts, most: int = LENDERS
) -> tuple[Counts, npt.NDArray[np.float32]]:
    """For each of `borrowing` the `lending` ones that are most like it, and their cosines: two arrays (borrowing, most).

    A cosine below ALIKE is 0, and so are those of what has no vector.
    """
    width = min(most, len(lending))
    found, cosines = np.zeros((len(borrowing), width), dtype=np.int64), np.zeros((len(borrowing), width), np.float32)
    for first in range(0, len(borrowing) if width else 0, AT_ONCE):
        some = slice(first, first + AT_ONCE)
        near = vectors[borrowing[some]] @ vectors[lending].T
        best = np.argpartition(-near, width - 1, axis=1)[:, :width]
        cosine = np.take_along_axis(near, best, axis=1)
        found[some], cosines[some] = lending[best], np.where(cosine >= ALIKE, cosine, 0)
    return found, cosines


def selling(lesson: Lesson) -> npt.NDArray[np.float32]:
    """How well each item sells lately, as a share of the best seller's: shape (ids,)."""
    counts = sold(lesson.baskets, lesson.today)
    shares: npt.NDArray[np.float32] = (counts / max(int(counts.max(initial=0)), 1)).astype(np.float32)
    return shares


def borrow(
    vectors: npt.NDArray[np.float32], borrowing: Counts, lists: Lists, most: int, sells: npt.NDArray[np.float32]
) -> Lists:
    """Lists for these items, out of the lists of what is most like them, which are shown anyway. `sells`: as `selling` says."""
    lending = np.unique(lists.item)
    found, cosines = lenders(vectors, borrowing, lending)
    first, last = np.searchsorted(lists.item, found), np.searchsorted(lists.item, found, side="right")
    lengths = (last - first).ravel()
    entry = np.repeat(first.ravel() - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(
        lengths.sum()
    )
    item = np.repeat(np.repeat(borrowing, found.shape[1]), lengths)
    other, score = lists.other[entry], lists.score[entry] * np.repeat(cosines.ravel(), lengths)
    size = len(vectors)
    keys, place = np.unique(item * size + other, return_inverse=True)
    total = np.bincount(place, weights=score, minlength=len(keys)).astype(np.float32)
    kept = (keys % size != keys // size) & (total > 0)
    item, other, total = keys[kept] // size, keys[kept] % size, total[kept]
    best = np.zeros(size, dtype=np.float32)
    np.maximum.at(best, item, total)
    return longest(item, other, total / best[item] + sells[other], most)


class Borrowed:
    """Co-counts, and for an item that has none those of its lenders."""

    def fit(self, lesson: Lesson) -> None:
        self._counts = CoCounts()
        self._counts.fit(lesson)
        self._vectors = lesson.vectors
        item, _, _ = lesson.pairs.both_ways()
        self._lending = np.unique(item)
        self._lends = set(self._lending.tolist())
        self._size = lesson.size
        self._sold = selling(lesson)

    def scores(self, items: Sequence[int]) -> Scores:
        scores = self._counts.scores(items)
        # Beside a thing that has a list of its own a borrowed one is only noise.
        if self._vectors is None or any(item in self._lends for item in items):
            return scores
        strangers = np.array(items, dtype=np.int64)
        for those, cosines in zip(*lenders(self._vectors, strangers, self._lending), strict=True):
            for lender, cosine in zip(those.tolist(), cosines.tolist(), strict=True):
                scores += cosine * self._counts.scores([lender])
        most = scores.max(initial=0)
        # What is borrowed is less sure than what was counted, so what sells well anyway counts as much.
        return scores / most + self._sold if most > 0 else scores

    def neighbours(self, most: int) -> Lists:
        lists = self._counts.neighbours(most)
        if self._vectors is None:
            return lists
        strangers = np.setdiff1d(np.arange(self._size), self._lending)
        more = borrow(self._vectors, strangers, lists, most, self._sold)
        return longest(
            np.concatenate([lists.item, more.item]),
            np.concatenate([lists.other, more.other]),
            np.concatenate([lists.score, more.score]),
            most,
        )
