"""Values that a process keeps for a while, at most so many: the ones that were not asked for longest go first."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Keeper(Generic[Key, Value]):
    """Thread-safe. `seconds`: how long a value counts; `most`: how many are kept."""

    def __init__(self, *, seconds: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, keys: Iterable[Key], read: Callable[[list[Key]], Mapping[Key, Value]]) -> dict[Key, Value]:
        """The values of these keys; `read` is called once with those that aren't kept, and may leave some out."""
        wanted = list(dict.fromkeys(keys))
        oldest = self._clock() - self._seconds
        with self._lock:
            found = {key: kept[1] for key in wanted if (kept := self._kept.get(key)) and kept[0] >= oldest}
            for key in found:
                self._kept.move_to_end(key)
        missing = [key for key in wanted if key not in found]
        if not missing:
            return found
        # Not under the lock: reading may take long, and two threads that read the same do no harm.
        fresh = read(missing)
        now = self._clock()
        with self._lock:
            for key, value in fresh.items():
                self._kept[key] = (now, value)
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return {**found, **fresh}

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()
