"""From looks and choices to a factor."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from visual_search.features.implicit_feedback.counting import Sum
from visual_search.features.implicit_feedback.rates import decay, factor, factors

SUMS = st.builds(Sum, st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
WHOLE = Sum(1e4, 1e4, 1e3)
GIVEN = {"prior_looks": 20.0, "most": 1.25}


@given(SUMS, SUMS, st.floats(0.1, 1e4), st.floats(1.01, 2))
def test_it_stays_within_the_cap(one, whole, prior, most) -> None:
    assert 1 / most <= factor(one, whole, prior_looks=prior, most=most) <= most


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e5))
def test_more_choices_of_as_many_looks_never_count_less(looks, few, more) -> None:
    few, more = sorted((few, more))
    assert factor(Sum(9, looks, few), WHOLE, **GIVEN) <= factor(Sum(9, looks, more), WHOLE, **GIVEN)


@given(st.floats(0, 1e6))
def test_what_is_as_usual_is_left_alone(looks) -> None:
    assert factor(Sum(9, looks, looks / 10), WHOLE, **GIVEN) == pytest.approx(1.0)


@given(SUMS)
def test_without_choices_in_the_shop_nothing_is_said(one) -> None:
    assert factor(one, Sum(), **GIVEN) == 1.0
    assert factor(one, Sum(9, 9, 0), **GIVEN) == 1.0


def test_a_single_lucky_look_says_less_than_many() -> None:
    lucky, proven = Sum(5, 1, 0.2), Sum(500, 100, 20)
    assert 1 < factor(lucky, WHOLE, **GIVEN) < factor(proven, WHOLE, prior_looks=20.0, most=2.0)
    assert factor(proven, WHOLE, prior_looks=20.0, most=2.0) == pytest.approx((20 + 2) / 120 / 0.1)


def test_new_things_have_no_disadvantage() -> None:
    assert factors(["new", "bad"], {"bad": Sum(100, 100, 1)}, WHOLE, **GIVEN) == {"new": 1.0, "bad": 0.8}


@given(st.floats(-10, 1e4), st.floats(0.5, 1e3))
def test_half_is_forgotten_with_each_half_life(days, half_life) -> None:
    assume(days + half_life < 1e4)
    share = decay(days, half_life)
    assert 0 <= share <= 1
    if days >= 0:
        assert decay(days + half_life, half_life) == pytest.approx(share / 2, abs=1e-12)
