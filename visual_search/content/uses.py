"""Notes which encoders and readers are in use. Each process notes the ones it works with, at most once an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from visual_search.models import MakerUse

EVERY = 3600.0  # seconds: far less than a day, the least that unused rows are kept

_noted: dict[str, float] = {}  # maker -> when, on the monotonic clock
_lock = threading.Lock()


def note(makers: Iterable[str]) -> None:
    """Note that this process works with these makers. Writes to the database the first time in an hour, else not at all."""
    now = time.monotonic()
    with _lock:
        due = [maker for maker in makers if now - _noted.get(maker, -EVERY) >= EVERY]
        _noted.update(dict.fromkeys(due, now))
    if due:
        MakerUse.objects.all().note(due)


def forget() -> None:
    """Let the next `note` write to the database again."""
    with _lock:
        _noted.clear()
