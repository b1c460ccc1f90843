"""Which encoders and readers are in use: each process that works with one says so, at most once an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from visual_search.models import MakerUse

EVERY = 3600.0  # seconds: far less than a day, the least that unused rows are kept

_noted: dict[str, float] = {}  # maker -> when, on the monotonic clock
_lock = threading.Lock()


def note(makers: Iterable[str]) -> None:
    """This process works with what these makers made. Costs a write the first time in an hour, else nothing."""
    now = time.monotonic()
    with _lock:
        due = [maker for maker in makers if now - _noted.get(maker, -EVERY) >= EVERY]
        _noted.update(dict.fromkeys(due, now))
    if due:
        MakerUse.objects.all().note(due)


def forget() -> None:
    """Say it again at the next occasion."""
    with _lock:
        _noted.clear()
