"""How likely a hit at a place is looked at: 1 / place ** steepness, with the steepness that the shop's own clicks tell.

An object that stood at two places of the answers to the same words on the same day fits them equally well at both; so what it was
clicked more often at the better place is the place's doing ("intervention harvesting": Agarwal, Zaitsev, Wang, Li, Najork and
Joachims, WSDM 2019, https://arxiv.org/abs/1812.05161). Given that it was clicked, the chance that this happened at place p is
p ** -steepness over the sum of all its looks, a conditional logit. Its log-likelihood is kept for each of a few steepnesses: that
is all there is to know, it adds up over days, and it names neither an object nor a question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEPS = tuple(n / 20 for n in range(41))  # steepnesses from 0, where all places are alike, to 2
# Before the shop's clicks tell: 1 / place, as Joachims, Swaminathan and Schnabel have it (WSDM 2017, https://arxiv.org/abs/1608.04468).
USUAL, SURE = 1.0, 0.5  # and how far the truth may lie from it, as a standard deviation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """One object in one answer: its place, from 1 on, and whether it was clicked there."""

    place: int
    clicked: bool


def looked_at(place: int, steepness: float) -> float:
    """The chance that a hit at this place is looked at, beside one at the first."""
    return float(max(1, place) ** -steepness)


def likelihoods(groups: Iterable[Sequence[Look]]) -> Floats:
    """The log-likelihood of the clicks for each of `STEPS`. A group: the looks of one object after the same words on one day.

    A group tells nothing without a click, or with one place alone.
    """
    steps = np.array(STEPS)
    total = np.zeros(len(STEPS))
    for looks in groups:
        logs = np.log([max(1, look.place) for look in looks])
        clicked = np.array([look.clicked for look in looks])
        if clicked.any() and np.ptp(logs) > 0:
            each = -steps[:, None] * logs[None, :]
            total += each[:, clicked].sum(axis=1) - clicked.sum() * np.log(np.exp(each).sum(axis=1))
    return total


def steepness(curve: Sequence[float]) -> float:
    """The most probable steepness, given these log-likelihoods and what is usual; `USUAL` for none."""
    if len(curve) != len(STEPS) or not all(map(math.isfinite, curve)):
        return USUAL
    prior = -((np.array(STEPS) - USUAL) ** 2) / (2 * SURE**2)
    return STEPS[int(np.argmax(np.asarray(curve) + prior))]
