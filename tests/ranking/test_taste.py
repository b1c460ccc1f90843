"""A device's memory is read strictly, and a bad one is ignored with the reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking.taste import MAX_AGE_DAYS, MAX_EVENTS, Taste, read_taste
from visual_search.types import TasteEvent

TODAY = 20_000


@pytest.mark.parametrize("wire", [lambda raw: raw, json.dumps], ids=["parsed", "text"])
def test_what_a_device_sends_is_read(wire) -> None:
    raw = [["12", "view", TODAY], ["SKU-7", "purchase", TODAY - 30]]
    assert read_taste(wire(raw), today=TODAY) == Taste(
        (TasteEvent("12", "view", 0.0), TasteEvent("SKU-7", "purchase", 30.0))
    )


@pytest.mark.parametrize("nothing", [None, "", [], "[]"])
def test_no_memory_is_no_problem(nothing) -> None:
    assert read_taste(nothing, today=TODAY) == Taste()


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("{", "malformed"),
        ("[" * 3000, "malformed"),
        ("7", "malformed"),
        ({"id": "1"}, "malformed"),
        ([["1", "view"]], "malformed"),
        ([["1", "view", "today"]], "malformed"),
        ([["1", "view", True]], "malformed"),
        ([["", "view", 1]], "malformed"),
        ([["<script>", "view", 1]], "malformed"),
        ([["x" * 65, "view", 1]], "malformed"),
        ([[0.1] * 512], "malformed"),
        ([["1", "stare", 1]], "unknown_kind"),
        ([["1", "view", 1]] * (MAX_EVENTS + 1), "too_many"),
        (json.dumps([["x" * 60, "view", 20_000]] * 60), "too_large"),
    ],
    ids=str,
)
def test_a_bad_memory_is_ignored_with_the_reason(raw, problem: str) -> None:
    assert read_taste(raw, today=TODAY) == Taste(problem=problem)


def test_a_full_memory_of_ordinary_ids_fits() -> None:
    wire = json.dumps([["1234567890123", "view", TODAY]] * MAX_EVENTS, separators=(",", ":"))
    assert len(read_taste(wire, today=TODAY).events) == MAX_EVENTS


def test_clocks_that_differ_and_years_that_passed() -> None:
    raw = [["1", "view", TODAY + 3], ["2", "view", TODAY - MAX_AGE_DAYS - 1]]
    assert read_taste(raw, today=TODAY) == Taste((TasteEvent("1", "view", 0.0),))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_anything_is_read_or_ignored(raw) -> None:
    taste = read_taste(raw, today=TODAY)
    assert not (taste.events and taste.problem)
