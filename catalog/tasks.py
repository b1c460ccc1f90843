"""Copies of pictures are made after a commit, on a Celery worker or in this process; what else is due, at night.

Without a broker one thread in each process that serves requests does it, as for the index (`visual_search.tasks`). Nothing
is lost with it: a row says itself that it has no copies yet. `manage.py pictures` makes them all at once.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import Any

from celery import shared_task
from django.core.management import call_command
from django.db import connections, transaction

from catalog import renditions, tidying
from catalog.orders.forgetting import forget_buyers
from visual_search import tasks as search_tasks
from visual_search.conf import conf

logger = logging.getLogger(__name__)

LAST_PICTURE = 10.0  # seconds that a process which ends waits for the picture in work


@shared_task(name="catalog.tasks.make_renditions", ignore_result=True, acks_late=True)
def make_renditions() -> None:
    """Make the copies that public pictures lack. It may run twice or late."""
    renditions.make_due()


@shared_task(name="catalog.tasks.tidy_pictures", ignore_result=True, acks_late=True)
def tidy_pictures() -> None:
    """Bring all picture files to where they should be, and remove those that nobody needs. It may run twice or late."""
    done = tidying.tidy()
    logger.info("Pictures: %d moved, %d failed, %d removed.", done.moved, len(done.failed), len(done.orphans))
    renditions.make_due()


@shared_task(name="catalog.tasks.forget", ignore_result=True, acks_late=True)
def forget() -> None:
    """Forget who ordered long ago, and baskets whose sessions have ended. It may run twice or late."""
    forget_buyers()
    call_command("clearsessions")


def schedule() -> None:
    """Make copies after this transaction, once for all its saves. Returns at once and never raises."""
    if not any(entry[1] is start for entry in reversed(transaction.get_connection().run_on_commit)):
        transaction.on_commit(start, robust=True)


def start() -> None:
    if not search_tasks.in_process():
        search_tasks.publish(make_renditions, "copies of pictures wait for the next run")
    elif conf.INDEX_IN_BACKGROUND and background.serving:
        background.wake()


def look_for_leftovers(**kwargs: Any) -> None:
    """Called at each request: the first one lets this process make the copies that others left, such as an import."""
    if not background.serving and search_tasks.in_process() and conf.INDEX_IN_BACKGROUND:
        background.serving = True
        background.wake()


class Background:
    """A thread that runs as long as pictures lack copies, and is started again when the next ones come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._again = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.serving = False  # whether this process has answered a request

    def wake(self) -> None:
        self._again.set()
        with self._lock:
            if (self._thread is None or not self._thread.is_alive()) and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="catalog-renditions", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(LAST_PICTURE)
        self._stop = threading.Event()

    def _run(self) -> None:
        stop = self._stop
        try:
            while self._again.is_set() and not stop.is_set():
                self._again.clear()
                renditions.make_due(should_stop=stop.is_set, wait=lambda: search_tasks.let_photos_go_first(stop))
        except Exception:
            logger.exception("The copies of pictures have to wait.")
        finally:
            # An idle thread keeps no connection from the database server.
            connections.close_all()


background = Background()


def _after_fork() -> None:
    # The thread stayed in the parent.
    global background  # noqa: PLW0603
    background = Background()


def _at_exit() -> None:
    background.stop()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
