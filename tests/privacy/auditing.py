"""Audits a mechanism from outside: what it shows of two neighbouring sets of data, counted over many runs.

A mechanism is (epsilon, delta)-private only if P(shown in S | one) <= e^epsilon P(shown in S | other) + delta for each set S
of outcomes. `least_epsilon` gives the least epsilon that the runs allow, at a confidence (Jagielski et al., "Auditing
differentially private machine learning", 2020): above what was promised it proves the promise broken.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable

from scipy.stats import beta

Outcome = Hashable
Mechanism = Callable[[], Outcome]

SURE = 1e-4  # the chance that a bound is wrong


def least_epsilon(one: Mechanism, other: Mechanism, *, delta: float, runs: int) -> float:
    """The greatest epsilon that these runs prove to be needed, over tails of outcomes in both directions."""
    samples = [Counter(mechanism() for _ in range(runs)) for mechanism in (one, other)]
    # Sets of outcomes are those below and above each value; what isn't shown (None) lies above all. As many bounds as there are
    # sets share the chance of being wrong.
    keys = sorted(set(samples[0]) | set(samples[1]), key=lambda key: (key is None, key if key is not None else 0))
    tails = [keys[:n] for n in range(1, len(keys))] + [keys[n:] for n in range(1, len(keys))]
    confidence = SURE / max(1, 4 * len(tails))
    worst = 0.0
    for tail in tails:
        for first, second in (samples, samples[::-1]):
            low = _least(sum(first[key] for key in tail), runs, confidence)
            high = _most(sum(second[key] for key in tail), runs, confidence)
            if low > delta:
                worst = max(worst, math.log((low - delta) / high))
    return worst


def _least(hits: int, runs: int, confidence: float) -> float:
    """Clopper and Pearson's lower bound of a share."""
    return float(beta.ppf(confidence, hits, runs - hits + 1)) if hits else 0.0


def _most(hits: int, runs: int, confidence: float) -> float:
    return float(beta.ppf(1 - confidence, hits + 1, runs - hits)) if hits < runs else 1.0
