"""When an experiment may stop: an e-value of the votes, which may be looked at every day, and guard-rails.

An e-value is a bet against "both rankings are liked alike": starting with 1, it reaches 20 with a probability of at most 1/20
however often one looks (Ville's inequality; Ramdas and others, "Game-theoretic statistics and safe anytime-valid inference",
2023). A z-test that is looked at every day alarms in 40 % of experiments without any difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from visual_search.features.experiments.voting import Rates, Votes

STOP_AT = 20.0  # false alarms in at most 1 of 20 experiments
# The bet spreads over the share of votes for B as Beta(3, 3), which finds shares of .6 to .7 soonest: 5 % more success gives .7.
PRIOR = 3.0
SHARE = 0.9  # of the answers that take part; the others are the control of the guard-rails
MOST_DAYS = 28  # four weeks hold each weekday alike; a difference that needs longer changes little
SURE = 3.0  # standard errors from which a guard-rail counts as broken: by chance 1 of 740 looks
LEAST_ANSWERS = 100  # fewer say nothing of a rate
SLOW_SHARE = 0.05  # of answers may take longer than the limit: that is what a limit of p95 says
LEAST_CHANGE = 0.1  # a rate that is worse by less than a tenth is no reason to stop


class Guard(StrEnum):
    """What must not grow worse while something is tried out."""

    ZERO = "zero"
    SLOW = "slow"
    BASKETS = "baskets"


class Outcome(StrEnum):
    """How an experiment ended."""

    A = "a"  # the shop's ranking is liked more
    B = "b"
    GUARD = "guard"
    UNDECIDED = "undecided"  # its days are over
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an experiment stands. `outcome` is None while it goes on; `broken` names the guard-rail that stopped it."""

    e_value: float
    outcome: Outcome | None = None
    broken: Guard | None = None


def e_value(votes: Votes) -> float:
    """The beta-binomial e-value of the votes; ties say nothing and don't count."""
    a, b = votes.wins_a, votes.wins_b
    log = _log_beta(PRIOR + a, PRIOR + b) - _log_beta(PRIOR, PRIOR) + (a + b) * math.log(2)
    return math.exp(min(log, 700.0))  # a float ends at e^709


def judged(votes: Votes, during: Rates, other: Rates, *, days: int, most_days: int = MOST_DAYS) -> Verdict:
    """Where the experiment stands after so many days. `other`: the answers that it is compared with."""
    value = e_value(votes)
    if (guard := broken(during, other)) is not None:
        return Verdict(value, Outcome.GUARD, guard)
    if value >= STOP_AT:
        return Verdict(value, Outcome.B if votes.wins_b > votes.wins_a else Outcome.A)
    return Verdict(value, Outcome.UNDECIDED if days >= most_days else None)


def broken(during: Rates, other: Rates) -> Guard | None:
    """The first guard-rail that the experiment's answers surely break; None where none, or where there are too few answers."""
    if during.answers < LEAST_ANSWERS:
        return None
    if _above(during.slow, during.answers, SLOW_SHARE):
        return Guard.SLOW
    if other.answers < LEAST_ANSWERS:
        return None  # There is nothing to compare with yet.
    if _worse(during.zero, during.answers, other.zero, other.answers):
        return Guard.ZERO
    if _worse(other.baskets, other.answers, during.baskets, during.answers):
        return Guard.BASKETS
    return None


def _above(count: int, answers: int, limit: float) -> bool:
    return count / answers - limit > SURE * math.sqrt(limit * (1 - limit) / answers)


def _worse(count: int, answers: int, other: int, of: int) -> bool:
    """Whether the first rate is surely greater than the second, and by more than a tenth."""
    one, two, both = count / answers, other / of, (count + other) / (answers + of)
    error = math.sqrt(both * (1 - both) * (1 / answers + 1 / of))
    return one - two > SURE * error and one > (1 + LEAST_CHANGE) * two


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
