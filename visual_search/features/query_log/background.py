"""A thread of its own for what no shopper should wait for; ended, and its work finished, with the process."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger(__name__)

END_SECONDS = 10.0  # how long the end of a process waits for work that is going on


class Background:
    """Calls `work` when woken, after `pause` seconds, and once more at the end. One thread a process, started on demand.

    What `work` raises is logged by its kind alone: a database's message may quote what it was to store.
    """

    def __init__(self, work: Callable[[], object], *, pause: float, name: str) -> None:
        self._work, self._pause, self._name = work, pause, name
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._ending = False

    @property
    def ending(self) -> bool:
        """Whether `work` is called for the last time."""
        return self._ending

    def start(self) -> None:
        """Start the thread, unless it runs or has ended."""
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None and not self._ending:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
                atexit.register(self.end)

    def wake(self) -> None:
        self.start()
        self._wanted.set()

    def end(self) -> None:
        """Let the thread finish, then do what is left. Further calls do nothing."""
        with self._lock:
            thread, already = self._thread, self._ending
            self._ending = True
        if thread is None or already:
            return
        self._wanted.set()
        thread.join(END_SECONDS)
        if thread.is_alive():
            logger.error("'%s' was still at work after %.0f s; what waits for it is lost.", self._name, END_SECONDS)
            return
        self._once()

    def _run(self) -> None:
        while not self._ending:
            self._wanted.wait(self._pause)
            self._wanted.clear()
            if not self._ending:
                self._once()

    def _once(self) -> None:
        try:
            self._work()
        except Exception as problem:
            logger.error("'%s' failed (%s).", self._name, type(problem).__name__)
        finally:
            connections.close_all()
