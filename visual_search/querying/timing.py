"""How long each step of a search took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Clock:
    """Milliseconds by step. A step that comes twice adds up."""

    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, (time.perf_counter() - begin) * 1000)

    def add(self, name: str, milliseconds: float) -> None:
        self.steps[name] = self.steps.get(name, 0.0) + milliseconds
