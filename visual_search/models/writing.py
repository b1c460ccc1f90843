"""How models write: again while SQLite is locked, and in pieces that every database takes in one statement."""

from __future__ import annotations

import functools
import itertools
import random
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db import OperationalError, connections

Function = TypeVar("Function", bound=Callable[..., Any])

CHUNK = 500  # values in one statement; SQLite allowed 999 for many years
LOCK_PATIENCE = 60.0  # seconds of trying again while another process holds SQLite's lock


def patient(function: Function) -> Function:
    """Run it again while SQLite says "database is locked", for up to `LOCK_PATIENCE` seconds.

    Inside a transaction the error goes up at once: only the whole transaction may be tried again.
    """

    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = connections[self.db]
        give_up = time.monotonic() + LOCK_PATIENCE
        for attempt in itertools.count():
            try:
                return function(self, *args, **kwargs)
            except OperationalError as problem:
                locked = "locked" in str(problem) or "busy" in str(problem)
                if not locked or connection.in_atomic_block or time.monotonic() > give_up:
                    raise
            # A random part keeps two waiting processes from colliding again and again.
            time.sleep(random.uniform(0.5, 1.0) * min(1.0, 0.02 * 2**attempt))  # noqa: S311
        raise AssertionError("unreachable")

    return wrapper  # type: ignore[return-value]


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    iterator = iter(values)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
