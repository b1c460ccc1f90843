"""What the page and the command show of an experiment: its days, its e-value over them, and its guard-rails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from visual_search.features.experiments import running
from visual_search.features.experiments.deciding import LEAST_ANSWERS, SLOW_SHARE, Guard, Verdict, e_value
from visual_search.features.experiments.models import Experiment
from visual_search.features.experiments.voting import Rates, Votes
from visual_search.privacy.keys import date_of


@dataclass(frozen=True, slots=True)
class Day:
    """A sealed day: its own votes, and the e-value of all votes until its end."""

    date: date
    votes: Votes
    answers: int
    e_value: float


@dataclass(frozen=True, slots=True)
class Rail:
    """A guard-rail: the rate of the answers that took part, and what it is compared with; None where too few say nothing."""

    guard: Guard
    here: float | None
    other: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All of an experiment. `share_b`: of the decisive votes, with both ends of its 95 % interval; None without votes."""

    experiment: Experiment
    verdict: Verdict
    votes: Votes
    days: Sequence[Day]
    rails: Sequence[Rail]
    share_b: float | None
    interval: tuple[float, float] | None

    @property
    def first_date(self) -> date:
        return date_of(self.experiment.first_day)

    @property
    def last_date(self) -> date | None:
        last = self.experiment.last_day
        return None if last is None else date_of(last)


def figures(experiment: Experiment) -> Figures:
    """The figures of this experiment as of the last sealed day."""
    days, so_far = [], Votes()
    for row in experiment.days.order_by("day"):
        own = Votes(row.wins_a, row.wins_b, row.ties)
        so_far = Votes(so_far.wins_a + own.wins_a, so_far.wins_b + own.wins_b, so_far.ties + own.ties)
        days.append(Day(date_of(row.day), own, row.answers, e_value(so_far)))
    decisive = so_far.wins_a + so_far.wins_b
    return Figures(
        experiment=experiment,
        verdict=running.verdict_of(experiment),
        votes=so_far,
        days=days,
        rails=_rails(running.during(experiment), running.compared(experiment)),
        share_b=so_far.wins_b / decisive if decisive else None,
        interval=wilson(so_far.wins_b, decisive) if decisive else None,
    )


def wilson(count: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Both ends of the 95 % interval of a share (Wilson, 1927)."""
    share, spread = count / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def _rails(here: Rates, other: Rates) -> list[Rail]:
    return [
        Rail(Guard.ZERO, _rate(here.zero, here), _rate(other.zero, other)),
        # A limit of p95 is a share that no comparison is needed for.
        Rail(Guard.SLOW, _rate(here.slow, here), SLOW_SHARE),
        Rail(Guard.BASKETS, _rate(here.baskets, here), _rate(other.baskets, other)),
    ]


def _rate(count: int, rates: Rates) -> float | None:
    return count / rates.answers if rates.answers >= LEAST_ANSWERS else None
