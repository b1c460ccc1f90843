"""Counters: nobody gets a place twice, however many ask at once, and what is over is deleted."""

from __future__ import annotations

import time

import pytest
from django.db import DataError, connection

from tests.access.races import PLACES, places_taken
from visual_search.access.counters import CacheCounter, DatabaseCounter
from visual_search.models import Spent, SpentQuerySet

NOW = time.time()
SOON = {"now": NOW, "until": NOW + 60}
COUNTERS = {"database": DatabaseCounter, "cache": lambda: CacheCounter("default")}


@pytest.fixture(params=COUNTERS)
def counter(request):
    return COUNTERS[request.param]()


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_twenty_threads_exactly_ten_pass(self, counter) -> None:
        assert len(places_taken(counter)) == PLACES

    def test_those_that_cost_more_never_pass_in_greater_number(self, counter) -> None:
        """On a cache one may be refused that would just have fitted; never is one let in too many."""
        assert 1 <= len(places_taken(counter, cost=3)) <= PLACES // 3

    def test_the_database_lets_in_as_many_as_fit(self) -> None:
        assert len(places_taken(DatabaseCounter(), cost=3)) == PLACES // 3

    def test_the_usual_patience_of_sqlite_comes_back(self) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("another database has no such patience")
        with connection.cursor() as cursor:
            before = cursor.execute("PRAGMA busy_timeout").fetchone()
            DatabaseCounter().spend("a", 1, 1, **SOON)
            assert cursor.execute("PRAGMA busy_timeout").fetchone() == before


@pytest.mark.django_db
class TestCounting:
    def test_it_counts_up_to_the_limit_and_no_further(self, counter) -> None:
        assert [counter.spend("a", 1, 3, **SOON) for _ in range(5)] == [1, 2, 3, None, None]

    def test_what_was_refused_costs_nothing(self, counter) -> None:
        assert [counter.spend("a", cost, 10, **SOON) for cost in (8, 5, 5, 2)] == [8, None, None, 10]

    def test_buckets_have_nothing_in_common(self, counter) -> None:
        assert [counter.spend(bucket, 1, 1, **SOON) for bucket in ("a", "b", "a")] == [1, 1, None]

    def test_a_failed_statement_leaves_the_shop_s_transaction_whole(self) -> None:
        if connection.vendor == "sqlite":
            pytest.skip("SQLite takes a name of any length, and spoils no transaction by an error")
        with pytest.raises(DataError):
            DatabaseCounter().spend("x" * 40, 1, 1, **SOON)
        assert not Spent.objects.exists()

    def test_what_is_over_is_deleted(self, monkeypatch) -> None:
        spent = Spent.objects.all()
        monkeypatch.setattr(SpentQuerySet, "_swept", 0.0)
        spent.spend("over", 1, 5, now=NOW, until=NOW + 10)
        spent.spend("long", 1, 5, now=NOW + 59, until=NOW + 3600)
        spent.spend("new", 1, 5, now=NOW + 100, until=NOW + 110)
        assert set(Spent.objects.values_list("bucket", flat=True)) == {"long", "new"}

    def test_it_is_not_looked_for_each_time(self, monkeypatch, django_assert_num_queries) -> None:
        monkeypatch.setattr(SpentQuerySet, "_swept", NOW)
        with django_assert_num_queries(3):  # what is used, the row, the counting
            Spent.objects.all().spend("a", 1, 5, **SOON)
        with django_assert_num_queries(2):
            Spent.objects.all().spend("a", 1, 5, **SOON)
