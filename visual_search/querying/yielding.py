"""Work on photos leaves the processor to whoever answers words."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Protocol, TypeVar

# Added to the niceness of a photo's threads: of a core that both want, words then get three times their share. With 10 it would
# be nine times, and a photo's thread would keep the interpreter's lock for long while it waits for its turn (set by judgement).
NICENESS = 5

T = TypeVar("T")


class Looking(Protocol):
    """How the work on a photo is done."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


def at_once(work: Callable[[], T]) -> T:
    """What `work` gives or raises, in the caller's own thread."""
    return work()


def aside(work: Callable[[], T]) -> T:
    """What `work` gives or raises, done in a thread that yields to others, as do the threads that it starts.

    Where the system has no niceness of single threads, it is a thread like all others.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="visual-search-photo", initializer=_yield) as pool:
        return pool.submit(copy_context().run, work).result()


def _yield() -> None:
    # Linux alone takes a thread's number here, and new threads there begin with the niceness of the one that starts them.
    if sys.platform == "linux":
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + NICENESS)
