"""What a model promises that learns from baskets. No Django."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from visual_search.features.recommendations.baskets import Baskets
from visual_search.features.recommendations.counting import Counts, Pairs, count
from visual_search.features.recommendations.popularity import sold

Scores = npt.NDArray[np.float32]
SOLD_MOST = 5_000  # items that dense models learn: beyond, each is bought too seldom, and their square doesn't fit


@dataclass(frozen=True)
class Lesson:
    """What there is to learn from. Items are numbers into `baskets.ids`.

    `today`: days since 1970. `clients`: so many must share a pair. `vectors`: one unit vector an item, shape (ids, dims), zeros
    where it has none; None where a shop has none at all. `advanced` hears of entries of baskets that were worked through.
    """

    baskets: Baskets
    today: int
    clients: int
    vectors: npt.NDArray[np.float32] | None = None
    advanced: Callable[[int], object] = lambda done: None

    @property
    def size(self) -> int:
        return len(self.baskets.ids)

    @cached_property
    def pairs(self) -> Pairs:
        """Of items, that enough clients share. Nothing else may come into a list."""
        return count(self.baskets, self.clients, advanced=self.advanced)

    @cached_property
    def bought(self) -> Counts:
        """In how many baskets each item lay."""
        return np.bincount(self.baskets.item, minlength=self.size)

    @cached_property
    def best(self) -> Counts:
        """All items, what sold best in the last four weeks first, then what sold best ever."""
        return np.lexsort((-self.bought, -sold(self.baskets, self.today)))


@dataclass(frozen=True, slots=True)
class Lists:
    """Entry n: `other[n]` stands in the list of `item[n]` with this score. Sorted by item, then by falling score.

    `of_several`: what the entry adds where several items are asked with; None where that is the score itself.
    """

    item: Counts
    other: Counts
    score: Scores
    of_several: Scores | None = None


class Recommender(Protocol):
    """Learns once, then answers. Equal lessons give equal answers."""

    def fit(self, lesson: Lesson) -> None:
        """Learn. A second call forgets the first."""

    def scores(self, items: Sequence[int]) -> Scores:
        """How well each item goes with all of these together, shape (ids,); 0 where nothing speaks for it. Finite."""

    def neighbours(self, most: int) -> Lists:
        """For each item the best others, at most so many, of those that enough clients bought together with it."""


def ranked(model: Recommender, lesson: Lesson, items: Sequence[int], most: int) -> list[int]:
    """The best items to show beside these: by the model's scores, then by what sells. Never one of `items`."""
    scores = model.scores(items).copy()
    scores[list(items)] = 0
    width = min(most, len(scores))
    best = np.argpartition(-scores, width - 1)[:width] if width else np.empty(0, dtype=np.int64)
    best = best[scores[best] > 0]
    found = best[np.lexsort((best, -scores[best]))].tolist()
    taken = {*found, *items}
    rest = (int(item) for item in lesson.best[: most + len(taken)] if int(item) not in taken)
    return [*found, *rest][:most]


def longest(item: Counts, other: Counts, score: Scores, most: int, of_several: Scores | None = None) -> Lists:
    """These entries as lists: the best `most` of each item. Of equals the smaller number comes first."""
    order = np.lexsort((other, -score, item))
    item, other, score = item[order], other[order], score[order]
    starts = np.flatnonzero(np.diff(item, prepend=-1))
    place = np.arange(len(item)) - np.repeat(starts, np.diff(starts, append=len(item)))
    kept = (place < most) & (score > 0)
    return Lists(item[kept], other[kept], score[kept], None if of_several is None else of_several[order][kept])


def by_scores(model: Recommender, lesson: Lesson, most: int) -> Lists:
    """The lists of a model that scores all items at once: of its scores only those count whose pair enough clients share."""
    item, other, _ = lesson.pairs.both_ways()
    order = np.argsort(item, kind="stable")
    item, other = item[order], other[order]
    score = np.zeros(len(item), dtype=np.float32)
    edges = np.flatnonzero(np.diff(item, prepend=-1, append=-1))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        score[first:last] = model.scores([int(item[first])])[other[first:last]]
    return longest(item, other, score, most)


def best_sold(lesson: Lesson) -> tuple[Counts, Counts]:
    """Numbers of the items that dense models learn, and by item its place among them, -1 for the others."""
    chosen = np.sort(np.argsort(-lesson.bought, kind="stable")[:SOLD_MOST])
    chosen = chosen[lesson.bought[chosen] > 0]
    place = np.full(lesson.size, -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    return chosen, place
