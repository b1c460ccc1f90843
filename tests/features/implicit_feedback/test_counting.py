"""What a day tells of each object, and what it must not tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.implicit_feedback.scripted import asked
from visual_search.features.implicit_feedback.counting import WEIGHTS, Sum, tally
from visual_search.features.implicit_feedback.places import likelihoods
from visual_search.types import SealedEvent

K = 5
IDS = st.sampled_from("abcd")
QUESTIONS = st.lists(
    st.builds(
        lambda client, seen, clicks: asked(client, seen=seen, clicks=clicks),
        st.integers(0, 8),
        st.lists(IDS, unique=True, max_size=4),
        st.lists(IDS, unique=True, max_size=2),
    ),
    max_size=40,
)


def test_looks_count_by_their_place_and_choices_by_what_they_are() -> None:
    questions = [asked(client, seen="ab", clicks="b") for client in range(5)]
    objects = tally(questions, steepness=1.0, k=K).objects
    assert objects == {"a": Sum(5.0, 5.0, 0.0), "b": Sum(5.0, 2.5, 5.0)}


@pytest.mark.parametrize("browsers", range(7))
def test_what_fewer_than_k_browsers_saw_is_not_counted(browsers) -> None:
    questions = [asked(client, seen="a", clicks="a") for client in range(browsers)]
    # However often one of them comes back.
    questions += [asked(0, seen="a", clicks="a")] * 1_000
    counted = tally(questions, steepness=1.0, k=K).objects
    assert set(counted) == ({"a"} if browsers >= K else set())


def test_a_browser_chooses_once_by_its_most_telling_act() -> None:
    acts = [SealedEvent("basket", "a", 1), SealedEvent("purchase", "a")]
    many = [asked(0, seen="a", clicks=["a"] * 100), asked(0, seen="a", more=acts)]
    others = [asked(client, seen="a") for client in range(1, 5)]
    assert tally([*many, *others], steepness=1.0, k=K).objects["a"].choices == WEIGHTS["purchase"]


def test_pages_that_tell_no_impressions_count_their_first_hits_and_what_was_clicked_behind_them() -> None:
    click = SealedEvent("click", "z", 30)
    questions = [asked(client, hits=("a", "b"), more=[click]) for client in range(5)]
    objects = tally(questions, steepness=1.0, k=K).objects
    assert {id: one.looks for id, one in objects.items()} == pytest.approx({"a": 5.0, "b": 2.5, "z": 5 / 30})
    second = [asked(client, hits=("a", "b"), page=2) for client in range(5)]
    assert tally(second, steepness=1.0, k=K).objects == {}, "the places of a later page's hits aren't known"


def test_a_page_that_tells_impressions_counts_no_hit_that_did_not_come_into_view() -> None:
    questions = [asked(client, seen="ab", hits=tuple("abcdefghij")) for client in range(5)]
    assert set(tally(questions, steepness=1.0, k=K).objects) == {"a", "b"}


@pytest.mark.parametrize("fields", [{"refinements": ("sorted",)}, {"kind": "browse"}])
def test_another_order_than_by_relevance_tells_nothing(fields) -> None:
    questions = [asked(client, seen="a", clicks="a", **fields) for client in range(9)]
    assert tally(questions, steepness=1.0, k=K).objects == {}


def test_the_curve_needs_k_browsers_and_an_object_at_two_places() -> None:
    here = [asked(client, seen="xa", clicks="a") for client in range(3)]
    there = [asked(client, seen="a") for client in range(3, 5)]
    curve = tally([*here, *there], steepness=1.0, k=K).curve
    assert any(curve)
    assert not any(tally([*here, *there[:1]], steepness=1.0, k=K).curve)
    assert not any(tally([asked(client, seen="xa", clicks="a") for client in range(9)], steepness=1.0, k=K).curve)
    personal = [asked(client, seen="xa", clicks="a", words=None, first=client + 1) for client in range(9)]
    assert not any(tally(personal, steepness=1.0, k=K).curve)


@given(QUESTIONS)
def test_nothing_rests_on_fewer_than_k_and_nothing_is_odd(questions) -> None:
    told = tally(questions, steepness=1.0, k=K)
    for id, one in told.objects.items():
        saw = {question.client for question in questions if any(event.object_id == id for event in question.events)}
        assert one.browsers == len(saw) >= K
        assert 0 < one.looks <= one.browsers
        assert 0 <= one.choices <= max(WEIGHTS.values()) * one.browsers
    assert len(told.curve) == len(likelihoods(()))
    assert all(value <= 0 for value in told.curve), "a logarithm of chances"


@given(QUESTIONS)
def test_the_order_of_questions_says_nothing(questions) -> None:
    one, two = (tally(each, steepness=0.7, k=2).objects for each in (questions, questions[::-1]))
    assert one.keys() == two.keys()
    for id in one:
        assert one[id].looks == pytest.approx(two[id].looks)
        assert one[id].choices == two[id].choices
