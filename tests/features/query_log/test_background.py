"""Nobody waits for the log's writes, nothing of it is lost when a process ends, and it can't fill the memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection

from visual_search.features.query_log import collecting
from visual_search.features.query_log.background import Background
from visual_search.features.query_log.collecting import ROWS_TO_HIDE_AMONG, Buffer
from visual_search.features.query_log.models import Counter, LoggedEvent, LoggedQuery
from visual_search.features.query_log.writing import Batch

ROOT = Path(__file__).resolve().parents[3]


class Gate:
    """A write that waits until it is let through."""

    def __init__(self) -> None:
        self.begun, self.open, self.batches = threading.Event(), threading.Event(), []

    def __call__(self, batch: Batch) -> None:
        self.begun.set()
        assert self.open.wait(20)
        self.batches.append(batch)

    @property
    def rows(self) -> int:
        return sum(len(batch.rows) for batch in self.batches)


@pytest.fixture
def gate(shop):
    gate = Gate()
    shop.use(IN_BACKGROUND=True)
    shop.buffer = Buffer(gate)
    shop.buffer.tidied_at(shop.now)
    yield gate
    gate.open.set()
    shop.buffer.end()


def test_questions_go_on_while_rows_are_written_and_all_arrive(shop, gate) -> None:
    for client in range(ROWS_TO_HIDE_AMONG):
        shop.ask(client=client)
    assert gate.begun.wait(20)
    for client in range(7):
        shop.ask(client=client)
    assert gate.rows == 0
    gate.open.set()
    shop.buffer.end()
    assert [len(batch.rows) for batch in gate.batches] == [ROWS_TO_HIDE_AMONG, 7]
    assert (
        sum(batch.tally[key] for batch in gate.batches for key in batch.tally if key[1] == "queries")
        == ROWS_TO_HIDE_AMONG + 7
    )


def test_before_there_are_enough_nothing_is_written_until_the_end(shop, gate) -> None:
    gate.open.set()
    shop.ask()
    assert not gate.begun.wait(0.05)
    shop.buffer.end()
    assert gate.rows == 1


def test_a_client_that_takes_back_waits_for_what_is_being_written(shop, gate) -> None:
    from tests.features.query_log.shop import material

    for client in range(ROWS_TO_HIDE_AMONG):
        shop.ask(client=client)
    assert gate.begun.wait(20)
    shop.ask(client=3)
    taken_back = []
    taking = threading.Thread(target=lambda: taken_back.append(shop.buffer.take_back(material(3))))
    taking.start()
    taking.join(0.05)
    assert taking.is_alive()
    gate.open.set()
    taking.join(20)
    assert taken_back == [1]
    assert gate.rows == ROWS_TO_HIDE_AMONG


def test_a_database_that_dawdles_does_not_fill_the_memory(shop, gate, monkeypatch) -> None:
    monkeypatch.setattr(collecting, "MOST_WAITING", ROWS_TO_HIDE_AMONG + 5)
    for client in range(ROWS_TO_HIDE_AMONG):
        shop.ask(client=client)
    assert gate.begun.wait(20)
    for client in range(2 * ROWS_TO_HIDE_AMONG):
        shop.ask(client=client)
    gate.open.set()
    shop.buffer.end()
    assert gate.rows == ROWS_TO_HIDE_AMONG + ROWS_TO_HIDE_AMONG + 5
    dropped = [count for batch in gate.batches for (_, name), count in batch.tally.items() if name == "dropped"]
    assert sum(dropped) == ROWS_TO_HIDE_AMONG - 5


def test_what_fails_is_logged_by_kind_alone_and_the_next_is_tried(caplog) -> None:
    tried = threading.Semaphore(0)

    def work() -> None:
        tried.release()
        raise ValueError("Failing row contains (canarysecret)")

    background = Background(work, pause=60, name="test")
    for _ in range(2):
        background.wake()
        assert tried.acquire(timeout=20)
    background.end()
    assert "ValueError" in caplog.text
    assert "canarysecret" not in caplog.text


PROCESS = """
import os, sys
import django
django.setup()
from django.test import RequestFactory
from tests.features.query_log.shop import page
from visual_search.features.query_log.collecting import buffer
from visual_search.types import Query
from uuid import uuid4

def ask():
    buffer.question(Query(words="red chair"), page(uuid4(), ["1"]), material="somebody", opted_out=False)

ask()
child = os.fork()
ask()
if child:
    os.waitpid(child, 0)
sys.exit()  # as a server's worker ends
"""


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_written_when_a_process_ends_and_a_fork_writes_nothing_twice(tmp_path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.features.query_log.logging_settings",
        "TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "QUERY_LOG_KEY_FOLDER": str(tmp_path / "keys"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROCESS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert LoggedQuery.objects.count() == 3
    assert Counter.objects.get(name="queries").value == 3
    assert not LoggedEvent.objects.exists()
