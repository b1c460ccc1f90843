"""How long things took lately in this process, so that the engine can say itself when a shop has outgrown it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator

KEPT_DURATIONS = 500  # The latest queries: an hour of a small shop, a minute of a busy one.
LEAST_FOR_P95 = 50  # Of fewer durations the 95th percentile is one slow query.


class Gauge:
    """Durations of one kind of work."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=KEPT_DURATIONS)

    def add(self, seconds: float) -> None:
        self._seconds.append(seconds)

    @property
    def p95(self) -> float | None:
        """Seconds; None while too few are known."""
        known = sorted(self._seconds)
        return known[int(0.95 * len(known))] if len(known) >= LEAST_FOR_P95 else None


class Gauges:
    """One gauge for each kind of leg. Thread-safe."""

    def __init__(self) -> None:
        self._gauges: dict[str, Gauge] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        with self._lock:
            self._gauges.setdefault(kind, Gauge()).add(time.perf_counter() - begin)

    def p95(self) -> dict[str, float]:
        """Kind of leg -> seconds, where enough is known."""
        with self._lock:
            return {kind: value for kind, gauge in self._gauges.items() if (value := gauge.p95) is not None}
