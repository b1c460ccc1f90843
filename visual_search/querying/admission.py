"""Lets a few photos in at a time, so that a crowd with photos leaves words, pages and health their processor time."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from visual_search.conf import conf
from visual_search.errors import Busy, CallerGone
from visual_search.querying import callers

LOOK_EVERY = 0.5  # seconds until those who wait are asked again whether they are still there
CORES_A_PHOTO = 2  # The encoder and the reader work on a photo side by side.


class Gate:
    """`slots` may be inside at a time. `queue` more wait, first come first served; whoever comes then is refused at once.

    Counts threads of one process. The server needs more threads than both together, and words use those.
    """

    def __init__(self, slots: int, queue: int) -> None:
        self.slots, self.queue = slots, queue
        self._inside = 0
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def entered(self, wait: float) -> Iterator[None]:
        """Raises Busy if the queue is full, or after `wait` seconds in it."""
        self._enter(wait)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def is_idle_within(self, seconds: float) -> bool:
        """Whether nobody is inside or waits, now or at some time in the next seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._inside and not self._line, seconds)

    def _enter(self, wait: float) -> None:
        ticket = object()
        with self._changed:
            if self._inside + len(self._line) >= self.slots + self.queue:
                raise Busy(retry_after=self._next_try(wait))
            self._line.append(ticket)
            try:
                self._wait(ticket, wait)
                self._inside += 1
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()

    def _wait(self, ticket: object, wait: float) -> None:
        """Until it is this one's turn. Who has closed the connection meanwhile leaves the queue."""
        end = time.monotonic() + wait
        while True:
            left = end - time.monotonic()
            is_next = self._changed.wait_for(
                lambda: self._inside < self.slots and self._line[0] is ticket, max(0.0, min(left, LOOK_EVERY))
            )
            if callers.has_gone():
                raise CallerGone
            if is_next:
                return
            if left <= LOOK_EVERY:
                raise Busy(retry_after=self._next_try(wait))

    @staticmethod
    def _next_try(wait: float) -> int:
        return max(1, round(wait))


def slots() -> int:
    """How many photos a process looks at at once, as PHOTO_SLOTS says or as the machine's cores allow."""
    return conf.PHOTO_SLOTS or max(1, (os.cpu_count() or 1) // CORES_A_PHOTO)


_gates: dict[tuple[int, int], Gate] = {}
_making = threading.Lock()


def photos() -> Gate:
    """This process's gate for photos."""
    size = slots(), conf.PHOTO_QUEUE
    with _making:
        return _gates.setdefault(size, Gate(*size))


@contextmanager
def photo() -> Iterator[float]:
    """Inside, a photo may be opened or looked at. Yields the milliseconds that it waited. Raises Busy."""
    begin = time.perf_counter()
    with photos().entered(conf.PHOTO_WAIT_SECONDS):
        yield (time.perf_counter() - begin) * 1000
