"""Personal order: what moves a hit, what never does, and reasons that are true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_search.ranking.rescoring import EXPLAINS, Rescored, Weights, Window, rescore, spread
from visual_search.types import TasteEvent, unit

DIMS = 8


def window_of(count: int, seed: int = 0, *, spread: float = 0.3) -> Window:
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=DIMS)
    vectors = unit(centre / np.linalg.norm(centre) + spread * rng.normal(size=(count, DIMS)) / np.sqrt(DIMS))
    return Window(tuple(f"hit {n}" for n in range(count)), np.sort(rng.random(count))[::-1], vectors)


def like(window: Window, place: int) -> dict[str, np.ndarray]:
    return {"past": window.vectors[place]}


EVENTS = st.lists(
    st.builds(
        TasteEvent,
        id=st.sampled_from([f"past {n}" for n in range(6)] + ["hit 3", "hit 9"]),
        kind=st.sampled_from(["view", "click", "basket", "purchase", "dislike"]),
        age_days=st.floats(0, 1000),
    ),
    max_size=12,
)


def vectors_of(window: Window, seed: int) -> dict[str, np.ndarray]:
    past = window_of(6, seed, spread=0.5)
    return {f"past {n}": past.vectors[n] for n in range(6)} | {
        id: window.vectors[place] for place, id in enumerate(window.ids)
    }


def test_a_hit_like_what_was_viewed_rises() -> None:
    window = window_of(30)
    after = rescore(window, [TasteEvent("past", "view")], like(window, 20))
    assert after.outcome == "personalised"
    assert after.order.index(20) < 20


def test_what_was_bought_before_rises_by_the_shops_weight() -> None:
    window = window_of(30)
    place = [
        rescore(window, [TasteEvent("hit 20", "purchase")], {}, weights=Weights(repeat=repeat)).order.index(20)
        for repeat in (0.0, 0.25, 1.0)
    ]
    assert place[0] == 20
    assert place[0] >= place[1] >= place[2]
    assert place[2] < 20


def test_a_dislike_sinks_what_resembles_it() -> None:
    window = window_of(30)
    after = rescore(window, [TasteEvent("past", "dislike")], like(window, 0), weights=Weights(clear_margin=None))
    assert after.order.index(0) > 0


def test_old_history_counts_less() -> None:
    window = window_of(30)
    new, old = (
        rescore(window, [TasteEvent("past", "purchase", age)], like(window, 20)).relevance[20] for age in (0.0, 180.0)
    )
    # Two half-lives leave a quarter of the sum inside the logarithm.
    assert np.expm1(old) == pytest.approx(np.expm1(new) / 4, rel=1e-6)


def test_history_about_something_else_changes_nothing_at_all() -> None:
    """Zero attention: what has nothing to do with the question gives exactly the base order."""
    window = window_of(30)
    after = rescore(window, [TasteEvent("past", "purchase")], {"past": -window.vectors[0]})
    assert after.outcome == "nothing_relevant"
    assert after.order == tuple(range(30))


def test_no_history_is_the_base_order_with_the_reason() -> None:
    after = rescore(window_of(30), [], {})
    assert (after.outcome, after.order, after.reasons) == ("no_history", tuple(range(30)), {})


def test_a_question_that_names_one_thing_is_left_alone() -> None:
    window = window_of(30)
    clear = Window(window.ids, np.array([10.0, *[1.0 - n / 1000 for n in range(29)]]), window.vectors)
    after = rescore(clear, [TasteEvent("past", "purchase")], like(window, 20))
    assert after.outcome == "clear_winner"
    assert after.order == tuple(range(30))


def test_without_any_vectors_only_what_was_bought_counts() -> None:
    window = window_of(30)
    blind = Window(window.ids, window.scores, np.zeros((30, DIMS), dtype=np.float32))
    after = rescore(blind, [TasteEvent("hit 20", "purchase"), TasteEvent("past", "view")], like(window, 5))
    assert not after.relevance.any()
    assert after.order.index(20) < 20
    assert np.isfinite(after.scores).all()


def test_a_vector_of_another_encoder_is_passed_over() -> None:
    after = rescore(window_of(30), [TasteEvent("past", "purchase")], {"past": np.ones(3, dtype=np.float32)})
    assert after.outcome == "nothing_relevant"


def test_the_mean_of_the_best_hits_stands_for_the_question() -> None:
    window = window_of(30)
    centre = unit(window.vectors[:10].mean(axis=0))
    event = [TasteEvent("past", "view")]
    np.testing.assert_allclose(
        rescore(window, event, like(window, 20)).scores,
        rescore(window, event, like(window, 20), query_vector=centre).scores,
        atol=1e-6,
    )


@given(EVENTS, st.integers(0, 20), st.integers(0, 12), st.integers(1, 40))
def test_the_order_is_a_permutation_within_the_cap(events: list[TasteEvent], seed: int, cap: int, count: int) -> None:
    window = window_of(count, seed)
    weights = Weights(promote_at_most=cap, relevance=3.0, repeat=3.0)
    after = rescore(window, events, vectors_of(window, seed), weights=weights)
    assert sorted(after.order) == list(range(count))
    assert all(before - now <= cap for now, before in enumerate(after.order))
    if cap >= count:
        assert all(np.diff(after.scores[list(after.order)]) <= 1e-12)


@given(EVENTS, st.integers(0, 20))
def test_the_order_of_the_history_does_not_matter(events: list[TasteEvent], seed: int) -> None:
    window = window_of(25, seed)
    one = rescore(window, events, vectors_of(window, seed))
    two = rescore(window, events[::-1], vectors_of(window, seed))
    np.testing.assert_allclose(one.scores, two.scores, atol=1e-9)


@settings(max_examples=30)
@given(EVENTS, st.integers(0, 30))
def test_reasons_are_true(events: list[TasteEvent], seed: int) -> None:
    """Taking the named thing out of the history must cost the hit more than taking out any other thing."""
    window, weights = window_of(25, seed), Weights(clear_margin=None)
    vectors = vectors_of(window, seed)
    after = rescore(window, events, vectors, weights=weights)

    def without(id: str) -> Rescored:
        return rescore(window, [event for event in events if event.id != id], vectors, weights=weights)

    for id, reason in after.reasons.items():
        place = window.ids.index(id)
        assert after.scores[place] > without(reason.id).scores[place]
        # As claimed: it rose, and without the thing it would stand lower.
        assert after.order.index(place) < place
        assert without(reason.id).order.index(place) > after.order.index(place)
        bought = any(event.id == reason.id and event.kind == "purchase" for event in events)
        assert reason.kind == ("bought" if bought else "viewed") + ("_before" if reason.id == id else "")
        if reason.kind == "bought_before":
            continue
        assert EXPLAINS <= reason.share <= 1
        loss = {other: after.relevance[place] - without(other).relevance[place] for other in {e.id for e in events}}
        assert loss[reason.id] == pytest.approx(max(loss.values()))


def test_reasons_of_one_page_are_those_of_all_on_it() -> None:
    window = window_of(40)
    events = [TasteEvent(f"hit {n}", "purchase" if n % 2 else "view") for n in range(0, 40, 3)]
    everything = rescore(window, events, vectors_of(window, 1), weights=Weights(relevance=2.0))
    page = rescore(window, events, vectors_of(window, 1), weights=Weights(relevance=2.0), shown=range(8, 16))
    assert page.order == everything.order
    there = {window.ids[place] for place in page.order[8:16]}
    assert page.reasons == {id: reason for id, reason in everything.reasons.items() if id in there}
    assert page.reasons


def test_a_reason_is_named_when_one_thing_explains_most() -> None:
    window = window_of(30)
    after = rescore(window, [TasteEvent("past", "view")], like(window, 20))
    assert after.reasons["hit 20"].id == "past"
    assert after.reasons["hit 20"].kind == "viewed"
    assert after.reasons["hit 20"].share == pytest.approx(1.0)


def test_no_reason_is_named_when_many_things_explain_a_little() -> None:
    window = window_of(30)
    events = [TasteEvent(f"past {n}", "view") for n in range(5)]
    after = rescore(window, events, {f"past {n}": window.vectors[20] for n in range(5)})
    assert after.order.index(20) < 20
    assert "hit 20" not in after.reasons


def test_taus_follow_the_encoders_spread() -> None:
    """A space whose vectors all share one direction (as e5's do) gives the same order as one without it."""
    rng = np.random.default_rng(0)
    wide = unit(rng.normal(size=(400, 64)))
    narrow = unit(np.hstack([np.full((400, 1), 2.0), wide]))
    assert spread(wide) == pytest.approx(1, abs=0.05)
    assert spread(narrow) == pytest.approx(0.2, abs=0.02)

    def order(vectors: np.ndarray, weights: Weights) -> tuple[int, ...]:
        window = Window(tuple(map(str, range(30))), np.linspace(1, 0, 30), vectors[:30])
        return rescore(window, [TasteEvent("past", "purchase")], {"past": vectors[20]}, weights=weights).order

    weights = Weights(relevance=2, tau_item=0.05)
    tuned = [order(vectors, weights.for_spread(spread(vectors))) for vectors in (wide, narrow)]
    assert tuned[0] == tuned[1]
    assert order(narrow, weights) != tuned[1]


def test_one_thing_alone_has_no_spread() -> None:
    assert spread(unit(np.ones((1, 4)))) == 0


@pytest.mark.parametrize("wrong", [{"tau_item": 0}, {"repeat": -1}, {"half_life_days": 0}, {"promote_at_most": -1}])
def test_impossible_weights_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="weights are 0 or more"):
        Weights(**wrong)


def test_empty_window() -> None:
    empty = Window((), np.zeros(0), np.zeros((0, DIMS), dtype=np.float32))
    assert rescore(empty, [TasteEvent("past", "view")], {}).order == ()
