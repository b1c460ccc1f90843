"""Who sees the drafted list, and that its pages agree."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from django.test import Client

from tests.contracts.hooks import FOREVER, NO_LIMIT, RescorerContract
from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
from visual_search import search
from visual_search.access import query_ids
from visual_search.features.experiments import current, running, teams
from visual_search.features.experiments.current import Running
from visual_search.features.experiments.rescorer import InterleavingRescorer
from visual_search.hooks import Rescorers
from visual_search.types import Query

SEED = "0190a0b0-0000-8000-8000-000000000000"


class TestWhileNothingIsTried(RescorerContract):
    questions = (Query(words="red chair", pages_of=SEED), *RescorerContract.questions)

    @pytest.fixture
    def hook(self, monkeypatch) -> InterleavingRescorer:
        monkeypatch.setattr(current, "running", lambda: None)
        return InterleavingRescorer()

    def test_hits_stay_as_they_came(self, hook) -> None:
        for query in self.questions:
            after = hook.rescore(query, self.hits, FOREVER)
            assert (after.hits, after.note) == (self.hits, "")


class TestWhileAnExperimentRuns(RescorerContract):
    questions = (
        Query(words="red chair", pages_of=SEED),
        Query(words="red chair", pages_of=SEED, page=2),
        Query(words="чайник", pages_of="another answer"),
        *RescorerContract.questions,
    )

    @pytest.fixture
    def hook(self, rankings, monkeypatch) -> InterleavingRescorer:
        monkeypatch.setattr(current, "running", lambda: Running(1, "", "upside down", 1.0))
        return InterleavingRescorer()

    def test_the_list_holds_picks_of_both(self, hook) -> None:
        after = hook.rescore(self.questions[0], self.hits, FOREVER)
        ids = [hit.id for hit in after.hits]
        first, last_close = self.hits[0].id, [hit.id for hit in self.hits if hit.grade != "nothing close"][-1]
        assert set(ids[:2]) == {first, last_close}

    def test_all_pages_of_an_answer_agree_and_other_answers_get_other_coins(self, hook) -> None:
        one = hook.rescore(self.questions[0], self.hits, FOREVER).hits
        assert hook.rescore(self.questions[1], self.hits, FOREVER).hits == one
        orders = {
            tuple(hit.id for hit in hook.rescore(replace(self.questions[0], pages_of=str(n)), self.hits, FOREVER).hits)
            for n in range(8)
        }
        assert len(orders) > 2

    @pytest.mark.parametrize(
        "query",
        [
            Query(words="red chair"),
            Query(words="red chair", pages_of=""),
            Query(words="red chair", pages_of=SEED, sort="-price"),
            Query(pages_of=SEED),
            Query(words="red chair", pages_of=SEED, collection="gadgets"),
        ],
        ids=["no part in it", "no id yet", "sorted", "browsing", "another collection"],
    )
    def test_who_takes_no_part_sees_the_shops_ranking(self, hook, query) -> None:
        after = hook.rescore(query, self.hits, FOREVER)
        assert (after.hits, after.note) == (self.hits, "")

    def test_a_share_of_the_answers_is_kept_out_to_compare_with(self, hook, monkeypatch) -> None:
        monkeypatch.setattr(current, "running", lambda: Running(1, "", "upside down", 0.5))
        control = 0
        for n in range(200):
            after = hook.rescore(replace(self.questions[0], pages_of=str(n)), self.hits, FOREVER)
            noted = teams.read([f"interleave:{after.note}"])
            assert noted.control == (after.hits == self.hits)
            control += noted.control
        assert 60 < control < 140

    @pytest.mark.parametrize("name", ["greedy", "failing", "gone"])
    def test_a_ranking_that_goes_wrong_is_skipped_and_named(self, hook, monkeypatch, name, caplog) -> None:
        monkeypatch.setattr(current, "running", lambda: Running(1, "", name, 1.0))
        after = Rescorers([hook]).apply(self.questions[0], self.hits, window=len(self.hits), limit_ms=NO_LIMIT)
        assert (after.value, after.notes, after.degraded) == (self.hits, (), ("interleave",))

    def test_two_named_rankings_can_be_compared(self, hook, monkeypatch) -> None:
        monkeypatch.setattr(current, "running", lambda: Running(1, "by id", "upside down", 1.0))
        after = hook.rescore(self.questions[0], self.hits, FOREVER)
        assert after.hits != self.hits


# --- In the shop --------------------------------------------------------------------------------


@pytest.fixture
def trial(shop, rankings) -> running.Experiment:  # noqa: F811
    return running.start("upside down", share=1.0)


def ids(page) -> list[str]:
    return [hit.id for hit in page.hits]


def test_pages_of_one_answer_show_each_hit_once(shop, trial) -> None:  # noqa: F811
    whole = Query(words="home", language="en", pages_of="", page_size=20)
    firsts = set()
    for _ in range(8):
        first = search.search(replace(whole, page_size=2))
        assert first.pages_of == first.query_id
        shown = ids(first)
        firsts.add(tuple(shown))
        page = 1
        while page * 2 < first.total:
            page += 1
            further = search.search(replace(whole, page_size=2, page=page, pages_of=first.pages_of))
            assert further.pages_of == first.query_id
            assert further.query_id != first.query_id
            shown += ids(further)
        assert sorted(shown) == sorted(set(shown))
        assert len(shown) == first.total
    assert len(firsts) > 1, "coins fall differently from answer to answer"


def test_callers_that_carry_no_id_see_the_shops_ranking(shop, trial) -> None:  # noqa: F811
    query = Query(words="home", language="en")
    assert len({tuple(ids(search.search(query))) for _ in range(6)}) == 1
    assert search.search(query).notes == ()


def test_the_storefront_takes_part_and_carries_the_id_to_the_next_page(shop, trial, client, settings) -> None:  # noqa: F811
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "PAGE_SIZE": 2}
    heard = []
    search.search_served.connect(
        listen := lambda query, page, **kwargs: heard.append((query.pages_of, page.pages_of, page.notes)), weak=False
    )
    try:
        text = client.get("/search/", {"q": "home"}).content.decode()
        [first] = re.findall(r'name="first" value="([0-9a-f-]+)"', text)
        client.get("/search/", {"q": "home", "page": 2, "first": first})
        client.get("/search/", {"q": "home", "page": 1, "first": first})
        client.get("/search/", {"q": "another chair", "first": first})
        client.get("/search/", {"q": "home", "page": 2})
        client.get("/search/", {"q": "home", "page": 2, "first": SEED})
    finally:
        search.search_served.disconnect(listen)
    asked = [pages_of for pages_of, _, _ in heard]
    assert asked[:3] == [first, first, first]
    assert asked[3] not in (first, None)
    assert asked[4:] == [None, None], "a page without a sound id shows the shop's ranking"
    assert all(notes and page == pages for pages, page, notes in heard[:4])


@pytest.mark.parametrize("headers", [{"Sec-GPC": "1"}, {"DNT": "1"}, {"X-Privacy": "nolog"}])
def test_who_wants_no_note_sees_the_shops_ranking(shop, trial, headers) -> None:  # noqa: F811
    heard = []
    search.search_served.connect(listen := lambda query, page, **kwargs: heard.append((query, page)), weak=False)
    try:
        for _ in range(4):
            Client(headers=headers).get("/search/", {"q": "home"})
    finally:
        search.search_served.disconnect(listen)
    assert {query.pages_of for query, _ in heard} == {None}
    assert len({tuple(ids(page)) for _, page in heard}) == 1
    assert all(page.notes == () for _, page in heard)


def test_after_it_is_stopped_everybody_sees_the_shops_ranking(shop, trial) -> None:  # noqa: F811
    query = Query(words="home", language="en", pages_of="")
    assert search.search(query).notes
    running.stop(trial)
    assert search.search(query).notes == ()


def test_the_id_of_an_answer_is_made_once(shop) -> None:  # noqa: F811
    page = search.search(Query(words="chair", pages_of=""))
    query_ids.refuse_foreign(UUID(page.query_id), field="query_id")
    assert page.pages_of == "", "where no rescorer took part there is nothing to carry"


# --- Starting -----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"b": "gone"}, "b is 'gone'; it must be one of the rankings in EXPERIMENT_RANKINGS: upside down, by id"),
        ({"b": "by id", "a": "gone"}, "a is 'gone'"),
        ({"b": ""}, "a and b are both ''"),
        ({"b": "by id", "a": "by id"}, "a and b are both 'by id'"),
        ({"b": "by id", "share": 0.0}, "share is 0.0; it must be above 0 and at most 1"),
        ({"b": "by id", "share": float("nan")}, "share is nan"),
        ({"b": "by id", "most_days": 29}, "days is 29; it must be from 1 to 28"),
        ({"b": "by id", "slow_ms": -1}, "slow_ms is -1; it must be above 0"),
    ],
)
def test_what_cannot_be_tried_is_told(rankings, given, problem) -> None:
    with pytest.raises(running.CannotBeTried, match=problem):
        running.start(**given)
    assert not running.Experiment.objects.exists()


@pytest.mark.django_db
def test_one_runs_at_a_time(rankings) -> None:
    first = running.start("by id")
    with pytest.raises(running.CannotBeTried, match="Another experiment is running"):
        running.start("upside down")
    assert running.stop(first)
    assert not running.stop(first)
    running.start("upside down")
