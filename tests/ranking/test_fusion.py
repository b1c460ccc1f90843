"""Fusion keeps the order of one leg, doesn't care in which order legs come, and never rewards being worse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking.fusion import Absent, Scale, admits_more, fuse
from visual_search.types import LegAnswer, LegHit

COSINE = Scale(weight=1.0, low=0.2, high=1.0, admits=0.5)
BM25 = Scale(weight=0.6, admits=0.0, absent=Absent.NO_MATCH)

ids = st.sampled_from([f"p{n}" for n in range(12)])
cosines = st.dictionaries(ids, st.floats(-1, 1).map(lambda value: round(value, 4)), max_size=12)
bm25s = st.dictionaries(ids, st.floats(0.01, 40).map(lambda value: round(value, 3)), max_size=12)
weights = st.floats(0.05, 3)


def leg(name: str, scores: dict[str, float], *, more: int = 0) -> LegAnswer:
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    hits = tuple(LegHit(id, score) for id, score in ordered)
    return LegAnswer(name, hits, len(hits) + more, "gte" if more else "eq")


def order(fused) -> list[str]:
    return [item.id for item in fused]


@given(cosines)
def test_one_leg_alone_keeps_its_own_order(scores: dict[str, float]) -> None:
    one = leg("photo", scores)
    assert order(fuse([one], {"photo": COSINE})) == [hit.id for hit in one.hits]


def test_the_finest_difference_of_cosines_decides() -> None:
    one = leg("photo", {"a": 0.700001, "b": 0.700002, "c": 0.7})
    assert order(fuse([one], {"photo": COSINE})) == ["b", "a", "c"]


@given(cosines, cosines, bm25s, st.permutations([0, 1, 2]))
def test_legs_may_come_in_any_order(first, second, third, places) -> None:
    legs = [leg("photo", first, more=1), leg("meaning", second), leg("words", third)]
    scales = {"photo": COSINE, "meaning": replace(COSINE, weight=0.5), "words": BM25}
    assert fuse(legs, scales) == fuse([legs[place] for place in places], scales)


@given(cosines, bm25s)
def test_weight_zero_is_absence(first, second) -> None:
    legs = [leg("photo", first), leg("words", second)]
    with_zero = fuse(legs, {"photo": COSINE, "words": replace(BM25, weight=0.0)})
    without = fuse(legs[:1], {"photo": COSINE})
    assert [(item.id, item.score, item.admitted) for item in with_zero] == [
        (item.id, item.score, item.admitted) for item in without
    ]


@given(cosines, cosines, st.data(), weights, st.floats(0.001, 0.5))
def test_a_better_cosine_never_lowers_an_object(first, second, data, weight, gain) -> None:
    if not first:
        return
    chosen = data.draw(st.sampled_from(sorted(first)))
    scales = {"a": replace(COSINE, weight=weight), "b": COSINE}
    before = order(fuse([leg("a", first, more=1), leg("b", second)], scales))
    better = first | {chosen: first[chosen] + gain}
    after = order(fuse([leg("a", better, more=1), leg("b", second)], scales))
    assert after.index(chosen) <= before.index(chosen)


@given(cosines, bm25s)
def test_an_object_that_is_at_least_as_good_everywhere_comes_first(first, second) -> None:
    fused = fuse([leg("photo", first, more=1), leg("words", second)], {"photo": COSINE, "words": BM25})
    floor = min(first.values(), default=0.0)
    for place, item in enumerate(fused):
        for other in order(fused)[:place]:
            looks = first.get(item.id, floor) >= first.get(other, floor)
            assert not (looks and second.get(item.id, 0) > second.get(other, 0))


@given(cosines, cosines, bm25s)
def test_parts_add_up_to_the_score(first, second, third) -> None:
    legs = [leg("photo", first), leg("meaning", second), leg("words", third)]
    for item in fuse(legs, {"photo": COSINE, "meaning": COSINE, "words": BM25}):
        assert sum(item.parts.values()) == pytest.approx(item.score)


def test_the_score_is_the_weighted_mean_of_what_each_leg_gives() -> None:
    """Cosines by the ends of their scale, words by the best of their leg; what is best everywhere has 1."""
    photo, words = leg("photo", {"a": 1.0, "b": 0.4, "c": 0.2}), leg("words", {"a": 8.0, "b": 2.0, "c": 4.0})
    fused = fuse([photo, words], {"photo": replace(COSINE, weight=3.0), "words": replace(BM25, weight=1.0)})
    assert {item.id: item.score for item in fused} == pytest.approx({"a": 1.0, "b": 0.25, "c": 0.125})
    assert fused[1].parts == pytest.approx({"photo": 0.1875, "words": 0.0625})


def test_words_that_all_objects_have_alike_count_in_full() -> None:
    [item] = fuse([leg("words", {"a": 0.0})], {"words": BM25})
    assert (item.score, item.admitted) == (1.0, True)


def test_an_object_without_a_picture_gets_nothing_of_the_nearest_picture() -> None:
    photo, words = leg("photo", {"chair": 0.95}), leg("words", {"gift card": 5.0, "chair": 4.9})
    fused = fuse([photo, words], {"photo": COSINE, "words": BM25})
    assert order(fused) == ["chair", "gift card"]
    assert fused[1].parts["photo"] == 0.0


def test_an_object_without_a_picture_does_not_outrank_one_that_looks_wrong() -> None:
    """Both are said equally well; a picture below the scale costs what it costs, and having none is no advantage."""
    photo, words = leg("photo", {"near": 0.9, "wrong": 0.1}), leg("words", {"gift card": 5.0, "wrong": 5.0})
    fused = {item.id: item for item in fuse([photo, words], {"photo": COSINE, "words": BM25})}
    assert fused["gift card"].parts["photo"] == fused["wrong"].parts["photo"] < 0
    assert fused["gift card"].score == fused["wrong"].score


def test_scores_that_differ_by_less_than_a_billionth_are_equal_and_the_id_decides() -> None:
    """Sums of the same parts in floats differ that much between machines."""
    whole = {"photo": Scale(weight=1.0, low=0.0, high=1.0)}
    assert order(fuse([leg("photo", {"b": 0.5 + 4e-10, "a": 0.5})], whole)) == ["a", "b"]
    assert order(fuse([leg("photo", {"b": 0.5 + 2e-9, "a": 0.5})], whole)) == ["b", "a"]


def test_an_object_beyond_the_last_returned_hit_is_taken_to_lie_there() -> None:
    photo = leg("photo", {"near": 0.9, "last": 0.6}, more=1000)
    fused = {item.id: item for item in fuse([photo, leg("words", {"beyond": 3.0})], {"photo": COSINE, "words": BM25})}
    assert fused["beyond"].parts["photo"] == fused["last"].parts["photo"] > 0


def test_a_leg_that_found_nothing_good_does_not_make_its_best_look_good() -> None:
    """Dividing by a leg's best would lift a cosine of 0.3 to 1; fixed ends don't."""
    weak = leg("meaning", {"weak": 0.3})
    strong = leg("photo", {"strong": 0.9})
    assert order(fuse([weak, strong], {"meaning": COSINE, "photo": COSINE})) == ["strong", "weak"]


def test_an_exact_title_is_not_buried_by_vague_meaning() -> None:
    meaning = leg("meaning", {"exact": 0.55, **{f"vague{n}": 0.6 for n in range(10)}})
    words = leg("words", {"exact": 9.0, "vague1": 2.0})
    fused = fuse([meaning, words], {"meaning": replace(COSINE, weight=0.5), "words": BM25})
    assert order(fused)[0] == "exact"


def test_what_any_leg_admits_is_admitted() -> None:
    fused = {
        item.id: item.admitted
        for item in fuse(
            [leg("photo", {"near": 0.9, "far": 0.3}), leg("words", {"said": 1.0})], {"photo": COSINE, "words": BM25}
        )
    }
    assert fused == {"near": True, "far": False, "said": True}


@pytest.mark.parametrize(("score", "admitted"), [(0.4999, False), (0.5, True)])
def test_what_reaches_the_limit_exactly_is_admitted(score, admitted) -> None:
    [item] = fuse([leg("photo", {"a": score})], {"photo": Scale(weight=1.0, low=0.0, high=1.0, admits=0.5)})
    assert item.admitted is admitted


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (leg("photo", {"a": 0.9, "b": 0.8}, more=5), True),
        (leg("photo", {"a": 0.9, "b": 0.3}, more=5), False),
        (leg("photo", {"a": 0.9, "b": 0.8, "c": 0.3}, more=5), False),
        (replace(leg("photo", {"a": 0.9, "b": 0.8}), relation="gte"), True),
        (replace(leg("photo", {"a": 0.9, "b": 0.8}), total=3), True),
        (leg("photo", {"a": 0.9, "b": 0.8}), False),
        (leg("photo", {}), False),
    ],
    ids=[
        "all admitted",
        "the last isn't",
        "only the last isn't",
        "at least so many",
        "counted to the end",
        "complete",
        "empty",
    ],
)
def test_a_leg_that_stopped_early_admits_more_where_its_last_hit_is_admitted(answer, more) -> None:
    assert admits_more(answer, COSINE) is more


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": -1},
        {"weight": 1, "low": 1.0, "high": 0.5},
        {"weight": 1, "low": 0.5, "high": 0.5},
        {"weight": 1, "low": 0.1},
    ],
)
def test_a_scale_that_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="must be"):
        Scale(**wrong)


def test_nothing_gives_nothing() -> None:
    assert fuse([], {}) == []
    assert fuse([leg("words", {})], {"words": BM25}) == []


def test_a_leg_may_admit_only_hits_with_a_key() -> None:
    scale = replace(BM25, admits_key="all")
    hits = (LegHit("whole", 3.0, "all"), LegHit("part", 2.0), LegHit("other", 1.0, "de"))
    fused = fuse([LegAnswer("words", hits, 3)], {"words": scale})
    assert [(item.id, item.admitted) for item in fused] == [("whole", True), ("part", False), ("other", False)]
    assert not admits_more(LegAnswer("words", hits[:2], 9, "gte"), scale)
    assert admits_more(LegAnswer("words", hits[:1], 9, "gte"), scale)


def test_a_leg_in_which_nothing_has_all_that_is_asked_counts_in_part() -> None:
    scale = replace(BM25, admits_key="all", in_part=0.2)
    part = (LegHit("half", 3.0), LegHit("third", 1.5))
    scores = {item.id: item.score for item in fuse([LegAnswer("words", part, 2)], {"words": scale})}
    assert scores == {"half": pytest.approx(0.2), "third": pytest.approx(0.1)}
    whole = (LegHit("whole", 2.0, "all"), *part)
    scores = {item.id: item.score for item in fuse([LegAnswer("words", whole, 3)], {"words": scale})}
    assert scores["half"] == pytest.approx(1.0)
