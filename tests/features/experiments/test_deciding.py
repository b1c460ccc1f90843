"""When an experiment stops: bets that can't be won by looking often, and guard-rails."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.features.experiments.deciding import STOP_AT, Guard, Outcome, broken, e_value, judged
from visual_search.features.experiments.voting import Rates, Votes

counts = st.integers(0, 300)
FINE = Rates(answers=1_000, zero=50, slow=10, baskets=80)


@given(counts, counts)
def test_the_bet_is_fair(a: int, b: int) -> None:
    """Under "both are liked alike" the next vote changes the value by nothing on average: a martingale."""
    now = e_value(Votes(a, b))
    then = (e_value(Votes(a + 1, b)) + e_value(Votes(a, b + 1))) / 2
    assert then == pytest.approx(now, rel=1e-9)


@given(counts, counts, counts)
def test_sides_are_alike_and_ties_say_nothing(a: int, b: int, ties: int) -> None:
    assert e_value(Votes(a, b, ties)) == pytest.approx(e_value(Votes(b, a)))


def test_it_begins_with_one_and_a_flood_of_votes_is_no_overflow() -> None:
    assert e_value(Votes()) == pytest.approx(1)
    assert math.isfinite(e_value(Votes(0, 10**6)))


def test_by_hand() -> None:
    """Beta(3, 3): after two votes for B the share of B's votes was bet at 3/6, then at 4/7 of the stake: (1/2 * 4/7) * 4."""
    assert e_value(Votes(0, 2)) == pytest.approx(8 / 7)


def test_looking_after_each_vote_alarms_in_at_most_one_of_twenty() -> None:
    dice, runs, alarms = random.Random(4), 1_000, 0
    for _ in range(runs):
        a = b = 0
        for _ in range(400):
            a, b = (a + 1, b) if dice.random() < 0.5 else (a, b + 1)
            if e_value(Votes(a, b)) >= STOP_AT:
                alarms += 1
                break
    assert alarms / runs <= 0.05


def test_a_z_test_that_is_looked_at_so_often_would_alarm_far_more() -> None:
    """The control of the test above: the same looks, with the rule that most shops use."""
    dice, runs, alarms = random.Random(4), 300, 0
    for _ in range(runs):
        balance = 0
        for n in range(1, 401):
            balance += 1 if dice.random() < 0.5 else -1
            if n >= 10 and abs(balance) > 1.96 * math.sqrt(n):
                alarms += 1
                break
    assert alarms / runs > 0.3


@pytest.mark.parametrize(
    ("votes", "days", "outcome"),
    [
        (Votes(2, 3), 3, None),
        (Votes(4, 40), 3, Outcome.B),
        (Votes(40, 4), 3, Outcome.A),
        (Votes(20, 24), 27, None),
        (Votes(20, 24), 28, Outcome.UNDECIDED),
    ],
)
def test_how_it_ends(votes: Votes, days: int, outcome: Outcome | None) -> None:
    assert judged(votes, FINE, FINE, days=days).outcome == outcome


@pytest.mark.parametrize(
    ("during", "guard"),
    [
        (FINE, None),
        (Rates(1_000, zero=110, slow=10, baskets=80), Guard.ZERO),
        (Rates(1_000, zero=60, slow=10, baskets=80), None),
        (Rates(1_000, zero=50, slow=90, baskets=80), Guard.SLOW),
        (Rates(1_000, zero=50, slow=60, baskets=80), None),
        (Rates(1_000, zero=50, slow=10, baskets=30), Guard.BASKETS),
        (Rates(1_000, zero=10, slow=0, baskets=300), None),
        (Rates(99, zero=99, slow=99, baskets=0), None),
    ],
)
def test_guard_rails(during: Rates, guard: Guard | None) -> None:
    assert broken(during, FINE) == guard
    verdict = judged(Votes(4, 40), during, FINE, days=1)
    assert (verdict.outcome, verdict.broken) == ((Outcome.GUARD, guard) if guard else (Outcome.B, None))


def test_without_anything_to_compare_with_only_slowness_stops() -> None:
    assert broken(Rates(1_000, zero=900, slow=10), Rates(99)) is None
    assert broken(Rates(1_000, zero=900, slow=900), Rates()) is Guard.SLOW


def test_answers_that_are_alike_seldom_break_a_guard_rail() -> None:
    dice, runs, alarms = random.Random(8), 400, 0
    for _ in range(runs):
        one, other = (
            Rates(500, *(sum(dice.random() < share for _ in range(500)) for share in (0.08, 0.03, 0.1)))
            for _ in range(2)
        )
        alarms += broken(one, other) is not None
    assert alarms <= 0.02 * runs
