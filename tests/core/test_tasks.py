"""When indexing runs: on a worker, on a thread of this process, or here; and that a save never waits or fails."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.signals import request_started
from django.db import connection, transaction

from tests.core.conftest import GADGETS, picture
from tests.shop.doubles import BreakableEngine, ThumbnailEncoder
from tests.shop.models import Gadget
from visual_search import indexing, rebuilding, reconciling, tasks
from visual_search.features.brand_protection import background as brands
from visual_search.features.customer_service import background as service
from visual_search.models import IndexEntry, State

ROOT = Path(__file__).resolve().parents[2]


def until(condition: Callable[[], bool]) -> None:
    """Wait for it; a generous limit keeps a broken thread from hanging the suite."""
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def background(live_shop) -> Iterator[tasks.Background]:
    live_shop.use(INDEX_IN_BACKGROUND=True, INDEX_POLL_SECONDS=0.2)
    tasks.background.serving = True
    yield tasks.background
    tasks.background.stop(60)
    tasks.background.serving = False
    # A request starts those of features as well, and later tests have no such database.
    for feature in (brands.thread, service.thread):
        feature.stop(60)


class TestWorkOfAFeature:
    """`Repeated`, as features use it."""

    def test_it_begins_with_a_request_and_outlives_a_failure(self, live_shop, background, caplog):
        done: list[int] = []

        def work(stop: threading.Event) -> None:
            done.append(1)
            if len(done) == 1:
                raise OSError("the database is away")

        thread = tasks.Repeated("test", work, lambda: 0.02, called="Counting")
        thread.wake_if_serving()
        assert not thread.is_running(), "this process serves nobody yet"
        thread.serve()
        until(lambda: len(done) > 2)
        thread.stop(60)
        assert not thread.is_running()
        assert "Counting failed; next try in 0.02 s." in caplog.text

    def test_without_threads_or_with_a_broker_it_never_begins(self, live_shop):
        thread = tasks.Repeated("test", lambda stop: None, lambda: 60.0, called="Nothing")
        for more in ({"INDEX_IN_BACKGROUND": False}, {"INDEX_IN_BACKGROUND": True, "IN_PROCESS": False}):
            live_shop.use(**more)
            thread.serve()
            thread.wake_if_serving()
            assert not thread.is_running()


class TestBackground:
    def test_a_save_returns_and_is_found_soon(self, live_shop, background):
        release = threading.Event()
        ThumbnailEncoder.on_images = lambda: release.wait(60)
        gadget = live_shop.add("lamp", picture(1))
        # The encoder is stuck, and still the save has returned.
        assert live_shop.entry(gadget).state in {State.PENDING, State.PROCESSING}
        release.set()
        until(lambda: live_shop.state(gadget) == State.INDEXED)
        assert live_shop.by_picture(picture(1)) == [str(gadget.pk)]

    def test_a_command_that_saves_starts_no_thread(self, live_shop, background):
        background.serving = False
        gadget = live_shop.add("lamp", picture(1))
        assert not background.is_running()
        assert live_shop.entry(gadget).state == State.PENDING
        request_started.send(sender=None)
        until(lambda: live_shop.state(gadget) == State.INDEXED)

    def test_saves_that_come_while_it_works_become_one_batch(self, live_shop, background, monkeypatch):
        sizes: list[int] = []
        real = indexing.index_batch
        monkeypatch.setattr(
            indexing, "index_batch", lambda name, entries: sizes.append(len(entries)) or real(name, entries)
        )
        release = threading.Event()
        ThumbnailEncoder.on_images = lambda: release.wait(60)
        live_shop.add("first", picture(0))
        until(lambda: bool(sizes))
        live_shop.use(INDEX_IN_BACKGROUND=True, INDEX_BATCH=100)
        for n in range(1, 30):
            live_shop.add(f"thing {n}", picture(n))
        release.set()
        until(lambda: not IndexEntry.objects.exclude(state=State.INDEXED).exists())
        assert max(sizes) >= 29
        assert len(sizes) <= 4

    def test_an_outage_heals_by_itself(self, live_shop, background, monkeypatch):
        live_shop.use(INDEX_IN_BACKGROUND=True, INDEX_POLL_SECONDS=0.1, INDEX_RETRY_SECONDS=0.1)
        monkeypatch.setattr(BreakableEngine, "down", True)
        gadget = live_shop.add()
        until(lambda: live_shop.state(gadget) == State.FAILED)
        monkeypatch.setattr(BreakableEngine, "down", False)
        until(lambda: live_shop.state(gadget) == State.INDEXED)
        assert live_shop.held() == live_shop.expected()

    def test_it_outlives_a_failure_of_its_own(self, live_shop, background, monkeypatch, caplog):
        real, problems = indexing.index_pending, [RuntimeError("database away")]

        def index_pending(**options):
            if problems:
                raise problems.pop()
            return real(**options)

        monkeypatch.setattr(indexing, "index_pending", index_pending)
        gadget = live_shop.add()
        until(lambda: live_shop.state(gadget) == State.INDEXED)
        assert "database away" in caplog.text

    def test_one_thread_is_enough(self, live_shop, background):
        for _ in range(5):
            live_shop.add()
        named = [thread for thread in threading.enumerate() if thread.name == "visual-search-index"]
        assert len(named) == 1

    def test_it_stops_and_starts_again(self, live_shop, background):
        live_shop.add()
        background.stop(60)
        assert not background.is_running()
        gadget = live_shop.add()
        assert background.is_running()
        until(lambda: live_shop.state(gadget) == State.INDEXED)

    def test_a_request_wakes_it_for_what_others_left(self, live_shop, background):
        gadget = Gadget.objects.bulk_create([Gadget(name="left behind")])[0]
        IndexEntry.objects.all().note_alone(GADGETS, [gadget.pk])
        assert not background.is_running()
        request_started.send(object)
        until(lambda: live_shop.state(gadget) == State.INDEXED)

    def test_a_request_starts_no_thread_where_it_has_no_work_to_do(self, live_shop, settings):
        for more in ({"INDEX_IN_BACKGROUND": False}, {"INDEX_IN_BACKGROUND": True, "IN_PROCESS": False}):
            live_shop.use(**more)
            request_started.send(object)
            assert not tasks.background.is_running()

    def test_a_forked_child_has_a_thread_of_its_own(self, live_shop, background):
        live_shop.add()
        until(lambda: not IndexEntry.objects.exclude(state=State.INDEXED).exists())
        parent = tasks.background
        tasks._after_fork()
        try:
            assert tasks.background is not parent
            assert not tasks.background.is_running()
        finally:
            tasks.background = parent


class TestHere:
    def test_nothing_that_goes_wrong_reaches_the_save(self, live_shop, monkeypatch, caplog):
        def fail(*args, **kwargs):
            raise RuntimeError("a bug")

        monkeypatch.setattr(indexing, "index_pending", fail)
        gadget = live_shop.add()
        assert live_shop.state(gadget) == State.PENDING
        assert "the entries stay in the outbox" in caplog.text


class TestBroker:
    @pytest.fixture(autouse=True)
    def _rested(self, monkeypatch):
        monkeypatch.setattr(tasks, "_broker_rests_until", 0.0)

    @pytest.fixture
    def published(self, live_shop, monkeypatch):
        calls: list[dict] = []
        live_shop.use(IN_PROCESS=False)
        monkeypatch.setattr(tasks.index_pending, "apply_async", lambda **options: calls.append(options))
        return calls

    def test_one_transaction_publishes_one_task(self, live_shop, published):
        with transaction.atomic():
            for _ in range(10):
                live_shop.add()
            assert published == []
        assert published == [{"retry": False}]
        assert set(IndexEntry.objects.values_list("state", flat=True)) == {State.PENDING}

    def test_a_broker_that_is_down_fails_no_save_and_is_left_alone_for_a_while(self, live_shop, monkeypatch, caplog):
        live_shop.use(IN_PROCESS=False)
        calls = []

        def refuse(**options):
            calls.append(options)
            raise ConnectionError("connection refused")

        monkeypatch.setattr(tasks.index_pending, "apply_async", refuse)
        with caplog.at_level(logging.WARNING):
            gadgets = [live_shop.add() for _ in range(5)]
        assert len(calls) == 1
        assert "connection refused" in caplog.text
        assert live_shop.state(gadgets[-1]) == State.PENDING

    def test_it_is_asked_for_where_a_broker_is_set(self, live_shop, settings):
        live_shop.use(IN_PROCESS=None)
        assert tasks.in_process()
        settings.CELERY_BROKER_URL = "redis://localhost:6379/0"
        assert not tasks.in_process()
        live_shop.use(IN_PROCESS=True)
        assert tasks.in_process()

    def test_the_tasks_do_the_work(self, shop):
        gadget = shop.add()
        tasks.index_pending()
        assert shop.state(gadget) == State.INDEXED
        Gadget.objects.bulk_create([Gadget(name="bulk")])
        tasks.reconcile()
        assert shop.held() == shop.expected()

    def test_the_reference_shop_schedules_the_reconcile(self, settings):
        from config.celery import app

        app.loader.import_default_modules()
        names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
        assert "visual_search.tasks.reconcile" in names
        assert names <= set(app.tasks)


# --- Crashes ------------------------------------------------------------------------------------

SAVES = """
import sys
import django
django.setup()
from visual_search.conf import conf
from django.conf import settings
settings.VISUAL_SEARCH = {settings_dict!r}
conf.__dict__.clear()
from visual_search import tasks
tasks.background.serving = True  # as in a web process: indexing goes on beside the saves
from tests.shop.models import Gadget
print("begin", flush=True)
for step in range(500):
    if step % 5 == 4:
        Gadget.objects.filter(name__startswith="thing").order_by("pk").first().delete()
    elif step % 5 == 3:
        gadget = Gadget.objects.order_by("-pk")[2]
        gadget.name = f"renamed {{step}}"
        gadget.save()
    else:
        Gadget.objects.create(name=f"thing {{step}}")
    print(step, flush=True)
