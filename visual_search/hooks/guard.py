"""Runs what features hook into a search: with a time limit, and never at the price of the answer.

A hook is named by the shop's settings; the core knows only its protocol. One that fails, dawdles, or oversteps what its kind
may do is skipped and named in `degraded`, and the search goes on with what there was before it.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

logger = logging.getLogger(__name__)

REST_AFTER = 3  # failures in a row
REST_SECONDS = 60.0
# The first runs in a process load what the hook needs, such as its tables; a curator runs twice for a question.
FIRST_RUNS, FIRST_MS = 2, 1000.0


class OutOfTime(Exception):
    """A hook saw that its time was up."""


class Overstepped(ValueError):
    """A hook did what its kind may not do; the message says what, in words that may be logged."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time that a hook has: `deadline` is a time of `clock`; `check` raises OutOfTime after it."""

    deadline: float
    clock: Callable[[], float] = time.perf_counter

    def check(self) -> None:
        if self.clock() > self.deadline:
            raise OutOfTime


class Named(Protocol):
    name: str


Hook = TypeVar("Hook", bound=Named)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Guarded(Generic[Value]):
    """`value` after all hooks. `notes`: "name:what it did". `degraded`: names of the hooks that were skipped."""

    value: Value
    notes: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


class Guard(Generic[Hook]):
    """The hooks of one kind, in one process. One that keeps failing rests, so that it can't slow every answer."""

    kind = "hook"

    def __init__(
        self, hooks: Sequence[Hook], *, clock: Callable[[], float] = time.perf_counter, first_ms: float = 0.0
    ) -> None:
        """`first_ms`: what each of a hook's first runs may take, if that is more than the limit of the others."""
        names = [hook.name for hook in hooks]
        if len(set(names)) < len(names):
            raise ValueError(f"Two {self.kind}s have one name: {', '.join(names)}. Name each of them once.")
        self._hooks, self._clock, self._first_ms = tuple(hooks), clock, first_ms
        self._runs = dict.fromkeys(names, 0)
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._resting_until: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def run(
        self,
        value: Value,
        step: Callable[[Hook, Value, Moment], tuple[Value, str]],
        *,
        limit_ms: float,
        without: Collection[str] = (),
    ) -> Guarded[Value]:
        """The value after `step` of each hook, one after the other; `without`: names of hooks that are left out.

        `step` gives the new value and a note; it raises Overstepped for what the hook may not do.
        """
        notes: list[str] = []
        degraded: list[str] = []
        for hook in self._hooks:
            if hook.name in without:
                continue
            begin = self._clock()
            if begin < self._resting_until.get(hook.name, begin):
                degraded.append(hook.name)
                continue
            self._runs[hook.name] += 1
            own_ms = max(limit_ms, self._first_ms) if self._runs[hook.name] <= FIRST_RUNS else limit_ms
            moment = Moment(begin + own_ms / 1000, self._clock)
            try:
                after, note = step(hook, value, moment)
                moment.check()
            except OutOfTime:
                logger.warning("The %s '%s' took more than %.0f ms; it is skipped.", self.kind, hook.name, own_ms)
            # The shop's code and the database may raise anything; an answer without this hook is still an answer.
            except Exception as error:
                self._log(hook.name, error)
            else:
                self._count(hook.name, failed=False)
                value = after
                if note:
                    notes.append(f"{hook.name}:{note}")
                continue
            self._count(hook.name, failed=True)
            degraded.append(hook.name)
        return Guarded(value, tuple(notes), tuple(degraded))

    def _log(self, name: str, error: Exception) -> None:
        # Where it failed, but not what it said: a database's message may quote what the device remembers.
        where = "".join(traceback.format_tb(error.__traceback__))
        said = str(error) if isinstance(error, Overstepped) else ""
        logger.error("The %s '%s' failed; it is skipped. %s %s\n%s", self.kind, name, type(error).__name__, said, where)

    def _count(self, name: str, *, failed: bool) -> None:
        with self._lock:
            self._failures[name] = self._failures.get(name, 0) + 1 if failed else 0
            if self._failures[name] >= REST_AFTER:
                self._resting_until[name] = self._clock() + REST_SECONDS
                self._failures[name] = 0
