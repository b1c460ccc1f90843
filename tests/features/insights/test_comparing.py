"""Differences are called sure only where they are, and values of few are never named."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest

from visual_search.errors import ConfigurationError
from visual_search.features.insights.comparing import change
from visual_search.features.insights.hiding import HIDDEN, groups, named
from visual_search.features.insights.options import read
from visual_search.features.insights.percentiles import percentile, rounded, together
from visual_search.types import Found, SealedQuestion


def days(share: float, chance: random.Random, number: int = 28) -> list[tuple[float, float]]:
    of = [chance.randint(80, 120) for _ in range(number)]
    return [(sum(chance.random() < share for _ in range(each)), each) for each in of]


def test_days_that_do_not_differ_are_rarely_called_different() -> None:
    chance = random.Random(5)
    false = sum(change(days(0.2, chance), days(0.2, chance)).direction != 0 for _ in range(300))
    assert 3 <= false <= 27, "about one in twenty"


def test_days_that_do_differ_are_called_so() -> None:
    chance = random.Random(6)
    found = [change(days(0.25, chance), days(0.2, chance)) for _ in range(50)]
    assert sum(each.direction == 1 for each in found) >= 45
    assert all(each.low < each.difference < each.high for each in found)


def test_a_bad_day_is_no_trend() -> None:
    """One day of a broken page must not colour four weeks, as an interval over single searches would."""
    before = [(20.0, 100.0)] * 28
    now = [(20.0, 100.0)] * 27 + [(100.0, 100.0)]
    assert change(now, before).direction == 0


@pytest.mark.parametrize("number", [0, 1, 6])
def test_of_a_few_days_nothing_sure_is_said(number: int) -> None:
    found = change([(1.0, 10.0)] * number, [(5.0, 10.0)] * 28)
    assert (found.low, found.direction) == (None, 0)


def test_without_days_before_there_is_no_difference() -> None:
    assert change([(1.0, 10.0)] * 28, [(0.0, 0.0)] * 28).difference is None


def question(client: int) -> SealedQuestion:
    return SealedQuestion(uuid4(), client, None, None, "products", "en", "text", Found.MANY)


def shown(**clients: int) -> dict[str, int]:
    """What is named of these values, each asked once by so many clients of its own, with how many questions."""
    number = iter(range(1000))
    pairs = [(value, question(next(number)), None) for value, many in clients.items() for _ in range(many)]
    return {value: group.questions for value, group in named(groups(pairs), 5).items()}


@pytest.mark.parametrize(
    ("clients", "expected"),
    [
        ({"a": 5, "b": 9}, {"a": 5, "b": 9}),
        ({"a": 4, "b": 9, "c": 3}, {"b": 9, HIDDEN: 7}),
        # The remainder would be one client's: the smallest that is named joins it.
        ({"a": 1, "b": 9, "c": 6}, {"b": 9, HIDDEN: 7}),
        ({"a": 1, "b": 2}, {HIDDEN: 3}),
        ({}, {}),
        ({"A > B > C": 5, "A > B > D": 2, "A > E": 4}, {"A > B > C": 5, "A": 6}),
        ({"A > B": 2, "A > C": 3, "D": 8}, {"A": 5, "D": 8}),
    ],
)
def test_what_few_share_is_hidden_among_others(clients, expected) -> None:
    assert shown(**clients) == expected


def test_one_browser_a_thousand_times_is_one() -> None:
    pairs = [("a", question(1), None)] * 1000 + [("b", question(client), None) for client in range(9)]
    assert set(named(groups(pairs), 5)) == {HIDDEN}, "the smallest named value joins one browser"


def test_percentiles_of_days_together() -> None:
    assert [rounded(value) for value in (0.4, 7.3, 99.6, 123, 1_270, 0)] == [0, 7, 100, 120, 1300, 0]
    counts = together([{"10": 90, "200": 5}, {"10": 4, "3000": 1}])
    assert [percentile(counts, share) for share in (50, 94, 95, 99, 100)] == [10, 10, 200, 200, 3000]
    assert percentile({}, 50) is None


@pytest.mark.parametrize(
    "given", [{"K": 1}, {"K": "5"}, {"DAYS": 0}, {"RECIPIENTS": "a@b.example"}, {"RECIPIENTS": ["nobody"]}, {"WHAT": 1}]
)
def test_a_wrong_option_is_named(given) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(given))):
        read(given)
