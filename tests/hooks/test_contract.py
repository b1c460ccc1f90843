"""The small hooks of these tests keep the contracts, and the contracts tell good hooks from bad ones."""

from __future__ import annotations

import pytest

from tests.contracts.hooks import CuratorContract, RescorerContract, RewriterContract
from tests.hooks.doubles import Placing, Reversing, Scripted, Synonyms
from visual_search.hooks import Curated, Curators, Rewriters, Rewritten
from visual_search.types import Banner, Hit, Query

HITS = tuple(Hit(str(n), 1 - n / 10) for n in range(1, 5))
LIMIT = 600_000.0


class TestSynonyms(RewriterContract):
    @pytest.fixture
    def hook(self):
        return Synonyms({"red chair": "seat"}, {"red chair": "Home"}, {"red chair": "/sale/"})


class TestReversing(RescorerContract):
    @pytest.fixture
    def hook(self):
        return Reversing()


class TestPlacing(CuratorContract):
    @pytest.fixture
    def hook(self):
        return Placing(first=("99", "3", "3", "gone"), dropped=("1",))


def ids(hits) -> list[str]:
    return [hit.id for hit in hits]


def refuse(query: Query) -> None:
    if query.words == "impossible":
        raise ValueError("That can't be asked.")


def test_rewriters_follow_one_another_and_the_last_page_counts() -> None:
    one, two = Synonyms({"a": "b"}, pages={"a": "/one/"}), Synonyms({"b": "c"}, pages={"b": "/two/"}, name="more")
    after = Rewriters([one, two]).apply(Query(words="a"), check=refuse, limit_ms=LIMIT)
    assert (after.value.query.words, after.value.redirect) == ("c", "/two/")
    assert (after.notes, after.degraded) == (("synonyms:replaced", "more:replaced"), ())
    first = Rewriters([one]).apply(Query(words="a"), check=refuse, limit_ms=LIMIT)
    assert first.value.redirect == "/one/"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda query, moment: Rewritten(Query(collection="others")),
        lambda query, moment: Rewritten(Query(words="impossible")),
        lambda query, moment: 1 / 0,
        lambda query, moment: None,
    ],
    ids=["another collection", "a question that can't be asked", "an error", "nothing"],
)
def test_a_rewriter_that_goes_wrong_leaves_the_question_as_it_was(wrong) -> None:
    bad, good = Scripted("bad", {"rewrite": wrong}), Synonyms({"a": "b"})
    after = Rewriters([bad, good]).apply(Query(words="a"), check=refuse, limit_ms=LIMIT)
    assert (after.value.query.words, after.notes, after.degraded) == ("b", ("synonyms:replaced",), ("bad",))


def curated(*curators, hits=HITS, offered=()) -> tuple[list[str], tuple[str, ...]]:
    guard = Curators(curators)
    offers = guard.offers(Query(), limit_ms=LIMIT)
    after = guard.apply(Query(), hits, {hit.id: hit for hit in offered}, offers=offers, limit_ms=LIMIT)
    return ids(after.value.hits), after.degraded


def test_a_curator_places_adds_and_drops() -> None:
    assert curated(Placing(first=("9", "3"), dropped=("1",)), offered=[Hit("9", 0.0)]) == (["9", "3", "2", "4"], ())
    assert curated(Placing(first=("9", "3"))) == (["3", "1", "2", "4"], ()), "the filters left 9 out"


def test_the_last_page_that_curators_name_counts_and_all_that_they_say_is_said() -> None:
    def saying(**what):
        return {"curate": lambda query, hits, offered, moment: Curated(hits, **what)}

    one = Scripted("one", saying(redirect="/one/", banners=(Banner("a"),)))
    two = Scripted("two", saying(redirect="/two/", banners=(Banner("b", "/b/"),)))
    three = Scripted("three", saying())
    guard = Curators([one, two, three])
    after = guard.apply(Query(), HITS, {}, offers=guard.offers(Query(), limit_ms=LIMIT), limit_ms=LIMIT).value
    assert after == Curated(HITS, redirect="/two/", banners=(Banner("a"), Banner("b", "/b/")))


def test_each_curator_adds_what_it_named_itself() -> None:
    def add_all(query, hits, offered, moment):
        return Curated((*hits, *offered))

    greedy = Scripted("greedy", {"offers": lambda *_: ("8",), "curate": add_all})
    shown, degraded = curated(Placing(first=("9",)), greedy, offered=[Hit("8", 0.0), Hit("9", 0.0)])
    assert (shown, degraded) == (["9", "1", "2", "3", "4", "8"], ())


@pytest.mark.parametrize(
    "steps",
    [
        {"curate": lambda query, hits, offered, moment: Curated((*hits, Hit("smuggled", 9.0)))},
        {"curate": lambda query, hits, offered, moment: Curated((*hits, hits[0]))},
        {"curate": lambda query, hits, offered, moment: 1 / 0},
        {"offers": lambda query, moment: [str(n) for n in range(101)]},
        {"offers": lambda query, moment: [17]},
        {"offers": lambda query, moment: 1 / 0, "curate": lambda query, hits, offered, moment: Curated(())},
    ],
    ids=["a hit from nowhere", "a hit twice", "an error", "too many ids", "a number for an id", "an error beforehand"],
)
def test_a_curator_that_goes_wrong_changes_nothing_and_is_named_once(steps) -> None:
    shown, degraded = curated(Scripted("bad", steps), Placing(first=("4",)))
    assert (shown, degraded) == (["4", "1", "2", "3"], ("bad",))


def test_a_guard_without_hooks_is_empty() -> None:
    assert not Curators([])
    assert Curators([Placing()])
