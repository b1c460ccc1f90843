"""When to order, and how many: a level to order up to, from what was sold and how long a supplier takes.

    level = m (L + R) + z s sqrt(L + R)        (periodic review: Silver, Pyke and Thomas, Inventory and Production
    order = level - on hand - on order          Management in Supply Chains, 4th edition, section 6.9)

m: pieces sold a week, the latest weeks counting most (exponential smoothing); s: by how much weeks differ from it; L: lead
time, R: time between two looks at the stock, both in weeks; z: of the normal distribution, for the share of cycles that shall not
run out. The first part is what is sold until an order of the next look has come, the second part is for bad luck. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

SMOOTHING = 0.15  # share of the latest week in m
SERVICE = 0.95  # share of cycles that shall not run out
REVIEW_DAYS = 7  # from one look at the proposals to the next
WEEKS = 26  # of sales that are looked at


@dataclass(frozen=True, slots=True)
class Plan:
    """`mean` and `spread` in pieces a week. `level`: where fewer are on hand and on order, more are ordered, up to it."""

    mean: float
    spread: float
    level: int

    def order(self, on_hand: int, on_order: int) -> int:
        """How many to order now; 0 as long as enough is there or comes."""
        return max(0, self.level - on_hand - on_order)


def plan(weekly: Sequence[float], lead_days: int, *, service: float = SERVICE, review_days: int = REVIEW_DAYS) -> Plan:
    """The plan for a product that sold so many pieces in each week, oldest first. Nothing sold gives a plan of zeros."""
    mean = smoothed(weekly)
    spread = math.sqrt(smoothed([(sold - mean) ** 2 for sold in weekly]))
    lead, review = lead_days / 7, review_days / 7
    luck = NormalDist().inv_cdf(service) * spread
    return Plan(mean, spread, math.ceil(mean * (lead + review) + luck * math.sqrt(lead + review)))


def smoothed(weekly: Sequence[float]) -> float:
    """Exponential smoothing that begins with the mean of the first weeks; 0 without a week."""
    if not weekly:
        return 0.0
    first = max(1, min(4, len(weekly)))
    level = sum(weekly[:first]) / first
    for sold in weekly[first:]:
        level += SMOOTHING * (sold - level)
    return level
