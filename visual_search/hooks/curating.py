"""Curators have the last word on the hits: they place some, drop some, and add objects that they named beforehand.

What a curator may add is asked as one more leg of the same question to the engine, so that filters, negatives, facets and
totals hold for it as for everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from visual_search.hooks.guard import Guard, Guarded, Moment, Overstepped
from visual_search.types import Hit, Query

MOST_OFFERED = 100  # ids that one curator may name for a question: a page, four times over


@dataclass(frozen=True, slots=True)
class Curated:
    """The hits that the shopper gets; `note` says in one word what was done or why nothing ('')."""

    hits: tuple[Hit, ...]
    note: str = ""


@runtime_checkable
class Curator(Protocol):
    """Thread-safe. `offers` comes before the question is asked: the ids that `curate` may add (at most `MOST_OFFERED`).

    `curate` gets the whole result set, best first, and of the ids that it named those that pass the question's filters and
    aren't among the hits yet. It gives back any of all these, each once, in the order that the shopper shall see.
    """

    name: str

    def offers(self, query: Query, moment: Moment) -> Sequence[str]: ...

    def curate(self, query: Query, hits: tuple[Hit, ...], offered: tuple[Hit, ...], moment: Moment) -> Curated: ...


class Curators(Guard[Curator]):
    kind = "curator"

    def offers(self, query: Query, *, limit_ms: float) -> Guarded[Mapping[str, tuple[str, ...]]]:
        """The ids that each curator may add, by its name."""

        def step(
            curator: Curator, before: Mapping[str, tuple[str, ...]], moment: Moment
        ) -> tuple[Mapping[str, tuple[str, ...]], str]:
            ids = tuple(dict.fromkeys(curator.offers(query, moment)))
            if len(ids) > MOST_OFFERED:
                raise Overstepped(f"It named {len(ids)} ids; it may name {MOST_OFFERED}.")
            if not all(isinstance(id, str) and id for id in ids):
                raise Overstepped("It named ids that aren't texts; an id is written as hits write it.")
            return {**before, curator.name: ids}, ""

        return self.run({}, step, limit_ms=limit_ms)

    def apply(
        self,
        query: Query,
        hits: tuple[Hit, ...],
        offered: Mapping[str, Hit],
        *,
        offers: Guarded[Mapping[str, tuple[str, ...]]],
        limit_ms: float,
    ) -> Guarded[tuple[Hit, ...]]:
        """The hits after all curators, one after the other. `offered`: what the engine found of the `offers`, by id.

        A curator whose `offers` failed isn't asked again for this question.
        """

        def step(curator: Curator, before: tuple[Hit, ...], moment: Moment) -> tuple[tuple[Hit, ...], str]:
            there = {hit.id for hit in before}
            own = offers.value.get(curator.name, ())
            more = tuple(offered[id] for id in own if id in offered and id not in there)
            after = curator.curate(query, before, more, moment)
            _check(after.hits, there | {hit.id for hit in more})
            return after.hits, after.note

        curated = self.run(hits, step, limit_ms=limit_ms, without=offers.degraded)
        return Guarded(curated.value, curated.notes, (*offers.degraded, *curated.degraded))


def _check(hits: Sequence[Hit], known: Collection[str]) -> None:
    ids = [hit.id for hit in hits]
    if len(set(ids)) < len(ids):
        raise Overstepped("It gave back a hit twice.")
    if not set(ids) <= set(known):
        raise Overstepped("It gave back hits that it neither got nor named beforehand.")
