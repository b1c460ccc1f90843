"""What every rewriter, rescorer and curator promises. A feature's hook is done when its subclass passes.

A subclass gives `hook`, and what it is tried with: questions, and hits where it gets any.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections

from visual_search.hooks import (
    MOST_OFFERED,
    Curator,
    Curators,
    Moment,
    OutOfTime,
    Rescorer,
    Rescorers,
    Rewriter,
    Rewriters,
)
from visual_search.types import Grade, Hit, Query

FOREVER = Moment(float("inf"))
OVER = Moment(float("-inf"))
NO_LIMIT = 600_000.0
GRADES = (Grade.SAME, Grade.VERY_SIMILAR, None, Grade.SIMILAR, Grade.DISTANT)


def hits(count: int) -> tuple[Hit, ...]:
    return tuple(Hit(str(n + 1), 1 - n / 100, GRADES[n * len(GRADES) // count]) for n in range(count))


class HookContract:
    """What all three kinds share. `ask` is one use of the hook with a question."""

    questions: Sequence[Query] = (Query(), Query(words="red chair"), Query(words="чайник", sort="-price", page=3))

    @pytest.fixture
    def hook(self):
        raise NotImplementedError

    def ask(self, hook, query: Query, moment: Moment = FOREVER) -> object:
        raise NotImplementedError

    def test_its_name_can_stand_in_an_answer(self, hook) -> None:
        assert hook.name
        assert hook.name == hook.name.strip().lower()
        assert ":" not in hook.name, "what stands behind a colon is what it did"

    def test_the_same_question_gets_the_same_answer(self, hook) -> None:
        for query in self.questions:
            assert self.ask(hook, query) == self.ask(hook, query)

    def test_several_threads_may_use_it_at_once(self, hook) -> None:
        alone = [self.ask(hook, query) for query in self.questions]
        together = threading.Barrier(4)

        def work(_: int) -> list[object]:
            together.wait(timeout=30)
            try:
                return [self.ask(hook, query) for query in self.questions]
            finally:
                connections.close_all()  # A hook may read tables, and PostgreSQL drops no database that a thread still has open.

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(work, range(4))) == [alone] * 4

    def test_time_that_is_up_ends_it_or_gives_a_whole_answer(self, hook) -> None:
        for query in self.questions:
            try:
                late = self.ask(hook, query, OVER)
            except OutOfTime:
                continue
            assert late == self.ask(hook, query)


class RewriterContract(HookContract):
    def ask(self, hook, query: Query, moment: Moment = FOREVER) -> object:
        return hook.rewrite(query, moment)

    def test_it_is_a_rewriter(self, hook) -> None:
        assert isinstance(hook, Rewriter)

    def test_the_guard_takes_every_question_that_it_leaves(self, hook) -> None:
        for query in self.questions:
            after = Rewriters([hook]).apply(query, check=lambda changed: None, limit_ms=NO_LIMIT)
            assert after.degraded == ()

    def test_a_question_that_it_has_rewritten_stays(self, hook) -> None:
        """Else a page and its next page would be asked differently."""
        for query in self.questions:
            once = hook.rewrite(query, FOREVER).query
            assert hook.rewrite(once, FOREVER).query == once


class RescorerContract(HookContract):
    hits: tuple[Hit, ...] = hits(24)

    def ask(self, hook, query: Query, moment: Moment = FOREVER) -> object:
        return hook.rescore(query, self.hits, moment)

    def test_it_is_a_rescorer(self, hook) -> None:
        assert isinstance(hook, Rescorer)

    def test_it_gives_back_exactly_the_hits_that_it_got(self, hook) -> None:
        for query in self.questions:
            after = Rescorers([hook]).apply(query, self.hits, window=len(self.hits), limit_ms=NO_LIMIT)
            assert after.degraded == ()
            assert {hit.id for hit in after.value} == {hit.id for hit in self.hits}
            assert len(after.value) == len(self.hits)

    def test_what_is_nothing_close_stays_behind(self, hook) -> None:
        """A page shows these apart: one that came forward would tear the page in two."""
        for query in self.questions:
            distant = [hit.grade is Grade.DISTANT for hit in hook.rescore(query, self.hits, FOREVER).hits]
            assert distant == sorted(distant)

    def test_no_hits_are_no_trouble(self, hook) -> None:
        for query in self.questions:
            assert hook.rescore(query, (), FOREVER).hits == ()


class CuratorContract(HookContract):
    hits: tuple[Hit, ...] = hits(24)

    def ask(self, hook, query: Query, moment: Moment = FOREVER) -> object:
        offers = tuple(hook.offers(query, moment))
        return offers, hook.curate(query, self.hits, self.offered(offers), moment)

    def offered(self, ids: Sequence[str]) -> tuple[Hit, ...]:
        there = {hit.id for hit in self.hits}
        return tuple(Hit(id, 0.0) for id in dict.fromkeys(ids) if id not in there)

    def test_it_is_a_curator(self, hook) -> None:
        assert isinstance(hook, Curator)

    def test_it_names_ids_within_the_limit(self, hook) -> None:
        for query in self.questions:
            ids = hook.offers(query, FOREVER)
            assert len(set(ids)) <= MOST_OFFERED
            assert all(isinstance(id, str) and id for id in ids)

    def test_it_gives_back_only_what_it_got_or_named_each_once(self, hook) -> None:
        for query in self.questions:
            guard = Curators([hook])
            offers = guard.offers(query, limit_ms=NO_LIMIT)
            offered = {hit.id: hit for hit in self.offered(offers.value.get(hook.name, ()))}
            after = guard.apply(query, self.hits, offered, offers=offers, limit_ms=NO_LIMIT)
            assert after.degraded == ()

    def test_what_the_filters_left_out_is_missed_without_trouble(self, hook) -> None:
        for query in self.questions:
            hook.offers(query, FOREVER)
            assert {hit.id for hit in hook.curate(query, self.hits, (), FOREVER).hits} <= {hit.id for hit in self.hits}
            assert hook.curate(query, (), (), FOREVER).hits == ()

    def test_the_same_hits_are_curated_alike_on_every_page(self, hook) -> None:
        """A page is cut out of the curated hits, so that nothing may come twice or never."""
        for query in self.questions:
            offered = self.offered(hook.offers(query, FOREVER))
            pages = [hook.curate(replace(query, page=n), self.hits, offered, FOREVER).hits for n in (1, 2)]
            assert pages[0] == pages[1]
