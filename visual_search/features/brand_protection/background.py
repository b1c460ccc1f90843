"""Looks at listings as they are saved, in a thread of a process that serves and has no broker."""

from __future__ import annotations

import atexit
import logging
import os

from django.db import connections

from visual_search.conf import conf
from visual_search.features.brand_protection import offers, telling, watching
from visual_search.features.brand_protection.options import options
from visual_search.tasks import Background, in_process, let_photos_go_first

logger = logging.getLogger(__name__)


class _Watch(Background):
    name = "visual-search-brands"

    def _run(self) -> None:
        stop, wake = self._stop, self._wake
        while not stop.is_set():
            wake.clear()
            try:
                if (options().collections and offers.are_saved()) or watching.waiting().exists():
                    let_photos_go_first(stop)
                    watching.watch(should_stop=stop.is_set)
                    telling.tell_at_once()
            # The thread must outlive a database that is away for a while.
            except Exception:
                logger.exception("Watching failed; next try in %s s.", conf.INDEX_POLL_SECONDS)
            finally:
                connections.close_all()
            wake.wait(conf.INDEX_POLL_SECONDS)


_watch = _Watch()


def wake() -> None:
    """Let the thread look now, if this process serves."""
    if conf.INDEX_IN_BACKGROUND and _watch.serving:
        _watch.wake()


def serve() -> None:
    """Called at each request: from the first one on this process looks at what is saved."""
    if conf.INDEX_IN_BACKGROUND and in_process() and not _watch.is_running():
        _watch.serving = True
        _watch.wake()


def _after_fork() -> None:
    # The thread stayed in the parent.
    global _watch  # noqa: PLW0603
    _watch = _Watch()


os.register_at_fork(after_in_child=_after_fork)


def _at_exit() -> None:
    _watch.stop()


atexit.register(_at_exit)
