"""What each engine does in this comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from tests.bench_peers.data import WANTED, Data


class Contender(Protocol):
    """One engine over files in a folder. An answer is numbers of products, best first, each once."""

    def __init__(self, folder: Path) -> None:
        """Open what is there. Nothing is read until the first question, unless the engine does so by itself."""

    @staticmethod
    def build(folder: Path, data: Data) -> None:
        """Fill an empty folder."""

    def knn(self, vector: np.ndarray, department: str | None) -> Sequence[int]: ...

    def words(self, words: str, department: str | None) -> Sequence[int]: ...

    def hybrid(self, vector: np.ndarray, words: str, department: str | None) -> Sequence[int]: ...


def joined(*lists: Sequence[int]) -> list[int]:
    """Reciprocal rank fusion with k = 60, in Python, as all contenders are joined alike.

    Cormack, Clarke and Buettcher, Reciprocal Rank Fusion, SIGIR 2009.
    """
    scores: dict[int, float] = {}
    for numbers in lists:
        for place, number in enumerate(numbers):
            scores[number] = scores.get(number, 0.0) + 1 / (60 + place)
    return sorted(scores, key=lambda number: -scores[number])[:WANTED]


def folded(pictures: Sequence[int], each: int) -> list[int]:
    """The products of these pictures, each at its best place."""
    return list(dict.fromkeys(int(picture) // each for picture in pictures))[:WANTED]
