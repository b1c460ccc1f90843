"""Makes a slot varied: a few of each category, and of those that are alike the better one first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from visual_search.features.recommendations.facts import Facts
from visual_search.features.recommendations.slots import Candidate
from visual_search.types import Vector

MOST_OF_A_CATEGORY = 2


class FewOfEach:
    """Lets the first two of each category in. What has no category is always let in."""

    def __init__(self, most: int = MOST_OF_A_CATEGORY) -> None:
        self._most = most
        self._seen: Counter[str] = Counter()

    def has_room(self, category: str) -> bool:
        return not category or self._seen[category] < self._most

    def add(self, category: str) -> None:
        self._seen[category] += 1


def varied(
    candidates: Sequence[Candidate], known: Mapping[str, Facts], *, relevance: float, limit: int
) -> list[Candidate]:
    """The first `limit` by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

        next = argmax  relevance * r_i - (1 - relevance) * max over chosen j of cos(i, j)

    `r_i` falls evenly from 1 for the first candidate to 0 behind the last one. With a `relevance` of 1 the order stays. What
    has no picture is like nothing.
    """
    count = len(candidates)
    if relevance >= 1 or count < 2:
        return list(candidates[:limit])
    fits = 1 - np.arange(count) / count
    looks = _looks([known[candidate.id].look for candidate in candidates])
    alike = np.zeros(count)
    left = np.ones(count, dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(limit, count):
        gain = np.where(left, relevance * fits - (1 - relevance) * alike, -np.inf)
        best = int(gain.argmax())
        chosen.append(best)
        left[best] = False
        alike = np.maximum(alike, looks @ looks[best])
    return [candidates[place] for place in chosen]


def _looks(each: Sequence[Vector | None]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    dims = next((len(look) for look in each if look is not None), 0)
    rows = [np.zeros(dims, np.float32) if look is None else look.astype(np.float32) for look in each]
    return np.array(rows, dtype=np.float32)
