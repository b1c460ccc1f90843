"""Corrects the probability that a hit is the very object, by the hit's category.

In one category everything looks alike (white T-shirts), in another nothing does (lamps), so the same cosine means different
probabilities. Few probes fall into one category, so its correction is held back: a logistic model with an intercept of
its own for each level of the path, drawn towards 0 (Gelman and Hill, "Data Analysis Using Regression and
Multilevel/Hierarchical Models", 2007, chapter 14).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from visual_search.ranking.curves import Floats
from visual_search.types import PATH_SEPARATOR

_VARIANCE = 1.0  # of the intercepts, in log odds: a category without probes stays at 0
_LOWEST, _HIGHEST = 0.001, 0.999  # Probabilities are kept between these, since 0 and 1 have no finite log odds.
_MOST_STEPS = 30  # of Newton's method, so that it ends in any case (set by judgement)
Offsets = Mapping[str, float]  # log odds by path, over those of its ancestors
Categories = Callable[[Sequence[str]], Mapping[str, str]]  # category paths by object id, of those that have one


def fit_offsets(probabilities: Floats, right: Floats, kinds: Sequence[str]) -> dict[str, float]:
    """Intercepts of every level of the hits' category paths, the top level first; each adds to those of the levels above.

    probabilities (n,): what the curve over all says of each hit; right (n,): 1 where it was right; kinds: n paths.
    """
    odds = np.array([_log_odds(each) for each in probabilities])
    members: dict[str, list[int]] = defaultdict(list)
    for row, kind in enumerate(kinds):
        for path in levels(kind):
            members[path].append(row)
    offsets = {}
    for path in sorted(members, key=lambda path: (path.count(PATH_SEPARATOR), path)):
        rows = np.array(members[path])
        offsets[path] = round(_intercept(odds[rows], right[rows]), 3)
        odds[rows] += offsets[path]
    return offsets


def shifted(probability: float, offsets: Offsets, kind: str) -> float:
    """The probability for a hit of this category; unchanged where none is known."""
    shift = sum(offsets.get(path, 0.0) for path in levels(kind))
    return 1 / (1 + math.exp(-_log_odds(probability) - shift)) if shift else probability


def least_needed(probability: float, offsets: Offsets) -> float:
    """The least probability by the curve over all categories that some category raises to this one."""
    greatest = max(0.0, *(sum(offsets.get(path, 0.0) for path in levels(kind)) for kind in ("", *offsets)))
    return 1 / (1 + math.exp(greatest - _log_odds(probability)))


def levels(kind: str) -> Iterator[str]:
    """'A > B > C' -> 'A', 'A > B', 'A > B > C'; nothing for ''."""
    parts = kind.split(PATH_SEPARATOR) if kind else []
    return (PATH_SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts)))


def _intercept(odds: Floats, right: Floats) -> float:
    """The most likely intercept over these log odds and the prior, by Newton's method."""
    intercept = 0.0
    for _ in range(_MOST_STEPS):
        said = 1 / (1 + np.exp(-odds - intercept))
        slope = float((right - said).sum()) - intercept / _VARIANCE
        step = slope / (float((said * (1 - said)).sum()) + 1 / _VARIANCE)
        intercept += max(-1.0, min(1.0, step))
        if abs(step) < 1e-6:
            break
    return intercept


def _log_odds(probability: float) -> float:
    kept = min(max(probability, _LOWEST), _HIGHEST)
    return math.log(kept / (1 - kept))
