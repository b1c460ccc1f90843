"""The note of an answer: small enough for the log's box, and it tells teams only to whoever has the answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visual_search.features.experiments import teams
from visual_search.features.experiments.drafting import Drafted, Team
from visual_search.features.query_log.facts import MOST_NOTE_CHARS

drafts = st.dictionaries(st.text(min_size=1, max_size=30), st.sampled_from(Team), max_size=120).map(
    lambda by_id: Drafted(tuple(by_id), by_id)
)


def noted(drafted: Drafted, *, first: int = 0, experiment: int = 7, seed: str = "seed") -> teams.Noted:
    read = teams.read([f"{teams.HOOK}:{teams.note(experiment, seed, drafted, first=first)}"])
    assert read is not None
    return read


@given(drafts)
def test_a_hit_has_the_team_that_it_was_drafted_by_or_none(drafted: Drafted) -> None:
    read = noted(drafted)
    assert (read.experiment, read.control) == (7, False)
    told = {id: read.team(id) for id in drafted.order[: teams.MOST_HITS]}
    assert all(team in (None, drafted.teams[id]) for id, team in told.items())


def test_of_a_page_nearly_every_hit_keeps_its_team() -> None:
    told = lost = 0
    for answer in range(200):
        drafted = Drafted(
            order := tuple(f"{answer}-{n}" for n in range(80)), {id: Team("ab"[n % 2]) for n, id in enumerate(order)}
        )
        read = noted(drafted)
        told += 80
        lost += sum(read.team(id) is None for id in order)
    assert 0 < lost < 0.03 * told


@given(drafts, st.integers(0, 10**12 - 1))
def test_it_fits_into_what_the_log_keeps_of_a_note(drafted: Drafted, experiment: int) -> None:
    text = f"{teams.HOOK}:{teams.note(experiment, 'seed', drafted, first=0)}"
    assert len(text) <= MOST_NOTE_CHARS
    assert text.isascii()


def test_hits_of_the_shared_head_and_of_earlier_pages_have_no_team() -> None:
    drafted = Drafted(("head", "one", "two"), {"one": Team.A, "two": Team.B})
    assert [noted(drafted, first=2).team(id) for id in drafted.order] == [None, None, Team.B]
    assert [noted(drafted).team(id) for id in ("head", "placed by a curator")] == [None, None]


def test_all_pages_of_an_answer_say_that_they_are_one() -> None:
    drafted = Drafted(("one",), {"one": Team.A})
    assert noted(drafted).answer == noted(drafted, first=1).answer
    assert noted(drafted).answer != noted(drafted, seed="other").answer


def test_an_answer_of_the_control_has_no_teams() -> None:
    read = teams.read(["personal:sorted", f"{teams.HOOK}:{teams.control(3, 'seed')}"])
    assert (read.experiment, read.control, read.teams) == (3, True, {})


@given(st.lists(st.text(max_size=60) | st.from_regex(r"interleave:\d{1,3}\.[\w-]{0,6}\.[\w-]{0,9}", fullmatch=True)))
def test_whatever_stands_in_a_note_is_no_trouble(notes: list[str]) -> None:
    read = teams.read(notes)
    assert read is None or isinstance(read, teams.Noted)
