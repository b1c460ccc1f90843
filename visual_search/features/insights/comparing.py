"""Compares two spans of days: the difference of a rate, and its interval.

Days are the units, because questions of one day resemble each other: a campaign, a rainy Sunday, one busy browser. The rate
is a ratio of two sums over days, and its variance is that of a ratio estimator (Cochran, "Sampling Techniques", 1977, 6.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

LEAST_DAYS = 7  # Fewer don't hold each day of the week, so nothing is said of how sure a difference is.
# Times the standard error: 95 % of Student's distribution with about 27 degrees of freedom, four weeks of days.
TIMES = 2.05

Days = Sequence[tuple[float, float]]  # of each day what is counted, and of how many


@dataclass(frozen=True, slots=True)
class Change:
    """A rate now and before, their difference, and both ends of its 95 % interval; None where days are too few."""

    now: float
    before: float | None
    low: float | None = None
    high: float | None = None

    @property
    def difference(self) -> float | None:
        return None if self.before is None else self.now - self.before

    @property
    def direction(self) -> int:
        """1 for surely more, -1 for surely less, 0 where the interval holds 0, or where there is none."""
        if self.low is None or self.high is None:
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def rate(days: Days) -> float:
    """What is counted divided by of how many, over all days; 0 of none."""
    of = sum(each for _, each in days)
    return sum(counted for counted, _ in days) / of if of else 0.0


def change(now: Days, before: Days) -> Change:
    """How the rate has changed."""
    if not any(of for _, of in before):
        return Change(rate(now), None)
    if min(_used(now), _used(before)) < LEAST_DAYS:
        return Change(rate(now), rate(before))
    difference = rate(now) - rate(before)
    margin = TIMES * sqrt(_variance(now) + _variance(before))
    return Change(rate(now), rate(before), difference - margin, difference + margin)


def _used(days: Days) -> int:
    return sum(of > 0 for _, of in days)


def _variance(days: Days) -> float:
    used = [(counted, of) for counted, of in days if of]
    total, over_all, number = sum(of for _, of in used), rate(used), len(used)
    spread = sum((counted - over_all * of) ** 2 for counted, of in used)
    return number / (number - 1) * spread / total**2
