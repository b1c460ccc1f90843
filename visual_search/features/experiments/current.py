"""The experiment that runs, as this process knows it: a few seconds old, so that no question waits for the database."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from visual_search.features.experiments.models import Experiment, Kind, Status

READ_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Running:
    """What a question must know of the experiment."""

    id: int
    a: str
    b: str
    share: float
    kind: str = Kind.INTERLEAVE


_lock = threading.Lock()
_kept: tuple[float, Running | None] | None = None


def running() -> Running | None:
    """The experiment that runs; None where none does. One query in READ_SECONDS."""
    global _kept  # noqa: PLW0603 - one for the process
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > READ_SECONDS:
            row = Experiment.objects.filter(status=Status.RUNNING).first()
            found = Running(row.pk, row.a, row.b, row.share, row.kind) if row else None
            _kept = (time.monotonic(), found)
        return _kept[1]


def forget() -> None:
    """Read it anew: this process has changed it."""
    global _kept  # noqa: PLW0603
    with _lock:
        _kept = None
