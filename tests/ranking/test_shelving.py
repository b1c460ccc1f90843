"""What a photo of several things found comes in turns, and is marked with its thing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking.shelving import again_in_turns, in_turns, shelves
from visual_search.types import Grade, Hit, LegAnswer, LegHit, Region


def hit(id: str, grade: Grade | None = Grade.SIMILAR, **more: object) -> Hit:
    return Hit(id, 0.5, grade, **more)


def leg(*scored: tuple[str, float]) -> LegAnswer:
    return LegAnswer("photo", tuple(LegHit(id, score) for id, score in scored), len(scored))


PLAIN, HIDDEN = Region((0, 0, 1, 1), "couch", 0.9), Region((0, 0, 0.2, 0.2), "cup", 0.4)


def marked(hits: tuple[Hit, ...]) -> list[tuple[str, int | None]]:
    return [(one.id, one.thing) for one in hits]


def test_the_plain_thing_that_the_shop_sells_comes_first() -> None:
    assert shelves([HIDDEN, PLAIN], {0: leg(("cup", 0.8)), 1: leg(("sofa", 0.5))}) == ((1, ("sofa",)), (0, ("cup",)))
    # However plain it is, a thing that nothing in the shop comes near to is not what is asked for.
    assert shelves([HIDDEN, PLAIN], {0: leg(("cup", 0.8)), 1: leg(("sofa", 0.1))})[0][0] == 0
    assert shelves([HIDDEN, PLAIN], {1: leg(), 0: leg(("cup", 0.8)), 7: leg(("x", 1.0))}) == ((0, ("cup",)),)


def test_each_thing_has_its_turn_and_a_hit_is_shown_once() -> None:
    hits = [hit(id) for id in ("a1", "a2", "a3", "b1", "both", "whole")]
    found = in_turns(hits, [(4, ("both", "a1", "a2", "a3")), (2, ("both", "b1"))])
    assert marked(found) == [("both", 4), ("b1", 2), ("a1", 4), ("a2", 4), ("a3", 4), ("whole", None)]


def test_the_very_thing_stays_in_front_and_what_is_not_close_behind() -> None:
    hits = [
        hit("code", None, reason="exact code"), hit("copy", Grade.SAME, reason="same picture"), hit("word", None),
        hit("a"), hit("seen", Grade.SAME), hit("b"), hit("far", Grade.DISTANT),
    ]  # fmt: skip
    found = in_turns(hits, [(2, ("b",)), (0, ("far", "a", "seen")), (1, ("far", "copy"))])
    assert marked(found) == [
        ("code", None), ("copy", 1), ("seen", 0), ("b", 2), ("a", 0), ("word", None), ("far", None),
    ]  # fmt: skip


def test_somebody_s_own_order_decides_within_a_thing_and_the_turns_stay() -> None:
    found = in_turns([hit(id) for id in "abcd"], [(0, ("a", "b")), (1, ("c", "d"))])
    assert marked(found) == [("a", 0), ("c", 1), ("b", 0), ("d", 1)]
    own = sorted(found, key=lambda one: one.id, reverse=True)
    assert marked(again_in_turns(own)) == [("d", 1), ("b", 0), ("c", 1), ("a", 0)]


def test_an_order_of_hits_that_are_for_no_thing_stays_as_it_is() -> None:
    own = [hit("far", Grade.DISTANT), hit("a"), hit("code", None, reason="exact code")]
    assert again_in_turns(own) == tuple(own)


grades = st.sampled_from([*Grade, None])


@given(st.lists(st.tuples(st.integers(0, 20), grades), unique_by=lambda pair: pair[0], max_size=15),
       st.dictionaries(st.integers(0, 4), st.lists(st.integers(0, 25), unique=True), max_size=4))  # fmt: skip
def test_no_hit_is_lost_or_doubled_and_a_second_time_changes_nothing(given_hits, given_shelves) -> None:
    hits = [hit(str(id), grade) for id, grade in given_hits]
    found = in_turns(hits, [(number, tuple(map(str, ids))) for number, ids in given_shelves.items()])
    assert sorted(one.id for one in found) == sorted(one.id for one in hits)
    assert again_in_turns(found) == found
    far = [one.grade is Grade.DISTANT for one in found]
    assert far == sorted(far)
