"""What the database doesn't take waits, masked and bounded, and is tried again; no answer fails for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from tests.features.query_log.shop import material, page
from visual_search.features.query_log import receivers, retrying
from visual_search.features.query_log.collecting import ROWS_TO_HIDE_AMONG, Buffer
from visual_search.features.query_log.consent import Asker
from visual_search.features.query_log.erasure import erase_client
from visual_search.features.query_log.models import Counter, LoggedEvent, LoggedQuery
from visual_search.features.query_log.report import report
from visual_search.features.query_log.retrying import RETRY_SECONDS
from visual_search.features.query_log.writing import Batch, write
from visual_search.signals import search_served
from visual_search.types import Query

MINUTE = RETRY_SECONDS / 3600


@contextmanager
def table_away() -> Iterator[None]:
    """The database is there, and can't take a question."""
    name = LoggedQuery._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO away")
        yield
        cursor.execute(f"ALTER TABLE away RENAME TO {name}")


class Weather:
    """The database as it is, while `problem` is None."""

    def __init__(self, problem: Exception | None) -> None:
        self.problem, self.tried = problem, []

    def __call__(self, batch: Batch) -> None:
        self.tried.append(batch)
        if self.problem is not None:
            raise self.problem
        write(batch)


@pytest.fixture
def outage(shop) -> Weather:
    weather = Weather(OperationalError("connection refused: (canarysecret)"))
    shop.buffer = Buffer(weather)
    shop.buffer.tidied_at(shop.now)
    for module in ("collecting", "receivers", "events", "erasure"):
        shop.monkeypatch.setattr(f"visual_search.features.query_log.{module}.buffer", shop.buffer)
    return weather


def test_rows_wait_until_the_database_is_back_and_no_answer_fails(shop, monkeypatch, caplog) -> None:
    monkeypatch.setattr(receivers, "asker", lambda: Asker("somebody", False))
    shop.knows("Red Chair")
    shop.ask("red chair")
    shop.buffer.flush()
    answers = []
    with table_away():
        for _ in range(ROWS_TO_HIDE_AMONG):
            served = {"query": Query(words="red chair canarysecret"), "page": page(uuid4()), "context": {}}
            answers += search_served.send_robust(sender=Query, **served)
    assert not [answer for _, answer in answers if answer is not None]
    assert LoggedQuery.objects.count() == 1
    shop.later(hours=MINUTE)
    shop.ask("red chair")
    assert LoggedQuery.objects.count() == 1 + ROWS_TO_HIDE_AMONG, "what waits since is too little to hide among"
    assert Counter.objects.get(name="queries").value == 1 + ROWS_TO_HIDE_AMONG
    shop.buffer.flush()
    assert LoggedQuery.objects.count() == 2 + ROWS_TO_HIDE_AMONG
    assert set(LoggedQuery.objects.values_list("masked", flat=True)) == {"red chair", "red chair ⟨?:Latin:11+⟩"}
    assert "canarysecret" not in caplog.text + shop.everything()


def test_what_waits_longer_waits_masked(shop, outage, caplog) -> None:
    shop.ask("canarysecret")
    shop.buffer.flush()
    shop.later(hours=MINUTE)
    shop.ask("chair")
    [first, again] = [batch.rows[0] for batch in outage.tried]
    assert (first.words, first.masked) == ("canarysecret", "")
    assert (again.words, again.masked) == ("", "⟨?:Latin:11+⟩")
    assert "OperationalError" in caplog.text
    assert "canarysecret" not in caplog.text


def test_a_long_outage_loses_no_more_than_it_must_and_counts_it(shop, outage, monkeypatch) -> None:
    monkeypatch.setattr(retrying, "MOST_KEPT", 2 * ROWS_TO_HIDE_AMONG)
    for client in range(5 * ROWS_TO_HIDE_AMONG):
        shop.ask(client=client % 200)
        if client % 7 == 0:
            shop.later(hours=MINUTE)
    outage.problem = None
    shop.later(hours=MINUTE)
    shop.buffer.flush()
    shop.later(hours=MINUTE)
    shop.buffer.flush()
    dropped = report().totals["dropped"]
    assert LoggedQuery.objects.count() + dropped == 5 * ROWS_TO_HIDE_AMONG
    assert dropped == 3 * ROWS_TO_HIDE_AMONG
    assert report().totals["searches"] == 5 * ROWS_TO_HIDE_AMONG, (
        "counts name nobody, so they wait however many they are"
    )


def test_what_the_database_refuses_is_tried_once_more_and_stops_nothing_else(shop, outage) -> None:
    outage.problem = ValueError("this batch has a row that no column holds")
    shop.ask("poison")
    shop.buffer.flush()
    bad = outage.tried[0].rows[0].query_id
    shop.buffer.flush()
    assert [batch.rows[0].query_id for batch in outage.tried] == [bad, bad]
    outage.problem = None
    good = shop.ask("chair")
    shop.buffer.flush()
    assert [row.query_id for row in LoggedQuery.objects.all()] == [good]
    assert report().totals["dropped"] == 1


def test_a_client_takes_back_what_waits_for_another_try(shop, outage) -> None:
    mine, other = shop.ask(client=1), shop.ask(client=2)
    shop.buffer.flush()
    for query_id in (mine, other):
        shop.buffer.event(query_id, "click", "1", position=1, opted_out=False)
    erase_client(material(1))
    outage.problem = None
    shop.buffer.flush()
    assert [row.query_id for row in LoggedQuery.objects.all()] == [other]
    assert [event.query_id for event in LoggedEvent.objects.all()] == [other]


def test_nothing_waits_longer_than_the_key_of_its_day(shop, outage) -> None:
    """A pseudonym in memory ties rows together; it must not outlive the key that it was made with."""
    shop.ask()
    shop.buffer.flush()
    shop.to_midnight(minutes=70)
    outage.problem = None
    shop.buffer.flush()
    assert not LoggedQuery.objects.exists()
    assert (report().totals["searches"], report().totals["dropped"]) == (1, 1)
