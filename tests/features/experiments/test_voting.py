"""One vote for each client, day and question, whatever is clicked how often."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from visual_search.features.experiments import teams
from visual_search.features.experiments.drafting import Drafted, Team
from visual_search.features.experiments.voting import Rates, Votes, rates, votes
from visual_search.types import Found, SealedEvent, SealedQuestion

DRAFTED = Drafted(("h", "a1", "b1", "a2", "b2"), {"a1": Team.A, "b1": Team.B, "a2": Team.A, "b2": Team.B})


def question(
    *done: tuple[str, str], client: int = 1, words: int | None = 1, experiment: int = 5, **more
) -> SealedQuestion:
    """`done`: (action, object id)."""
    seed = more.pop("seed", "seed")
    notes = more.pop("notes", (f"{teams.HOOK}:{teams.note(experiment, seed, DRAFTED, first=0)}",))
    return SealedQuestion(
        query_id=uuid4(), client=client, words=words, text=None, collection="products", language="en",
        kind=more.pop("kind", "text"), found=more.pop("found", Found.MANY), notes=notes,
        events=tuple(SealedEvent(action, id) for action, id in done), **more,
    )  # fmt: skip


def test_a_click_votes_for_the_team_that_picked_the_hit() -> None:
    asked = [question(("click", "a1")), question(("click", "b2"), client=2), question(("click", "b1"), client=3)]
    assert votes(asked, 5) == Votes(wins_a=1, wins_b=2)


def test_a_basket_beats_clicks() -> None:
    asked = [question(("click", "a1"), ("click", "a2"), ("basket", "b1"))]
    assert votes(asked, 5) == Votes(wins_b=1)
    assert votes([question(("click", "a1"), ("purchase", "b1"))], 5) == Votes(wins_b=1)


def test_baskets_of_both_leave_the_word_to_clicks() -> None:
    asked = [question(("basket", "a1"), ("basket", "b1"), ("click", "a2"))]
    assert votes(asked, 5) == Votes(wins_a=1)


def test_who_chooses_of_both_alike_is_a_tie_and_who_chooses_nothing_is_none() -> None:
    assert votes([question(("click", "a1"), ("click", "b1"))], 5) == Votes(ties=1)
    assert votes([question(), question(("impression", "a1"), ("view", "b1"), client=2)], 5) == Votes()


def test_a_client_has_one_vote_for_a_question_however_often_it_asks_and_clicks() -> None:
    asked = [question(*[("click", "b1")] * 9, ("click", "b2")) for _ in range(20)]
    assert votes(asked, 5) == Votes(wins_b=1)
    assert votes([*asked, question(("click", "b1"), words=2)], 5) == Votes(wins_b=2)
    assert votes([*asked, question(("click", "b1"), client=2)], 5) == Votes(wins_b=2)


def test_the_pages_of_a_photos_answer_are_one_question_and_two_photos_are_two() -> None:
    pages = [question(("click", "b1"), words=None, page=n) for n in (1, 2)]
    assert votes(pages, 5) == Votes(wins_b=1)
    assert votes([*pages, question(("click", "b1"), words=None, seed="another photo")], 5) == Votes(wins_b=2)


def test_what_has_no_team_or_is_of_another_experiment_says_nothing() -> None:
    asked = [
        question(("click", "h")),
        question(("click", "placed by a rule"), client=2),
        question(("click", "a1"), client=3, experiment=6),
        question(("click", "a1"), client=4, notes=()),
        question(("click", "a1"), client=5, notes=(f"{teams.HOOK}:{teams.control(5, 'seed')}",)),
    ]
    assert votes(asked, 5) == Votes()


events = st.tuples(
    st.sampled_from(["click", "basket", "view", "purchase"]), st.sampled_from(["h", "a1", "a2", "b1", "b2", "x"])
)
asked_lists = st.lists(
    st.builds(
        lambda done, client, words: question(*done, client=client, words=words),
        st.lists(events, max_size=5), st.integers(1, 3), st.integers(1, 3) | st.none(),
    ),
    max_size=12,
)  # fmt: skip


@given(asked_lists, st.randoms())
def test_no_order_of_the_questions_changes_the_votes_and_nobody_has_more_than_one(asked, dice) -> None:
    cast = votes(asked, 5)
    shuffled = list(asked)
    dice.shuffle(shuffled)
    assert votes(shuffled, 5) == cast
    assert cast.wins_a + cast.wins_b + cast.ties <= len({(one.client, one.words) for one in asked})


@given(asked_lists)
def test_with_the_teams_changed_the_votes_are_changed(asked) -> None:
    swap = {"a1": "b1", "b1": "a1", "a2": "b2", "b2": "a2"}
    mirrored = [
        question(*((event.action, swap.get(event.object_id, event.object_id)) for event in one.events),
                 client=one.client, words=one.words)
        for one in asked
    ]  # fmt: skip
    cast = votes(asked, 5)
    assert votes(mirrored, 5) == Votes(cast.wins_b, cast.wins_a, cast.ties)


def test_rates_are_counted_by_answer() -> None:
    asked = [
        question(("basket", "a1"), ("basket", "b1"), took_ms=90),
        question(found=Found.NOTHING, took_ms=1001),
        question(found=Found.NOTHING_CLOSE, took_ms=1000),
        question(("click", "a1"), found=Found.FEW),
    ]
    assert rates(asked, slow_ms=1000) == Rates(answers=4, zero=2, slow=1, baskets=1)
