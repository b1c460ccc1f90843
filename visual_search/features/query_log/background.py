"""A thread for work that no shopper should wait for. It ends with the process, after its work is finished."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger(__name__)

END_SECONDS = 10.0  # The end of a process waits so long for work that is going on.


class Background:
    """Calls `work` when woken, after `pause` seconds, and once more at the end. One thread a process, started on demand.

    Of an error of `work`, only the kind is logged: a database's message may quote the values that it was given.
    """

    def __init__(self, work: Callable[[], object], *, pause: float, name: str) -> None:
        self._work, self._pause, self._name = work, pause, name
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._ending = False

    @property
    def ending(self) -> bool:
        """Whether this call of `work` is the last."""
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
        """Let the thread work now."""
        self.start()
        self._wanted.set()

    def end(self) -> None:
        """Let the thread finish, then call `work` for the last time. Further calls do nothing."""
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
