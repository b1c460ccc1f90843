"""Many threads that want the same few places."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from visual_search.access.counters import Counter

ASKING, PLACES = 20, 10


def places_taken(counter: Counter, *, cost: int = 1, bucket: str = "race") -> list[int]:
    """What each of the threads that passed was told; all begin at the same moment."""
    begin = threading.Barrier(ASKING)

    def ask(_: int) -> int | None:
        try:
            begin.wait(30)
            return counter.spend(bucket, cost, PLACES, now=(now := time.time()), until=now + 60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(ASKING) as pool:
        return sorted(used for used in pool.map(ask, range(ASKING)) if used is not None)
