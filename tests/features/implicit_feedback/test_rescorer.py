"""Who sees the order by behaviour, how far it goes, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.hooks import FOREVER, NO_LIMIT, RescorerContract
from tests.features.implicit_feedback.scripted import HOOKS, OrderOnAnEngine, know
from visual_search import search
from visual_search.features.implicit_feedback import current
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback
from visual_search.features.implicit_feedback.rescorer import MOST, FeedbackRescorer, reordered
from visual_search.hooks import Rescorers
from visual_search.privacy.keys import DAY_SECONDS
from visual_search.types import EXACT_CODE, SAME_PICTURE, Grade, Hit, Query

WORDS = Query(words="red chair")


@pytest.mark.django_db(transaction=True)
class TestWithoutData(RescorerContract):
    @pytest.fixture
    def hook(self) -> FeedbackRescorer:
        return FeedbackRescorer()

    def test_hits_stay_as_they_came_and_nothing_is_noted(self, hook) -> None:
        for query in self.questions:
            after = hook.rescore(query, self.hits, FOREVER)
            assert (after.hits, after.note) == (self.hits, "")


@pytest.mark.django_db(transaction=True)
class TestWithData(RescorerContract):
    @pytest.fixture
    def hook(self) -> FeedbackRescorer:
        know({str(n): 0.3 if n % 3 else 0.01 for n in range(1, 25)})
        return FeedbackRescorer()

    def test_the_order_changes_within_each_grade_alone(self, hook) -> None:
        after = hook.rescore(WORDS, self.hits, FOREVER)
        assert after.note == "weighed"
        assert after.hits != self.hits
        assert [hit.grade for hit in after.hits] == [hit.grade for hit in self.hits]

    def test_scores_still_fall_from_hit_to_hit(self, hook) -> None:
        after = hook.rescore(WORDS, self.hits, FOREVER)
        assert [hit.score for hit in after.hits] == [hit.score for hit in self.hits]

    def test_copies_and_what_is_nothing_close_stay_where_they_are(self, hook) -> None:
        after = hook.rescore(WORDS, self.hits, FOREVER)
        for grade in (Grade.SAME, Grade.DISTANT):
            one, two = ([hit for hit in hits if hit.grade is grade] for hits in (self.hits, after.hits))
            assert one == two

    @pytest.mark.parametrize(
        "query", [replace(WORDS, sort="-price"), Query(), Query(words="  ")], ids=["sorted", "browsing", "blank"]
    )
    def test_no_question_by_relevance_no_other_order(self, hook, query) -> None:
        after = hook.rescore(query, self.hits, FOREVER)
        assert (after.hits, after.note) == (self.hits, "")

    def test_another_collection_is_another_matter(self, hook) -> None:
        assert hook.rescore(replace(WORDS, collection="gadgets"), self.hits, FOREVER).hits == self.hits

    def test_a_table_that_fails_is_named_and_the_answer_comes(self, hook, monkeypatch) -> None:
        def broken(*args, **kwargs):
            raise DatabaseError("no such table")

        monkeypatch.setattr(ObjectFeedback.objects, "filter", broken)
        after = Rescorers([hook]).apply(WORDS, self.hits, window=len(self.hits), limit_ms=NO_LIMIT)
        assert (after.value, after.notes, after.degraded) == (self.hits, (), ("feedback",))

    def test_so_is_that_of_the_sums(self, hook, monkeypatch) -> None:
        def broken(*args, **kwargs):
            raise DatabaseError("no such table")

        monkeypatch.setattr(CollectionFeedback.objects, "filter", broken)
        for _ in range(2):
            after = Rescorers([hook]).apply(WORDS, self.hits, window=len(self.hits), limit_ms=NO_LIMIT)
            assert (after.value, after.degraded) == (self.hits, ("feedback",))


@pytest.mark.django_db
def test_a_code_and_the_very_picture_stay_first() -> None:
    named = (Hit("1", 1.0, Grade.SAME, reason=EXACT_CODE), Hit("2", 1.0, Grade.SAME, reason=SAME_PICTURE))
    others = (Hit("3", 0.9), Hit("4", 0.89))
    know({"1": 0.01, "2": 0.3, "3": 0.01, "4": 0.3})
    after = FeedbackRescorer().rescore(WORDS, (*named, *others), FOREVER)
    assert [hit.id for hit in after.hits] == ["1", "2", "4", "3"]


@pytest.mark.django_db
def test_it_is_off_until_enough_is_known(settings, monkeypatch) -> None:
    hits = (Hit("1", 0.9), Hit("2", 0.89))
    know({"1": 0.01, "2": 0.3})
    CollectionFeedback.objects.update(looks=2_000, choices=200)
    assert FeedbackRescorer().rescore(WORDS, hits, FOREVER).note == "weighed"
    CollectionFeedback.objects.update(choices=199)
    current.forget()
    assert FeedbackRescorer().rescore(WORDS, hits, FOREVER).hits == hits
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IMPLICIT_FEEDBACK": {"LEAST_CHOICES": 150}}
    assert FeedbackRescorer().rescore(WORDS, hits, FOREVER).note == "weighed"
    # Nothing is counted any more; half of it is forgotten after 180 days.
    now = current.clock()
    monkeypatch.setattr(current, "clock", lambda: now + 180 * DAY_SECONDS)
    assert FeedbackRescorer().rescore(WORDS, hits, FOREVER).hits == hits


@pytest.mark.django_db
def test_what_fewer_than_k_browsers_saw_has_no_say() -> None:
    hits = (Hit("1", 0.9), Hit("2", 0.89))
    know({"1": 0.01, "2": 0.3})
    ObjectFeedback.objects.update(browsers=4.9)
    assert FeedbackRescorer().rescore(WORDS, hits, FOREVER).hits == hits
    ObjectFeedback.objects.update(browsers=5)
    assert FeedbackRescorer().rescore(WORDS, hits, FOREVER).hits != hits


@pytest.mark.django_db
def test_the_sums_are_read_once_a_minute_and_nothing_else_while_they_are_few(django_assert_num_queries) -> None:
    hits = (Hit("1", 0.9), Hit("2", 0.89))
    with django_assert_num_queries(1):
        for _ in range(5):
            FeedbackRescorer().rescore(WORDS, hits, FOREVER)
    know({"1": 0.01, "2": 0.3})
    with django_assert_num_queries(1 + 5):
        for _ in range(5):
            FeedbackRescorer().rescore(WORDS, hits, FOREVER)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(1 / MOST, MOST)), min_size=1, max_size=40),
    st.integers(1, 12),
)
def test_nothing_rises_by_more_places_than_it_may_nor_passes_what_is_better_by_the_cap(given_, most_places) -> None:
    pairs = sorted(given_, key=lambda pair: -pair[0])
    run = [Hit(str(n), score) for n, (score, _) in enumerate(pairs)]
    factors = {str(n): factor for n, (_, factor) in enumerate(pairs)}
    after = [int(hit.id) for hit in reordered(run, factors, most_places)]
    assert sorted(after) == list(range(len(run)))
    for place, before in enumerate(after):
        assert before - place <= most_places
        for passed in (each for each in after[place + 1 :] if each < before):
            assert run[passed].score * factors[str(passed)] <= run[before].score * factors[str(before)]


@pytest.mark.parametrize(
    ("options", "wrong"), [({"most": 1}, "most"), ({"most": 9}, "most"), ({"promote_at_most": 0}, "0")]
)
def test_options_that_make_no_sense_are_refused(options, wrong) -> None:
    with pytest.raises(ValueError, match=wrong):
        FeedbackRescorer(**options)


# --- In the shop --------------------------------------------------------------------------------


class TestEmbedded(OrderOnAnEngine):
    @pytest.fixture
    def desk(self, shop):
        shop.use(**HOOKS)
        return shop

    def test_without_data_an_answer_is_as_without_the_hook(self, desk) -> None:
        query = Query(words="chair", language="en", explain=True)
        ours = search.search(query)
        desk.use(RESCORERS=[])
        plain = search.search(query)
        assert (ours.hits, ours.notes, ours.degraded) == (plain.hits, (), ())

    def test_an_exact_code_stays_first(self, desk) -> None:
        code = desk.id("CHR-RED-01")
        know({code: 0.01, desk.id("CHR-BLU-02"): 0.9})
        assert self.ids("CHR-RED-01")[0] == code

    def test_pages_agree(self, desk) -> None:
        know({desk.id(sku): 0.3 for sku in ("SOF-GRN-03", "TAB-BRN-06", "CHR-BLU-02")})
        whole = self.ids("home", page_size=20)
        parts = [id for n in (1, 2, 3) for id in self.ids("home", page_size=2, page=n)]
        assert parts == whole[: len(parts)]
