"""Which sources a kind of slot asks, one after the other, until it is full. A young shop has few orders and lives by the rest.

Each source is a function from what a slot starts from to candidates, best first. Nothing is left out here: see `exclusions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from visual_search.features.recommendations import nearest, options
from visual_search.features.recommendations.facts import Facts
from visual_search.features.recommendations.lists import Lists
from visual_search.features.recommendations.slots import Candidate, Slot, SlotKind, Source
from visual_search.types import CATEGORY, AnyOf, path_prefixes

MOST_ASKED = 3  # products for which the index is asked, where no list was made of them: each takes some 20 ms once


@dataclass(frozen=True, slots=True)
class Ground:
    """What a slot starts from. `seeds`: products that may be used to find others, with their weights, the first one most
    important; `viewed`: what the device says that the shopper looked at, the last one first.
    """

    slot: Slot
    lists: Lists
    seeds: Mapping[str, float]
    known: Mapping[str, Facts]  # of the seeds at least
    viewed: tuple[str, ...] = ()

    @property
    def collection(self) -> str:
        return self.lists.collection

    @property
    def categories(self) -> list[str]:
        """Those of the seeds, each once."""
        return [path for path in dict.fromkeys(self.known[id].category for id in self.seeds) if path]


@dataclass(frozen=True, slots=True)
class Step:
    """`loose`: it isn't what the kind's heading says. `last_resort`: it is asked only where too few were found for a slot."""

    source: Source
    ask: Callable[[Ground], Sequence[Candidate]]
    loose: bool = False
    last_resort: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """`own`: the sources that the kind promises; what comes from another one is told as its `fallback`.

    `varied`: at most two of a category. `elsewhere`: only what lies in another category than what it is found for.
    """

    own: tuple[Source, ...]
    steps: tuple[Step, ...]
    varied: bool = False
    elsewhere: bool = False


# --- What the owner linked, and what was made beforehand -------------------------------------------


def _pinned(ground: Ground) -> Sequence[Candidate]:
    return ground.lists.linked(ground.slot.kind, list(ground.seeds), pinned=True)


def _curated(ground: Ground) -> Sequence[Candidate]:
    return ground.lists.linked(ground.slot.kind, list(ground.seeds), pinned=False)


def _orders(ground: Ground) -> Sequence[Candidate]:
    return ground.lists.near(SlotKind.TOGETHER, Source.ORDERS, ground.seeds)


def _borrowed(ground: Ground) -> Sequence[Candidate]:
    return ground.lists.near(SlotKind.TOGETHER, Source.BORROWED, ground.seeds)


# --- What is looked for in the index where nothing was made yet ------------------------------------


def _category(ground: Ground) -> Sequence[Candidate]:
    if made := ground.lists.near(SlotKind.GOES_WITH, Source.CATEGORY, ground.seeds):
        return made
    pairs = ground.lists.pairs(ground.categories)
    return _asked(ground, Source.CATEGORY, lambda id: nearest.in_each(ground.collection, id, pairs) if pairs else ())


def _content(ground: Ground) -> Sequence[Candidate]:
    if made := ground.lists.near(SlotKind.SIMILAR, Source.CONTENT, ground.seeds):
        return made
    return _asked(ground, Source.CONTENT, lambda id: nearest.similar(ground.collection, id))


def _beside(ground: Ground) -> Sequence[Candidate]:
    """The nearest of the same category; where that holds too few, of the level above, and so on."""
    found: list[Candidate] = []
    for id in list(ground.seeds)[:MOST_ASKED]:
        for level in reversed(path_prefixes(ground.known[id].category)):
            ids = nearest.in_category(ground.collection, id, level)
            found += [Candidate(other, Source.BESIDE, id, level) for other in ids]
            if len(ids) > ground.slot.limit:
                break
    return found


def _series(ground: Ground) -> Sequence[Candidate]:
    field = options.series()
    return _asked(
        ground, Source.SERIES, lambda id: nearest.of_series(ground.collection, field, ground.known[id].series)
    )


def _asked(ground: Ground, source: Source, ask: Callable[[str], Iterable[str]]) -> Sequence[Candidate]:
    return _in_turns([[Candidate(other, source, id) for other in ask(id)] for id in list(ground.seeds)[:MOST_ASKED]])


def _in_turns(found: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """The first of each product, then the second of each, so that a basket isn't ruled by its first line."""
    return [one for one in chain.from_iterable(zip_longest(*found)) if one is not None]


