"""Two rankings become one list in which neither is favoured."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.features.experiments.drafting import Team, coins, draft, takes_part

KEY = b"k" * 32
rankings = st.integers(0, 12).flatmap(
    lambda size: st.tuples(
        st.permutations([str(n) for n in range(size)]), st.permutations([str(n) for n in range(size)])
    )
)


@given(rankings, st.text(max_size=20))
def test_each_hit_is_shown_once_and_below_the_shared_head_each_has_a_team(pair, seed: str) -> None:
    a, b = pair
    drafted = draft(a, b, coins(KEY, seed))
    assert sorted(drafted.order) == sorted(a)
    head = next((n for n, (one, other) in enumerate(zip(a, b, strict=True)) if one != other), len(a))
    assert list(drafted.order[:head]) == list(a[:head])
    assert set(drafted.teams) == set(a[head:])


@given(rankings, st.text(max_size=20))
def test_in_no_round_is_a_team_ahead_by_more_than_a_pick(pair, seed: str) -> None:
    a, b = pair
    drafted = draft(a, b, coins(KEY, seed))
    picks = [drafted.teams[id] for id in drafted.order if id in drafted.teams]
    for place in range(len(picks) + 1):
        assert abs(picks[:place].count(Team.A) - picks[:place].count(Team.B)) <= 1
    for n in range(0, len(picks) - 1, 2):
        assert set(picks[n : n + 2]) == {Team.A, Team.B}


@given(rankings, st.text(max_size=20))
def test_a_teams_picks_stand_in_its_own_order(pair, seed: str) -> None:
    a, b = pair
    drafted = draft(a, b, coins(KEY, seed))
    for team, ranking in ((Team.A, a), (Team.B, b)):
        places = [ranking.index(id) for id in drafted.order if drafted.teams.get(id) is team]
        assert places == sorted(places)


@given(rankings, st.integers(0, 12))
def test_what_both_rankings_keep_behind_stays_behind(pair, close: int) -> None:
    """Hits that are graded "nothing close" mustn't come before close ones."""
    a, b = ([*(id for id in one if int(id) < close), *(id for id in one if int(id) >= close)] for one in pair)
    behind = [int(id) >= close for id in draft(a, b, coins(KEY, "seed")).order]
    assert behind == sorted(behind)


def test_by_hand() -> None:
    a, b = list("xabcd"), list("xcbad")
    drafted = draft(a, b, iter([True, False, True]))
    assert drafted.order == ("x", "a", "c", "b", "d")
    assert drafted.teams == {"a": Team.A, "c": Team.B, "b": Team.B, "d": Team.A}


@pytest.mark.parametrize(("a", "b"), [("ab", "abc"), ("ab", "ac"), ("aa", "aa")])
def test_rankings_of_other_hits_are_refused(a: str, b: str) -> None:
    with pytest.raises(ValueError, match="the same hits, each once"):
        draft(a, b, coins(KEY, "seed"))


def test_shoppers_who_like_both_alike_meet_both_teams_alike_at_every_place() -> None:
    """Whatever place somebody clicks: over many answers half of the hits there are A's."""
    a, b = list("abcdef"), list("fedcba")
    runs = 4_000
    first = [draft(a, b, coins(KEY, str(n))) for n in range(runs)]
    for place in range(6):
        of_a = sum(drafted.teams[drafted.order[place]] is Team.A for drafted in first)
        assert abs(of_a - runs / 2) < 4 * (runs / 4) ** 0.5


def test_coins_are_fair_the_same_for_a_seed_and_others_with_another_key() -> None:
    thrown = list(islice(coins(KEY, "one"), 20_000))
    assert thrown == list(islice(coins(KEY, "one"), 20_000))
    assert abs(sum(thrown) - 10_000) < 4 * 5_000**0.5
    alike = sum(x == y for x, y in zip(thrown, islice(coins(b"other", "one"), 20_000), strict=True))
    assert abs(alike - 10_000) < 4 * 5_000**0.5


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9, 1.0])
def test_the_share_of_answers_that_take_part(share: float) -> None:
    runs = 4_000
    taking = sum(takes_part(KEY, str(n), share) for n in range(runs))
    assert abs(taking - share * runs) <= 4 * (runs * share * (1 - share)) ** 0.5


def test_who_takes_part_says_nothing_of_the_first_coin() -> None:
    seeds = [str(n) for n in range(8_000)]
    inside = [next(coins(KEY, seed)) for seed in seeds if takes_part(KEY, seed, 0.5)]
    assert abs(sum(inside) / len(inside) - 0.5) < 4 * 0.5 / len(inside) ** 0.5
