"""How long something takes: by the clock, and of the thread's own work, which other work on the machine doesn't change."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

Result = TypeVar("Result")

COLUMNS = dict.fromkeys(("p50 ms", "p95 ms", "CPU p50", "CPU p95"), "{:.2f}")
NOTE = "CPU is the thread's own time: on a busy machine the clock counts what others do, too."


def timed(work: Callable[[], Result]) -> tuple[Result, tuple[float, float]]:
    """What it gives, and its milliseconds: by the clock, and of this thread's own work."""
    begin, worked = time.perf_counter(), time.thread_time()
    result = work()
    return result, ((time.perf_counter() - begin) * 1000, (time.thread_time() - worked) * 1000)


def percentiles(times: Sequence[tuple[float, float]]) -> dict[str, float]:
    """A row of the columns `COLUMNS`, of times as `timed` gives them."""
    wall, work = np.array(times).T
    return {
        "p50 ms": float(np.percentile(wall, 50)),
        "p95 ms": float(np.percentile(wall, 95)),
        "CPU p50": float(np.percentile(work, 50)),
        "CPU p95": float(np.percentile(work, 95)),
    }
