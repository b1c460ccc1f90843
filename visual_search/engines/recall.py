"""How many of the truly nearest objects an engine's quick way finds, and how much wider it must look to find enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from visual_search.types import EngineAnswer, EngineQuery, Vector, VectorLeg

RECALL_WANTED = 0.98
RECALL_LEAST = 0.95  # An index below this isn't taken into use.
SAMPLE = 20  # Queries of the self-check: 200 neighbours, so one lost neighbour is half a percent.
RECALL_DEPTH = 10  # Neighbours of each query: the recall is told as recall@10.
EQUAL_SCORES = 1e-4  # Scores this close are equal: of several equal pictures any may come back.

Search = Callable[[EngineQuery], EngineAnswer]


@dataclass(frozen=True, slots=True)
class Check:
    """The recall that was found for one space, and how many times the usual candidates it took."""

    recall: float
    width: float


def recall_of(search: Search, space: str, queries: Iterable[Vector]) -> float:
    """Recall@10 of the quick leg against the exact one; 1.0 where there is nothing to find."""

    def scores() -> Iterator[tuple[Sequence[float], Sequence[float]]]:
        for query in queries:
            legs = (
                VectorLeg("quick", space, query, RECALL_DEPTH, named=0),
                VectorLeg("exact", space, query, RECALL_DEPTH, exact=True, named=0),
            )
            answer = search(EngineQuery(legs))
            yield [hit.score for hit in answer.leg("exact").hits], [hit.score for hit in answer.leg("quick").hits]

    return share_found(scores())


def share_found(scores: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float:
    """Of pairs (scores of the nearest objects, scores of those that came back), both best first: the share that came back.

    1.0 where there is nothing to find. Scores are compared, not ids: of several equal pictures any may come back.
    """
    back = nearest = 0
    for exact, quick in scores:
        nearest += len(exact)
        back += sum(score >= exact[-1] - EQUAL_SCORES for score in quick[: len(exact)])
    return back / nearest if nearest else 1.0


def widen(recall_at: Callable[[float], float], widths: Sequence[float], *, wanted: float = RECALL_WANTED) -> Check:
    """The least of the widths with the recall that is wanted, or the last one."""
    recall = 0.0
    for width in widths:
        recall = recall_at(width)
        if recall >= wanted:
            break
    return Check(recall, width)


@dataclass
class Sample:
    """So many of the vectors that pass by, each with the same chance to stay."""

    size: int = SAMPLE
    seen: int = 0
    vectors: list[Vector] = field(default_factory=list)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(self, vector: Vector) -> None:
        self.seen += 1
        if len(self.vectors) < self.size:
            self.vectors.append(vector)
        elif (place := int(self.random.integers(self.seen))) < self.size:
            self.vectors[place] = vector
