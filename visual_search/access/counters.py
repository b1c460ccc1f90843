"""Where limits are counted: in the database, or in a cache that counts atomically, such as Redis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from django.core.cache import caches
from django.db import connections, router, transaction

from visual_search.conf import conf
from visual_search.models import Spent

SQLITE_PATIENCE_MS = 1000  # A writer may hold SQLite for longer, and a question mustn't wait for its being counted.
_SPARE_SECONDS = 60  # A cache keeps a bucket a little longer, so that it can't end between two commands.


class Counter(Protocol):
    """Counts what is used of a bucket. No two requests get the same place, however many processes ask at once."""

    def spend(self, bucket: str, cost: int, limit: int, *, now: float, until: float) -> int | None:
        """What is used of the limit with this; None, and nothing is counted, where it would be more than the limit."""


class DatabaseCounter:
    def spend(self, bucket: str, cost: int, limit: int, *, now: float, until: float) -> int | None:
        using = router.db_for_write(Spent)
        with _savepoint(using), _short_patience(using):
            return Spent.objects.using(using).spend(bucket, cost, limit, now=now, until=until)


class CacheCounter:
    """Django's `incr` is atomic on Redis and Memcached, and among the threads of one process in local memory."""

    def __init__(self, alias: str) -> None:
        self._cache = caches[alias]

    def spend(self, bucket: str, cost: int, limit: int, *, now: float, until: float) -> int | None:
        key = f"visual-search-limit:{bucket}"
        self._cache.add(key, 0, math.ceil(until - now) + _SPARE_SECONDS)
        used = self._cache.incr(key, cost)
        if used <= limit:
            return used
        # Given back, as the database does. Until then another request may be refused that would just have fitted.
        self._cache.decr(key, cost)
        return None


def counter() -> Counter:
    """The counter that the shop's settings name."""
    return DatabaseCounter() if conf.LIMITS_CACHE is None else CacheCounter(conf.LIMITS_CACHE)


@contextmanager
def _savepoint(using: str) -> Iterator[None]:
    """Inside a transaction a failed statement would spoil all that comes after it."""
    if not connections[using].in_atomic_block:
        yield
        return
    with transaction.atomic(using=using):
        yield


@contextmanager
def _short_patience(using: str) -> Iterator[None]:
    """SQLite has one writer at a time, and waits for as long as the shop says: half a minute in the reference shop."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {min(usual, SQLITE_PATIENCE_MS):d}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual:d}")