"""


@pytest.mark.parametrize("killed_after", [3, 60, 150])
def test_a_killed_process_loses_nothing(live_shop, killed_after):
    live_shop.use(INDEX_IN_BACKGROUND=True)
    settings_dict = {
        name: live_shop.settings.VISUAL_SEARCH[name] for name in ("ENGINE", "ENCODER", "INDEX_IN_BACKGROUND")
    }
    settings_dict["ENGINE"]["OPTIONS"]["folder"] = str(live_shop.folder)
    live_shop.use(INDEX_IN_BACKGROUND=False)
    with subprocess.Popen(
        [sys.executable, "-c", SAVES.format(settings_dict=settings_dict)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_VAR_DIR": str(live_shop.settings.VAR_DIR),
            "TEST_DATABASE": str(connection.settings_dict["NAME"]),
        },
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        for line in child.stdout:
            if line.strip() == str(killed_after):
                child.kill()
                break
    assert child.returncode == -9
    assert Gadget.objects.exists()
    outcome = reconciling.reconcile(GADGETS)[GADGETS].outcome
    assert live_shop.held() == live_shop.expected(), outcome
    assert not IndexEntry.objects.exclude(state=State.INDEXED).exists()
    for gadget in Gadget.objects.filter(name__startswith="renamed"):
        assert str(gadget.pk) in live_shop.by_words(gadget.name)
    assert reconciling.reconcile(GADGETS)[GADGETS] == reconciling.Reconciled()


class TestRebuild:
    def test_it_fills_a_new_index_and_says_how_far_it_is(self, shop, caplog, monkeypatch):
        monkeypatch.setattr(tasks, "LOGGED_OBJECTS", 20)
        Gadget.objects.bulk_create([Gadget(name=f"thing {n}") for n in range(70)])
        with caplog.at_level(logging.INFO, logger="visual_search.tasks"):
            tasks.rebuild(GADGETS)
        assert [record.getMessage() for record in caplog.records if record.name == "visual_search.tasks"] == [
            "'gadgets': 32 of 70 objects read for the new index.",
            "'gadgets': 64 of 70 objects read for the new index.",
            "'gadgets' was rebuilt: 70 objects, 0 pictures, 0 warnings, 0 failures. ",
        ]
        assert shop.held() == shop.expected()

    def test_a_refusal_makes_the_task_fail(self, shop):
        Gadget.objects.bulk_create([Gadget(name="unreadable") for _ in range(3)])
        with pytest.raises(rebuilding.RebuildRefused):
            tasks.rebuild(GADGETS)
