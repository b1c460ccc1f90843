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


class Background(search_tasks.Background):
    """A thread that runs as long as pictures lack copies, and is started again when the next ones come."""

    name = "catalog-renditions"
    patience = LAST_PICTURE

    def _run(self) -> None:
        stop = self._stop
        while self._goes_on(stop):
            try:
                renditions.make_due(should_stop=stop.is_set, wait=lambda: search_tasks.let_photos_go_first(stop))
            except Exception:
                logger.exception("The copies of pictures have to wait.")
            finally:
                # An idle thread keeps no connection from the database server.
                connections.close_all()

    def _goes_on(self, stop: threading.Event) -> bool:
        """Whether there may be more. If not, the thread is given up here, so that `wake` starts another one."""
        with self._lock:
            if self._wake.is_set() and not stop.is_set():
                self._wake.clear()
                return True
            if threading.current_thread() is self._thread:
                self._thread = None
            return False


background = Background()


def _after_fork() -> None:
    # The thread stayed in the parent.
    global background  # noqa: PLW0603
    background = Background()


def _at_exit() -> None:
    background.stop()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
