"""Runs what may change the order of the best hits: with a time limit, and never at the price of the answer.

A rescorer is named by the shop's settings; the core knows only this protocol. One that fails, dawdles, or gives back other
hits than it got is skipped and named, and the order stays as it was.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from visual_search.types import Hit, Query

logger = logging.getLogger(__name__)

REST_AFTER = 3  # failures in a row
REST_SECONDS = 60.0


class OutOfTime(Exception):
    """A rescorer saw that its time was up."""


class OtherHits(ValueError):
    """A rescorer gave back other hits than it got."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time that a rescorer has: `deadline` is a time of `clock`; `check` raises OutOfTime after it."""

    deadline: float
    clock: Callable[[], float] = time.perf_counter

    def check(self) -> None:
        if self.clock() > self.deadline:
            raise OutOfTime


@dataclass(frozen=True, slots=True)
class Reordered:
    """The same hits in an order of the rescorer's; `note` says in one word what it did or why nothing ('')."""

    hits: tuple[Hit, ...]
    note: str = ""


@runtime_checkable
class Rescorer(Protocol):
    """Thread-safe. Gets at most the window of best hits, and gives back exactly these (a `reason` may be filled in)."""

    name: str

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


class Guard:
    """Runs rescorers for one process, and gives one that keeps failing a rest, so that it can't slow every answer."""

    def __init__(self, rescorers: Sequence[Rescorer], *, clock: Callable[[], float] = time.perf_counter) -> None:
        names = [rescorer.name for rescorer in rescorers]
        if len(set(names)) < len(names):
            raise ValueError(f"Two rescorers have one name: {', '.join(names)}. Name each of them once in RESCORERS.")
        self._rescorers, self._clock = tuple(rescorers), clock
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._resting_until: dict[str, float] = {}

    def apply(self, query: Query, hits: tuple[Hit, ...], *, window: int, limit_ms: float) -> Outcome:
        """The hits, their first `window` in the order that the rescorers gave them one after the other."""
        notes: list[str] = []
        degraded: list[str] = []
        for rescorer in self._rescorers:
            begin = self._clock()
            if begin < self._resting_until.get(rescorer.name, begin):
                degraded.append(rescorer.name)
                continue
            moment = Moment(begin + limit_ms / 1000, self._clock)
            try:
                after = rescorer.rescore(query, hits[:window], moment)
                moment.check()
                _same_hits(rescorer.name, hits[:window], after.hits)
            except OutOfTime:
                logger.warning("The rescorer '%s' took more than %.0f ms; the order stays.", rescorer.name, limit_ms)
            # The shop's code and the database may raise anything; an answer in the base order is still an answer.
            except Exception as error:
                # Where it failed, but not what it said: a database's message may quote what the device remembers.
                where = "".join(traceback.format_tb(error.__traceback__))
                said = str(error) if isinstance(error, OtherHits) else ""
                logger.error(
                    "The rescorer '%s' failed; the order stays. %s %s\n%s",
                    rescorer.name, type(error).__name__, said, where,
                )  # fmt: skip
            else:
                self._note(rescorer.name, failed=False)
                hits = (*after.hits, *hits[window:])
                if after.note:
                    notes.append(f"{rescorer.name}:{after.note}")
                continue
            self._note(rescorer.name, failed=True)
            degraded.append(rescorer.name)
        return Outcome(hits, tuple(notes), tuple(degraded))

    def _note(self, name: str, *, failed: bool) -> None:
        with self._lock:
            self._failures[name] = self._failures.get(name, 0) + 1 if failed else 0
            if self._failures[name] >= REST_AFTER:
                self._resting_until[name] = self._clock() + REST_SECONDS
                self._failures[name] = 0


def _same_hits(name: str, before: Sequence[Hit], after: Sequence[Hit]) -> None:
    if sorted(hit.id for hit in before) != sorted(hit.id for hit in after):
        raise OtherHits(f"The rescorer '{name}' gave back other hits than it got; it may only change their order.")
