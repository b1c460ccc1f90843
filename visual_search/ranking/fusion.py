"""Fuses several legs into one order: a weighted mean of scores on one scale, the same on every engine.

A convex combination of normalised scores keeps how much better a hit is, which reciprocal ranks throw away, and beats them
on most sets (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 2023,
https://arxiv.org/abs/2210.11934). Cosines are scaled by fixed ends, so a leg without any good hit can't make its
best one look good. BM25 has no fixed end, so it is divided by the best score of its own leg.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from visual_search.types import LegAnswer, LegHit, LegName


class Absent(Enum):
    """What a leg says of an object that it did not return."""

    NO_MATCH = "nothing of it matched, so it gets 0"
    FARTHER = "it lies no nearer than the last hit, or has nothing to compare"


@dataclass(frozen=True, slots=True)
class Scale:
    """How a leg counts. A cosine of `low` becomes 0 and one of `high` becomes 1; `low=high=None`: divide by the leg's best.

    `in_part`: what the best hit counts then, if none has the key `admits_key`.
    `admits`: a hit that reaches this (scaled) value belongs into the result set by this leg alone; None: never by it alone.
    `admits_key`: of the leg's hits only those with this key may belong by it alone; '': all.
    `stays_empty`: whether a leg without any hit keeps its share of the weight, so that all scores say what it missed.
    """

    weight: float
    low: float | None = None
    high: float | None = None
    admits: float | None = None
    admits_key: str = ""
    in_part: float = 1.0
    absent: Absent = Absent.FARTHER
    stays_empty: bool = False

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError(f"A leg's weight is {self.weight}, but it must be 0 or more.")
        if self.low is not None and (self.high is None or self.low >= self.high):
            raise ValueError(f"A leg's scale runs from {self.low} to {self.high}; the first must be smaller.")

    def value(self, score: float, best: float = 1.0) -> float:
        """The score on this scale. `best`: the leg's best score, which counts 1 where the scale has no ends."""
        if self.low is not None and self.high is not None:
            return (score - self.low) / (self.high - self.low)
        return score / best if best > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Fused:
    """One object of the fused order. `parts` holds each leg's share of `score`; they add up to it."""

    id: str
    score: float
    admitted: bool
    parts: Mapping[LegName, float] = field(default_factory=dict)


def fuse(legs: Iterable[LegAnswer], scales: Mapping[LegName, Scale]) -> list[Fused]:
    """All objects of all legs, best first, ties by id. Legs with weight 0, and empty ones that may go, count as absent.

    What an object gets for a leg that didn't return it: see `_missing`. One leg alone keeps its own order exactly.
    """
    # A sum of floats depends on its order, so legs are sorted: the same legs give the same scores in any order.
    used = [leg for leg in sorted(legs, key=lambda leg: str(leg.name)) if _counts(leg, scales[leg.name])]
    total = sum(scales[leg.name].weight for leg in used)
    values = {leg.name: _scaled(leg, scales[leg.name]) for leg in used}
    missing = {leg.name: _missing(leg, values[leg.name], scales[leg.name]) for leg in used}
    admitted = {hit.id for leg in used for hit in leg.hits if _admits(hit, values[leg.name][hit.id], scales[leg.name])}
    fused = []
    for id in {id for scaled in values.values() for id in scaled}:
        parts = {
            leg.name: scales[leg.name].weight / total * values[leg.name].get(id, missing[leg.name]) for leg in used
        }
        fused.append(
            Fused(
                id=id,
                score=sum(parts.values()),
                admitted=id in admitted,
                parts=parts,
            )
        )
    return sorted(fused, key=lambda item: (-round(item.score, 9), item.id))


def _counts(leg: LegAnswer, scale: Scale) -> bool:
    return scale.weight > 0 and (bool(leg.hits) or scale.stays_empty)


def admits_more(leg: LegAnswer, scale: Scale) -> bool:
    """Whether objects that the leg didn't return may belong into the result set: it stopped early and its last hit does."""
    if not leg.hits or not cut_short(leg):
        return False
    return _admits(leg.hits[-1], _scaled(leg, scale)[leg.hits[-1].id], scale)


def cut_short(leg: LegAnswer) -> bool:
    """Whether more objects match the leg than it returned."""
    return leg.relation == "gte" or leg.total > len(leg.hits)


def _missing(leg: LegAnswer, values: Mapping[str, float], scale: Scale) -> float:
    """The scaled value of objects that this leg didn't return.

    A leg that stopped at its k nearest: they lie at or below its last hit. One that returned all it has: they have
    no vector (a gift card without a picture), so they get 0, or the last hit's value where that is even lower; a lone
    near hit mustn't lend its nearness to what has no picture at all.
    """
    if scale.absent is Absent.NO_MATCH or not values:
        return 0.0
    lowest = min(values.values())
    return lowest if cut_short(leg) else min(0.0, lowest)


def _scaled(leg: LegAnswer, scale: Scale) -> dict[str, float]:
    best = max((hit.score for hit in leg.hits), default=0.0)
    has_ends = scale.low is not None
    most = 1.0 if has_ends or any(scale.admits_key in ("", hit.key) for hit in leg.hits) else scale.in_part
    return {hit.id: most * scale.value(hit.score, best) for hit in leg.hits}


def _admits(hit: LegHit, value: float, scale: Scale) -> bool:
    return scale.admits is not None and value >= scale.admits and scale.admits_key in ("", hit.key)
