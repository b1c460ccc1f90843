"""Pins stand at their places, whatever the hits are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from visual_search.features.merchandising.placing import placed, without
from visual_search.types import PROMOTED, Grade, Hit

HITS = tuple(Hit(str(n), 1 - n / 10) for n in range(1, 7))


def ids(hits) -> list[str]:
    return [hit.id for hit in hits]


def place(hits, wanted, *, allowed=None, families=None, offered=()):
    known = {hit.id: hit for hit in (*hits, *(Hit(id, 0.0) for id in offered))}
    return placed(tuple(hits), known, wanted, set(wanted) if allowed is None else allowed, families or {})


def test_pins_stand_at_their_places_and_the_others_keep_their_order() -> None:
    assert ids(place(HITS, {"5": 1, "a": 3}, offered=["a"])) == ["5", "1", "a", "2", "3", "4", "6"]


def test_of_two_pins_at_one_place_the_second_takes_the_next() -> None:
    assert ids(place(HITS, {"5": 1, "6": 1, "4": 2}))[:4] == ["5", "6", "4", "1"]


def test_pins_right_behind_a_lost_one_move_up_and_others_stay() -> None:
    wanted = {"gone": 1, "5": 2, "4": 4}
    assert ids(place(HITS, wanted)) == ["5", "1", "2", "4", "3", "6"]
    assert ids(place(HITS, {"5": 1, "6": 2}, allowed={"6"}))[:2] == ["6", "1"], "what isn't allowed is lost"


def test_a_place_beyond_the_end_is_the_end() -> None:
    assert ids(place(HITS, {"1": 50})) == ["2", "3", "4", "5", "6", "1"]


def test_pins_stay_before_what_is_nothing_close() -> None:
    far = tuple(Hit(f"far{n}", 0.1, Grade.DISTANT) for n in range(3))
    hits = place((*HITS[:1], *far), {"a": 4, "far1": 1}, offered=["a"])
    assert ids(hits) == ["far1", "1", "a", "far0", "far2"]
    assert hits[0].grade is None


def test_a_pin_has_no_grade_and_says_so() -> None:
    hit = place([Hit("1", 0.9, Grade.SAME, reason="viewed", because="7", thing=2, label="oat")], {"1": 1})[0]
    assert (hit.grade, hit.reason, hit.because, hit.thing, hit.label) == (None, PROMOTED, "", None, "")


def test_another_colour_of_a_pinned_thing_belongs_to_the_pin() -> None:
    head = Hit("1", 0.9, family="f", folded=("2", "3"))
    hits = place([head, Hit("9", 0.5)], {"2": 2}, families={"2": "f"}, offered=["2"])
    assert [(hit.id, set(hit.folded)) for hit in hits] == [("9", set()), ("2", {"1", "3"})]
    both = place([Hit("9", 0.5)], {"2": 1, "3": 2}, families={"2": "f", "3": "f"}, offered=["2", "3"])
    assert ids(both) == ["2", "9"], "a thing has one place"


def test_what_is_hidden_leaves_its_other_colours() -> None:
    head = Hit("1", 0.9, family="f", folded=("2", "3"), picture="p")
    assert without((head,), {"9"}) == (head,)
    assert [(hit.id, hit.folded, hit.picture) for hit in without((head,), {"1"})] == [("2", ("3",), "")]
    assert [(hit.id, hit.folded) for hit in without((head,), {"3"})] == [("1", ("2",))]
    assert without((head,), {"1", "2", "3"}) == ()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from("abcdef"), unique=True, max_size=6),
    st.integers(0, 6),
    st.dictionaries(st.sampled_from("abcdefxyz"), st.integers(1, 9), max_size=5),
    st.sets(st.sampled_from("abcdefxyz")),
    st.dictionaries(st.sampled_from("abcdefxyz"), st.sampled_from(["f", "g"]), max_size=4),
)
def test_nothing_is_lost_and_nothing_comes_twice(found, close, wanted, allowed, families) -> None:
    hits = tuple(
        Hit(id, 1 - n / 10, None if n < close else Grade.DISTANT, family=families.get(id, id))
        for n, id in enumerate(found)
    )
    after = place(hits, wanted, allowed=allowed, families=families, offered="xyz")
    members = [id for hit in after for id in (hit.id, *hit.folded)]
    assert len(members) == len(set(members))
    assert set(found) <= set(members)
    assert set(members) <= set(found) | (set(wanted) & allowed)
    distant = [hit.grade is Grade.DISTANT for hit in after]
    assert distant == sorted(distant)
