"""Fits the probability that a hit is right by its cosine, from synthetic questions whose answers are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Curve = tuple[tuple[float, float], ...]  # (cosine, probability), both rising

LEAST_PROBES = 30  # questions; fewer teach nothing (set by judgement)
_BINS = np.arange(-1.0, 1.0001, 0.02)  # edges of the bins of cosines
_PRIOR = 2.0  # hits of average quality that are added to every bin, so that a bin of few hits says little


@dataclass(frozen=True, slots=True)
class ProbeHit:
    """One hit of a probe's answer."""

    id: str
    kind: str  # its category
    cosine: float


@dataclass(frozen=True, slots=True)
class Probe:
    """A synthetic question for an object, and what the index answered: best first, as deep as a search looks."""

    picture: str  # PHOTO or STUDIO, of a picture; the leg's name, of words
    id: str
    kind: str  # the object's category
    hits: tuple[ProbeHit, ...]
    foreign: tuple[float, ...] = ()  # cosines of the answer without the object's department; () where it has none

    def is_kin(self, hit: ProbeHit) -> bool:
        """Whether the hit is the object, or of its category."""
        return hit.id == self.id or hit.kind == self.kind


def equal_kinds(probes: Sequence[Probe]) -> Floats:
    """Each category weighs the same, however many of its objects were asked; the mean weight is 1."""
    counts: dict[str, int] = defaultdict(int)
    for probe in probes:
        counts[probe.kind] += 1
    weights = np.array([1 / counts[probe.kind] for probe in probes])
    return np.asarray(weights * len(probes) / weights.sum())


def rising(cosines: Floats, right: Floats, weights: Floats) -> Curve:
    """Probability by cosine, never falling: shares by bin, then isotonic regression by pooling adjacent violators.

    Ayer et al., "An empirical distribution function for sampling with incomplete information", 1955.
    """
    place = np.clip(np.digitize(cosines, _BINS) - 1, 0, len(_BINS) - 2)
    total = np.bincount(place, weights, minlength=len(_BINS) - 1)
    good = np.bincount(place, weights * right, minlength=len(_BINS) - 1)
    used = np.flatnonzero(total)
    whole = good.sum() / total.sum()
    pools: list[list[float]] = []  # good, total, the first and the last cosine
    for bin_ in used:
        middle = float((_BINS[bin_] + _BINS[bin_ + 1]) / 2)
        pools.append([good[bin_] + _PRIOR * whole, total[bin_] + _PRIOR, middle, middle])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            pools[-1] = [pools[-1][0] + last[0], pools[-1][1] + last[1], pools[-1][2], last[3]]
    knots = [
        (round(knot, 4), round(good_ / total_, 4))
        for good_, total_, first, last in pools
        for knot in dict.fromkeys((first, last))
    ]
    return tuple(knots)


def probability_at(curve: Curve, cosine: float) -> float:
    """The curve's value at this cosine, on the straight line between its knots."""
    return float(np.interp(cosine, [knot for knot, _ in curve], [value for _, value in curve]))


def reached(curve: Curve, wanted: float) -> float:
    """The least cosine at which the curve has this probability; above 1 where it never does."""
    for cosine in np.arange(-1.0, 1.0001, 0.005):
        if probability_at(curve, float(cosine)) >= wanted:
            return round(float(cosine), 4)
    return 1.01


def share_wrong(right: Sequence[bool]) -> float | None:
    """The share of False; None of an empty list."""
    return round(1 - float(np.mean(right)), 4) if right else None
