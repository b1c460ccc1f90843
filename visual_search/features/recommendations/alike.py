"""What stands in a thing's place: the nearest by look and words, as "more like this" ranks them. Arrays alone: no Django.

The index is asked of one thing at a time, which takes tens of milliseconds. Here many things are compared at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from visual_search.features.recommendations.baskets import Numbers
from visual_search.features.recommendations.counting import Counts
from visual_search.features.recommendations.recommenders.base import Lists, Scores, longest

ENTIRE = 6_000  # things of which each is compared with all others; of more only with those of the nearest cells
CELL = 300  # things of a cell: they are near to each other, and compared with the same others
CANDIDATES = 4_000  # at least so many things are compared with those of a cell
AT_ONCE = 512  # things: a block of what is compared with 4,000 others takes 8 MB
TURNS = 5  # of moving the cells' middles (Lloyd, "Least squares quantization in PCM", 1982)
SAMPLE = 20  # things for each cell, by which its middle is found
OF_FAMILY = 2  # sizes and colours of one thing in a list: one is shown, and the other stands in where it is sold out
LEAST = 1e-6  # a score of what is close, though its mean says nothing for it

Vectors = npt.NDArray[np.float16]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Vectors, shape (rows, dims), and whose each is: numbers of things, rising. A thing may have several."""

    vectors: Vectors
    owner: Counts
    things: int

    @cached_property
    def starts(self) -> Counts:
        """The rows of thing n are `starts[n]` to `starts[n + 1]`."""
        return np.searchsorted(self.owner, np.arange(self.things + 1))

    @cached_property
    def lengths(self) -> Scores:
        """Of the vectors as they are kept: half precision makes them a little longer or shorter."""
        whole = [
            np.linalg.norm(self.vectors[some].astype(np.float32), axis=1)
            for some in _blocks(np.arange(len(self.owner)))
        ]
        return np.maximum(np.concatenate([np.empty(0, np.float32), *whole]), LEAST)

    def cosines(self, these: Counts, those: Counts) -> Scores:
        """Of two choices of rows, shape (these, those)."""
        products = self.vectors[these].astype(np.float32) @ self.vectors[those].astype(np.float32).T
        products /= self.lengths[these][:, None]
        products /= self.lengths[those]
        return products

    def of(self, things: Counts, most: int | None = None) -> tuple[Counts, Counts]:
        """The rows of these things, `most` of each at most, and where each thing's begin among them."""
        first, last = self.starts[things], self.starts[things + 1]
        counts = last - first if most is None else np.minimum(last - first, most)
        begin = np.cumsum(counts) - counts
        return np.arange(counts.sum()) - np.repeat(begin, counts) + np.repeat(first, counts), begin


@dataclass(frozen=True, slots=True)
class Leg:
    """How much one kind of vectors counts. A cosine of `low` is worth 0 and one of `high` 1; from `admits` on a thing is close.

    `asked`: so many vectors of the thing that others should be like.
    """

    rows: Rows
    weight: float
    low: float
    high: float
    admits: float
    asked: int


