"""Which items lie in baskets together, and how many clients say so. Arrays alone: no Django, no table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visual_search.features.recommendations.baskets import Baskets

FEWEST_CLIENTS = 5  # whatever is published of baskets, so many have bought it
PAIRS_AT_ONCE = 8_000_000  # sorted at the same time: 64 MB, and as much again while they are sorted

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Entry n says that in `together[n]` baskets both `first[n]` and `second[n]` lay, and that `clients[n]` clients bought both
    on a day. Each pair stands there once, with first < second.
    """

    first: Counts
    second: Counts
    together: Counts
    clients: Counts

    def both_ways(self) -> tuple[Counts, Counts, Counts]:
        """Item, other and count of each pair as seen from either side: three arrays of twice the length."""
        return (
            np.concatenate([self.first, self.second]),
            np.concatenate([self.second, self.first]),
            np.concatenate([self.together, self.together]),
        )


def count(
    baskets: Baskets, clients: int, *, items: int | None = None, advanced: Callable[[int], object] = lambda done: None
) -> Pairs:
    """The pairs that at least so many different clients bought on a day.

    `items`: how many items there are, where numbers stand for something else than `baskets.ids`. `advanced` hears of
    the entries that were worked through.
    """
    size = len(baskets.ids) if items is None else items
    known = _bought_by(baskets, size) >= clients
    kept = known[baskets.item]
    basket, item = baskets.basket[kept].astype(np.int64), baskets.item[kept].astype(np.int64)
    sizes = np.bincount(basket, minlength=len(baskets.client))
    parts = max(1, -(-int((sizes * (sizes - 1) // 2).sum()) // PAIRS_AT_ONCE))
    most = max(1, int(baskets.client.max(initial=0)) + 1)
    found = []
    for part in range(parts):
        # One number holds first, second and client, so that one sort brings the same pair, and in it the same client, together.
        keys = [
            (first * size + second) * most + baskets.client[which]
            for first, second, which in _pairs(basket, item, sizes, part, parts)
        ]
        found.append(_runs(np.concatenate(keys) if keys else np.empty(0, dtype=np.int64), most, clients))
        advanced(len(baskets.item) // parts)
    pair, together, distinct = (np.concatenate(each) for each in zip(*found, strict=True))
    return Pairs(pair // size, pair % size, together, distinct)


def _bought_by(baskets: Baskets, size: int) -> Counts:
    """By item: how many different clients bought it. Who is bought by too few is in no pair, which spares most of the work."""
    most = max(1, int(baskets.client.max(initial=0)) + 1)
    bought = np.unique(baskets.item.astype(np.int64) * most + baskets.client[baskets.basket])
    return np.bincount(bought // most, minlength=size)


def _pairs(
    basket: Counts, item: Counts, sizes: Counts, part: int, parts: int
) -> Iterator[tuple[Counts, Counts, Counts]]:
    """First, second and basket of the pairs of this part, for all baskets of one size at a time."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    for length in np.unique(sizes[sizes > 1]).tolist():
        those = np.flatnonzero(sizes == length)
        left, right = np.triu_indices(length, 1)
        step = max(1, PAIRS_AT_ONCE // (4 * len(left)))
        for begin in range(0, len(those), step):
            some = those[begin : begin + step]
            table = item[starts[some][:, None] + np.arange(length)]
            first, second = table[:, left].ravel(), table[:, right].ravel()
            which = np.repeat(some, len(left))
            if parts > 1:
                mine = first % parts == part
                first, second, which = first[mine], second[mine], which[mine]
            yield first, second, which


def _runs(keys: Counts, most: int, clients: int) -> tuple[Counts, Counts, Counts]:
    """Pair, baskets and clients of those pairs that enough clients share."""
    keys.sort()
    pair = keys // most
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    together = np.diff(starts, append=len(keys))
    new = np.diff(keys, prepend=-1) != 0
    distinct = np.add.reduceat(new, starts, dtype=np.int64) if len(starts) else starts
    enough = distinct >= clients
    return pair[starts[enough]], together[enough], distinct[enough]
