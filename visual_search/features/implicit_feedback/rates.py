"""How much more often than usual something is chosen when it is looked at, and what that does to an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from visual_search.features.implicit_feedback.counting import Sum


def decay(days: float, half_life_days: float) -> float:
    """What a day counts so many days later."""
    return float(2.0 ** (-max(0.0, days) / half_life_days))


def factor(one: Sum, whole: Sum, *, prior_looks: float, most: float) -> float:
    """Choices per look beside those of all objects, from 1 / `most` to `most`; 1 for what is as usual, or has no looks.

    `prior_looks` looks with the usual choices are added (a Bayesian average), so that a single click of one look doesn't count as
    a rate of one: the mean of a beta distribution with the shop's mean as prior, where all choices weigh the same.
    """
    if whole.looks <= 0 or whole.choices <= 0:
        return 1.0
    usual = whole.choices / whole.looks
    rate = (one.choices + prior_looks * usual) / (one.looks + prior_looks)
    return min(most, max(1 / most, rate / usual))


def factors(
    ids: Sequence[str], known: Mapping[str, Sum], whole: Sum, *, prior_looks: float, most: float
) -> dict[str, float]:
    """The factor of each of these objects; what nobody saw has 1, so that new things aren't pushed back."""
    return {id: factor(known[id], whole, prior_looks=prior_looks, most=most) if id in known else 1.0 for id in ids}