@dataclass(frozen=True, slots=True)
class Alike:
    """`family`: sizes and colours of one thing share it. `places`: vectors by which things are put into cells, zeros for none.

    `window`: what lies behind so many nearest things of a vector is worth what the last of them is, as in a search.
    """

    legs: tuple[Leg, ...]
    family: Numbers
    places: npt.NDArray[np.float32]
    window: int

    def lists(self, most: int) -> Lists:
        """For each thing that has a vector the best of those that are close to it, without its own sizes and colours."""
        found = [self._best(some, others, most) for cell, others in self._cells() for some in _blocks(cell)]
        nothing = np.empty(0, dtype=np.int64)
        item, other, score = (
            (np.concatenate([nothing, *each]) for each in zip(*found, strict=True)) if found else (nothing,) * 3
        )
        return longest(item.astype(np.int64), other.astype(np.int64), score.astype(np.float32), most)

    def _best(self, items: Counts, others: Counts, most: int) -> tuple[Counts, Counts, Scores]:
        own = self.family[items][:, None] == self.family[others]
        total, weights = np.zeros(own.shape, np.float32), np.zeros(len(items), np.float32)
        close = np.zeros(own.shape, np.bool_)
        for leg in self.legs:
            value, admitted, there = _compared(leg, items, others, own, self.window)
            total += leg.weight * value
            weights += leg.weight * there
            close |= admitted
        total /= np.maximum(weights, LEAST)[:, None]
        total[~close | own] = -np.inf
        # Sizes and colours of one thing may fill a list, so more are looked at than it holds.
        width = min(3 * most, len(others))
        best = np.argpartition(-total, width - 1, axis=1)[:, :width]
        best = np.take_along_axis(
            best, np.argsort(-np.take_along_axis(total, best, axis=1), axis=1, kind="stable"), axis=1
        )
        score = np.take_along_axis(total, best, axis=1)
        same = self.family[others][best]
        earlier = np.tril(same[:, :, None] == same[:, None, :], -1).sum(axis=2)
        kept = np.isfinite(score) & (earlier < OF_FAMILY)
        kept &= np.cumsum(kept, axis=1) <= most
        row, column = np.nonzero(kept)
        return items[row], others[best[row, column]], np.maximum(score[row, column], LEAST)

    def _cells(self) -> Iterator[tuple[Counts, Counts]]:
        """Things that are near to each other, and those that are compared with them."""
        everything = np.arange(len(self.family))
        if len(everything) <= ENTIRE:
            yield everything, everything
            return
        middles = _middles(self.places, len(everything) // CELL)
        cell = _nearest(self.places, middles)
        sizes = np.bincount(cell, minlength=len(middles))
        members = np.split(np.argsort(cell, kind="stable"), np.cumsum(sizes)[:-1])
        near = np.argsort(-(middles @ middles.T), axis=1, kind="stable")
        for own in np.flatnonzero(sizes).tolist():
            enough = int(np.searchsorted(np.cumsum(sizes[near[own]]), CANDIDATES)) + 1
            # The cell itself is the nearest one, but for what has no place.
            some = np.union1d(near[own][:enough], [own])
            yield members[own], np.sort(np.concatenate([members[one] for one in some.tolist()]))


def _compared(leg: Leg, items: Counts, others: Counts, own: Flags, window: int) -> tuple[Scores, Flags, Flags]:
    """What this leg says: values, shape (items, others); which of them are close; and which of the items it knows."""
    asked, begin = leg.rows.of(items, leg.asked)
    rows, _ = leg.rows.of(others)
    there = np.diff(begin, append=len(asked)) > 0
    value, close = np.zeros(own.shape, np.float32), np.zeros(own.shape, np.bool_)
    if not len(asked) or not len(rows):
        return value, close, there
    cosines = _by_thing(leg.rows.cosines(asked, rows), leg.rows, others)
    of = np.repeat(np.arange(len(items)), np.diff(begin, append=len(asked)))
    cosines[own[of]] = -np.inf
    scaled = (cosines - leg.low) / (leg.high - leg.low)
    lowest, missing = _ends(scaled, window)
    admitted = scaled >= np.maximum(lowest, leg.admits)[:, None]
    np.copyto(scaled, missing[:, None], where=scaled < lowest[:, None])
    parts = begin[there]
    value[there] = np.add.reduceat(scaled, parts, axis=0) / np.diff(parts, append=len(asked))[:, None]
    close[there] = np.logical_or.reduceat(admitted, parts, axis=0)
    return value, close, there


def _by_thing(cosines: Scores, rows: Rows, others: Counts) -> Scores:
    """Of all vectors of a thing the nearest one; columns become things. -inf: it has none."""
    counts = rows.starts[others + 1] - rows.starts[others]
    if (counts == 1).all():
        return cosines
    has = counts > 0
    begin = (np.cumsum(counts) - counts)[has]
    found = np.full((len(cosines), len(others)), -np.inf, np.float32)
    found[:, has] = np.maximum.reduceat(cosines, begin, axis=1)
    return found


def _ends(scaled: Scores, window: int) -> tuple[Scores, Scores]:
    """Of each row the last value that an index would have returned, and what it says of all that it would not."""
    if scaled.shape[1] > window:
        last = np.partition(scaled, scaled.shape[1] - window, axis=1)[:, scaled.shape[1] - window]
    else:
        last = np.full(len(scaled), -np.inf, np.float32)
    short = ~np.isfinite(last)
    some = np.where(np.isfinite(scaled[short]), scaled[short], np.inf)
    last[short] = np.where(np.isfinite(some).any(axis=1), some.min(axis=1, initial=np.inf), 0.0)
    return last, np.where(short, np.minimum(last, 0.0), last)


def _middles(places: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(0)
    sample = places[np.sort(rng.choice(len(places), min(len(places), SAMPLE * count), replace=False))]
    middles = sample[np.sort(rng.choice(len(sample), count, replace=False))]
    for _ in range(TURNS):
        cell = _nearest(sample, middles)
        order = np.argsort(cell, kind="stable")
        there, begin = np.unique(cell[order], return_index=True)
        middles[there] = np.add.reduceat(sample[order], begin, axis=0)
        middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), LEAST)
    return middles


def _nearest(places: npt.NDArray[np.float32], middles: npt.NDArray[np.float32]) -> Counts:
    return np.concatenate([np.argmax(places[some] @ middles.T, axis=1) for some in _blocks(np.arange(len(places)))])


def _blocks(things: Counts) -> Iterator[Counts]:
    yield from (things[first : first + AT_ONCE] for first in range(0, len(things), AT_ONCE))
