"""Curators have the last word on the hits: they place some, drop some, and add objects that they named beforehand.

What a curator may add is asked as one more leg of the same question to the engine, so that filters, negatives, facets and
totals hold for it as for everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from visual_search.hooks.guard import Guard, Guarded, Moment, Overstepped
from visual_search.types import Banner, Hit, Query

MOST_OFFERED = 100  # ids that one curator may name for a question: a page, four times over


@dataclass(frozen=True, slots=True)
class Curated:
    """The hits that the shopper gets; `note` says in one word what was done or why nothing (''). `redirect`: the address of
    a page that answers better than hits, '' for none; of several, the last one counts. `banners` stand above the hits.
    """

    hits: tuple[Hit, ...]
    note: str = ""
    redirect: str = ""
    banners: tuple[Banner, ...] = ()


@runtime_checkable
class Curator(Protocol):
    """Thread-safe. `offers` comes when the question's photos were looked at and before the engine is asked: the ids that
    `curate` may add (at most `MOST_OFFERED`). Both find what was seen of a photo at `query.pictures`, without its pixels.

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
    ) -> Guarded[Curated]:
        """What all curators make of the hits, one after the other. `offered`: what the engine found of the `offers`, by id.

        A curator whose `offers` failed isn't asked again for this question.
        """

        def step(curator: Curator, before: Curated, moment: Moment) -> tuple[Curated, str]:
            there = {hit.id for hit in before.hits}
            own = offers.value.get(curator.name, ())
            more = tuple(offered[id] for id in own if id in offered and id not in there)
            after = curator.curate(query, before.hits, more, moment)
            _check(after.hits, there | {hit.id for hit in more})
            banners = (*before.banners, *after.banners)
            return Curated(after.hits, redirect=after.redirect or before.redirect, banners=banners), after.note

        curated = self.run(Curated(hits), step, limit_ms=limit_ms, without=offers.degraded)
        return Guarded(curated.value, curated.notes, (*offers.degraded, *curated.degraded))


def _check(hits: Sequence[Hit], known: Collection[str]) -> None:
    ids = [hit.id for hit in hits]
    if len(set(ids)) < len(ids):
        raise Overstepped("It gave back a hit twice.")
    if not set(ids) <= set(known):
        raise Overstepped("It gave back hits that it neither got nor named beforehand.")
