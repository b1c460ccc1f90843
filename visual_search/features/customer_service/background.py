"""Sends what waits, and deletes what is over, in a thread of a process that serves and has no broker."""

from __future__ import annotations

import atexit
import logging
import os

from django.db import connections

from visual_search.conf import conf
from visual_search.features.customer_service import telling, tidying
from visual_search.tasks import Background, in_process

logger = logging.getLogger(__name__)
_REST = 60.0  # seconds until what couldn't be sent is tried again


class _Sending(Background):
    name = "visual-search-service"

    def _run(self) -> None:
        stop, wake = self._stop, self._wake
        while not stop.is_set():
            wake.clear()
            try:
                if telling.waits():
                    telling.tell()
                tidying.tidy()
            # The thread must outlive a database that is away for a while.
            except Exception:
                logger.exception("Sending failed; next try in %s s.", _REST)
            finally:
                connections.close_all()
            wake.wait(_REST)


_sending = _Sending()


def wake() -> None:
    """Let the thread send now, if this process serves."""
    if conf.INDEX_IN_BACKGROUND and _sending.serving:
        _sending.wake()


def serve() -> None:
    """Called at each request: from the first one on this process sends what waits."""
    if conf.INDEX_IN_BACKGROUND and in_process() and not _sending.is_running():
        _sending.serving = True
        _sending.wake()


def _after_fork() -> None:
    # The thread stayed in the parent.
    global _sending  # noqa: PLW0603
    _sending = _Sending()


os.register_at_fork(after_in_child=_after_fork)


def _at_exit() -> None:
    _sending.stop()


atexit.register(_at_exit)