# --- What sells ------------------------------------------------------------------------------------


def _popular_there(ground: Ground) -> Sequence[Candidate]:
    """Best sellers of the categories that go with these."""
    return ground.lists.popular(ground.lists.pairs(ground.categories))


def _popular_here(ground: Ground) -> Sequence[Candidate]:
    """Best sellers of these very categories."""
    return ground.lists.popular(ground.categories)


def _trending(ground: Ground) -> Sequence[Candidate]:
    """Best sellers of the categories that the slot names or that its products have; of the whole shop where there are none."""
    return ground.lists.popular(named_categories(ground.slot) or ground.categories or [""])


def _trending_around(ground: Ground) -> Sequence[Candidate]:
    """Best sellers of the levels above, up to the whole shop. Who asks for one category gets that one alone."""
    if named_categories(ground.slot):
        return ()
    above = [level for path in ground.categories for level in reversed(path_prefixes(path)[:-1])]
    return [one for level in (*above, "") for one in ground.lists.popular([level])]


def named_categories(slot: Slot) -> list[str]:
    """The categories that the slot's filters ask for."""
    rules = [rule for rule in slot.filters if isinstance(rule, AnyOf) and rule.field == CATEGORY.name]
    return [str(value) for rule in rules for value in rule.values]


def _viewed(ground: Ground) -> Sequence[Candidate]:
    return [Candidate(id, Source.VIEWED) for id in ground.viewed]


_BY_HAND = (Step(Source.PINNED, _pinned), Step(Source.CURATED, _curated))
_BY_ORDERS = (Step(Source.ORDERS, _orders), Step(Source.BORROWED, _borrowed))
_LINKED = (Source.PINNED, Source.CURATED)

CHAINS: Mapping[SlotKind, Chain] = {
    SlotKind.TOGETHER: Chain(
        own=(*_LINKED, Source.ORDERS),
        steps=(
            *_BY_HAND,
            *_BY_ORDERS,
            Step(Source.CATEGORY, _category, loose=True),
            Step(Source.POPULAR, _popular_there, loose=True, last_resort=True),
        ),
        varied=True,
    ),
    SlotKind.GOES_WITH: Chain(
        own=(*_LINKED, Source.ORDERS, Source.CATEGORY),
        steps=(
            *_BY_HAND,
            *_BY_ORDERS,
            Step(Source.SERIES, _series),
            Step(Source.CATEGORY, _category),
            Step(Source.POPULAR, _popular_there, last_resort=True),
        ),
        varied=True,
        elsewhere=True,
    ),
    SlotKind.SIMILAR: Chain(
        own=(*_LINKED, Source.CONTENT),
        steps=(
            *_BY_HAND,
            Step(Source.CONTENT, _content),
            Step(Source.BESIDE, _beside, last_resort=True),
            Step(Source.POPULAR, _popular_here, last_resort=True),
        ),
    ),
    SlotKind.SERIES: Chain(own=(Source.SERIES,), steps=(Step(Source.SERIES, _series),)),
    SlotKind.FOR_YOU: Chain(
        own=(Source.ORDERS, Source.BORROWED, Source.CONTENT),
        steps=(
            *_BY_ORDERS,
            Step(Source.CONTENT, _content),
            Step(Source.POPULAR, _popular_here, last_resort=True),
        ),
        varied=True,
    ),
    SlotKind.TRENDING: Chain(
        own=(Source.POPULAR,),
        steps=(
            Step(Source.POPULAR, _trending),
            Step(Source.POPULAR, _trending_around, last_resort=True),
        ),
    ),
    SlotKind.RECENT: Chain(own=(Source.VIEWED,), steps=(Step(Source.VIEWED, _viewed),)),
}
