"""Rescorers change the order of the best hits, and add or drop none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from visual_search.hooks.guard import Guard, Guarded, Moment, Overstepped
from visual_search.types import Hit, Query


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


class Rescorers(Guard[Rescorer]):
    kind = "rescorer"

    def apply(self, query: Query, hits: tuple[Hit, ...], *, window: int, limit_ms: float) -> Guarded[tuple[Hit, ...]]:
        """The hits, their first `window` in the order that the rescorers gave them one after the other."""

        def step(rescorer: Rescorer, before: tuple[Hit, ...], moment: Moment) -> tuple[tuple[Hit, ...], str]:
            best, rest = before[:window], before[window:]
            after = rescorer.rescore(query, best, moment)
            if sorted(hit.id for hit in best) != sorted(hit.id for hit in after.hits):
                raise Overstepped("It gave back other hits than it got; it may only change their order.")
            return (*after.hits, *rest), after.note

        return self.run(hits, step, limit_ms=limit_ms)
