"""The algebra of composed questions, as properties."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking import composing
from visual_search.ranking.composing import MOST_LOSS, Unwanted, gathered, nearest_of, penalties, shares, without
from visual_search.ranking.fusion import Scale, fuse
from visual_search.types import LegAnswer, LegHit, LegId, LegKind, LegName, Query, QueryPicture

ids = st.sampled_from("abcdefgh")
cosines = st.floats(-1, 1, width=32)
weights = st.floats(0, 10)
answers = st.dictionaries(ids, cosines, max_size=8)


def leg(name: LegName, scores: dict[str, float], *, more: int = 0) -> LegAnswer:
    hits = tuple(LegHit(id, score) for id, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))
    return LegAnswer(name, hits, len(hits) + more, "gte" if more else "eq")


def order_of(parts: list[tuple[dict[str, float], float]]) -> list[tuple[str, float]]:
    """The fused order of several photos with weights, as the search makes it."""
    legs = [leg(f"photo{number or ''}", scores) for number, (scores, _) in enumerate(parts)]
    counts = shares([weight for _, weight in parts])
    scales = {each.name: Scale(count, 0.0, 1.0, 0.3) for each, count in zip(legs, counts, strict=True)}
    return [(item.id, round(item.score, 9)) for item in fuse(legs, scales)]


@given(st.lists(weights, max_size=6))
def test_parts_together_count_as_much_as_the_heaviest(given_weights) -> None:
    assert sum(shares(given_weights)) == pytest.approx(max(given_weights, default=0.0))


@given(st.lists(st.tuples(answers, st.floats(0.125, 10)), min_size=1, max_size=4), st.randoms())
def test_order_means_nothing(parts, random) -> None:
    mixed = parts.copy()
    random.shuffle(mixed)
    assert dict(order_of(mixed)) == pytest.approx(dict(order_of(parts)), abs=1e-6)


@given(st.lists(st.tuples(answers, st.floats(0.125, 10)), min_size=1, max_size=3), answers, st.integers(0, 3))
def test_a_weight_of_zero_is_absence(parts, other, place) -> None:
    more = [*parts[:place], (other, 0.0), *parts[place:]]
    assert dict(order_of(more)) == pytest.approx(dict(order_of(parts)), abs=1e-6)


@given(st.lists(answers, min_size=1, max_size=4))
def test_one_leg_of_a_photo_of_many_things(parts) -> None:
    merged = nearest_of([leg(f"photo/{number}", scores) for number, scores in enumerate(parts)], "photo")
    assert {hit.id: hit.score for hit in merged.hits} == {
        id: max(scores[id] for scores in parts if id in scores) for id in {id for scores in parts for id in scores}
    }
    assert [hit.score for hit in merged.hits] == sorted((hit.score for hit in merged.hits), reverse=True)


def test_what_is_less_near_than_the_unknown_is_not_claimed() -> None:
    merged = nearest_of([leg("p", {"a": 0.9, "b": 0.8}, more=5), leg("p/0", {"c": 0.7, "d": 0.2}, more=5)], "p")
    assert [hit.id for hit in merged.hits] == ["a", "b"], "something that neither returned may lie at .79"
    assert merged.relation == "gte"


def test_other_legs_stay_as_they_are() -> None:
    photo, part, other = LegId(LegKind.PHOTO), LegId(LegKind.PHOTO, part=0), LegId(LegKind.PHOTO, 1)
    legs = (leg("words", {"a": 3.0}), leg(photo, {"a": 0.5}), leg(part, {"b": 0.6}), leg(other, {"a": 0.1}))
    assert [(str(each.name), len(each.hits)) for each in gathered(legs)] == [("words", 1), ("photo", 2), ("photo1", 1)]


@given(answers, answers, st.floats(0, 10))
def test_a_negative_never_raises_what_it_names(wanted, unwanted, weight) -> None:
    """No score goes up; of two equally wanted, the nearer to the unwanted stands no higher; what is named gains no place."""
    fused = fuse([leg("photo", wanted)], {"photo": Scale(1.0, 0.0, 1.0, 0.3)})
    unwanted = {id: score for id, score in unwanted.items() if id in wanted}
    if unwanted:
        named = max(unwanted, key=lambda id: (unwanted[id], id))
        unwanted[named] = 1.0  # The thing itself looks exactly like itself.
    lost = penalties([Unwanted(leg("unlike", unwanted), 0.28, 1.0, weight)])
    after = without(fused, lost)
    before = {item.id: item.score for item in fused}
    assert all(item.score <= before[item.id] for item in after)
    assert all(loss <= MOST_LOSS * weight + 1e-9 for loss in lost.values())
    assert all(sum(item.parts.values()) == pytest.approx(item.score) for item in after)
    if unwanted:
        places = [[item.id for item in each].index(named) for each in (fused, after)]
        ties = [item.id for item in fused if round(before[item.id], 9) == round(before[named], 9)]
        assert places[1] >= places[0] or len(ties) > 1 or lost.get(named, 0) == 0


@given(answers, answers)
def test_the_nearer_to_the_unwanted_the_more_is_lost(one, other) -> None:
    lost = penalties([Unwanted(leg("a", one), 0.28, 1.0), Unwanted(leg("b", other), 0.28, 1.0)])
    nearness = {id: max(one.get(id, -1), other.get(id, -1)) for id in {*one, *other}}
    ordered = sorted(nearness, key=lambda id: nearness[id])
    losses = [lost.get(id, 0.0) for id in ordered]
    assert losses == sorted(losses)


def test_the_simplest_form_of_a_question() -> None:
    query = Query(
        pictures=(QueryPicture(weight=0.0), QueryPicture(weight=2.0)),
        words="oak", words_weight=0.0,
        like=("1", "2", "3", "2"), like_weights={"1": 0.0, "3": -1.0}, unlike=("4",),
    )  # fmt: skip
    found = composing.simplest(query)
    assert (len(found.pictures), found.words, found.like, found.unlike) == (1, "", ("2",), ("4", "3"))


def test_the_example() -> None:
    assert doctest.testmod(composing).failed == 0
