"""The steepness with which looks fall from place to place, as clicks tell it."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.features.implicit_feedback.places import STEPS, USUAL, Look, likelihoods, looked_at, steepness

LOOKS = st.lists(st.builds(Look, st.integers(1, 200), st.booleans()), max_size=12)


@pytest.mark.parametrize("truth", [0.0, 0.5, 1.0, 1.5])
def test_the_truth_is_found_whatever_the_objects_are_like(truth) -> None:
    dice = random.Random(3)
    groups = []
    for _ in range(1_500):
        appeal = dice.choice((0.02, 0.2, 0.6))
        places = dice.sample(range(1, 25), 6)
        groups.append([Look(place, dice.random() < appeal * looked_at(place, truth)) for place in places])
    assert steepness(likelihoods(groups).tolist()) == pytest.approx(truth, abs=0.15)


def test_better_objects_at_better_places_dont_look_like_steepness() -> None:
    """The trap of a plain count by place: the ranking is good, so its first hits are clicked more, even if all are looked at."""
    dice = random.Random(4)
    groups = []
    for _ in range(3_000):
        usual = dice.randint(1, 12)
        chance = 0.6 / usual
        groups.append([Look(max(1, usual + dice.choice((-1, 1))), dice.random() < chance) for _ in range(4)])
    assert steepness(likelihoods(groups).tolist()) < 0.2


@given(st.lists(LOOKS, max_size=5), st.lists(LOOKS, max_size=5))
def test_days_add_up(one, two) -> None:
    assert likelihoods([*one, *two]) == pytest.approx(likelihoods(one) + likelihoods(two), abs=1e-6)


@given(LOOKS)
def test_what_tells_nothing_changes_nothing(looks) -> None:
    silent = [Look(look.place, False) for look in looks]
    one_place = [Look(7, look.clicked) for look in looks]
    assert not likelihoods([silent, one_place]).any()


@given(st.lists(LOOKS, max_size=8))
def test_it_is_always_a_step(groups) -> None:
    assert steepness(likelihoods(groups).tolist()) in STEPS


@pytest.mark.parametrize("curve", [(), [0.0] * 41, [1.0], [float("nan")] * 41])
def test_without_clicks_it_is_the_usual_one(curve) -> None:
    assert steepness(curve) == USUAL


@given(st.integers(1, 500), st.sampled_from(STEPS))
def test_a_look_is_a_chance_that_falls(place, step) -> None:
    assert 0 < looked_at(place + 1, step) <= looked_at(place, step) <= 1
    assert looked_at(0, step) == looked_at(1, step) == 1


@pytest.mark.parametrize(("slope", "told"), [(0.4, 1.1), (-0.4, 0.9), (-2.0, 0.5), (90.0, 2.0)])
def test_what_is_usual_weighs_as_a_deviation_of_a_half(slope, told) -> None:
    """The greatest value of slope * s - (s - 1)² / (2 * .5²) lies at 1 + slope / 4."""
    assert steepness([slope * step for step in STEPS]) == told


def test_neighbours_tell_as_well() -> None:
    group = [Look(1, True), Look(2, False)]
    assert likelihoods([group])[STEPS.index(1.0)] == pytest.approx(math.log(2 / 3))
