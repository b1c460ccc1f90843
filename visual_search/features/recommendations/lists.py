"""Reads what was made or linked beforehand, for all slots of a page at once: the owner's links, neighbours, and best sellers.

A build that is live never changes, so what was read of one by category is remembered. Which build is live is asked each time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from visual_search.features.recommendations.keeping import Keeper
from visual_search.features.recommendations.models import (
    Build,
    CategoryPair,
    CuratedLink,
    Kind,
    Neighbour,
    Part,
    Popular,
)
from visual_search.features.recommendations.slots import Candidate, Source

DEEPEST = 100  # rows of all products of a slot; a slot shows few, and some are excluded
SHALLOWEST = 10  # rows of one product, however many there are
MOST_POPULAR = 60  # of one category
MOST_PAIRS = 6  # categories that go with one
KEPT_SECONDS, MOST_KEPT = 600.0, 2_000  # of categories: about 10 MB
_PARTS = {  # which build a source's list is of
    Source.ORDERS: Part.TOGETHER,
    Source.BORROWED: Part.BORROWED,
    Source.CATEGORY: Part.GOES_WITH,
    Source.CONTENT: Part.SIMILAR,
    Source.POPULAR: Part.POPULAR,
}


class Link(NamedTuple):
    """A link of the owner's."""

    item: str
    other: str
    kind: str
    position: int
    pinned: bool
    pk: int


class Near(NamedTuple):
    """A place in the list of `item`."""

    item: str
    other: str
    kind: str
    score: float
    of_several: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Lists:
    """What stands in the tables for some products. Nothing here is checked: the products may be gone or sold out."""

    collection: str
    builds: Mapping[str, tuple[int, datetime | None]] = field(
        default_factory=dict
    )  # part -> build, and when it was made
    links: tuple[Link, ...] = ()
    neighbours: tuple[Near, ...] = ()

    def built_at(self, sources: Collection[Source]) -> datetime | None:
        """When the oldest of the lists was made that these sources are of."""
        made = [self.builds[_PARTS[one]][1] for one in sources if one in _PARTS and _PARTS[one] in self.builds]
        return min((moment for moment in made if moment), default=None)

    def has(self, part: Part) -> bool:
        """Whether this part was ever made. What isn't is looked for in the index."""
        return part in self.builds

    def linked(self, kind: str, seeds: Sequence[str], *, pinned: bool) -> list[Candidate]:
        """The owner's links from these products, by their places."""
        source = Source.PINNED if pinned else Source.CURATED
        own = [link for link in self.links if link.kind == kind and link.pinned is pinned and link.item in seeds]
        own.sort(key=lambda link: (link.position, seeds.index(link.item), link.pk))
        return [Candidate(link.other, source, link.item) for link in own]

    def near(self, kind: str, source: Source, seeds: Mapping[str, float]) -> list[Candidate]:
        """What stands in the lists of these products, each with its weight. Scores add up; the one that gives most is named."""
        total: dict[str, float] = defaultdict(float)
        best: dict[str, tuple[float, str]] = {}
        for row in self.neighbours:
            if row.kind != kind or row.source != source or row.item not in seeds:
                continue
            # In a basket what everybody buys would collect points from each thing, so such lists have a score of their own.
            one = row.score if len(seeds) == 1 or row.of_several is None else row.of_several
            score = one * seeds[row.item]
            total[row.other] += score
            best[row.other] = max(best.get(row.other, (-1.0, "")), (score, row.item))
        ordered = sorted(total, key=lambda other: (-total[other], other))
        return [Candidate(other, source, best[other][1]) for other in ordered]

    def popular(self, categories: Sequence[str]) -> list[Candidate]:
        """What sells best in these categories, in turns; of the whole shop for ""."""
        if Part.POPULAR not in self.builds or not categories:
            return []
        build = self.builds[Part.POPULAR]
        made = _kept.get(((Part.POPULAR, *build, one) for one in categories), _best_sellers)
        found = sorted(
            (rank, categories.index(key[-1]), item, key[-1]) for key, rows in made.items() for rank, _, item in rows
        )
        return [Candidate(item, Source.POPULAR, category=category) for _rank, _place, item, category in found]

    def pairs(self, categories: Sequence[str]) -> list[str]:
        """Categories that go with these, the strongest first; none of them is one of these."""
        if Part.CATEGORIES not in self.builds or not categories:
            return []
        build = self.builds[Part.CATEGORIES]
        made = _kept.get(((Part.CATEGORIES, *build, one) for one in categories), _going_with)
        strongest = [other for _rank, _score, other in sorted(chain.from_iterable(made.values()))]
        return [other for other in dict.fromkeys(strongest) if other not in categories][:MOST_PAIRS]


def read(collection: str, seeds: Iterable[str]) -> Lists:
    """What the tables have of these products: three queries, however many there are; one where there are none."""
    live = Build.objects.filter(collection=collection, live=True).values_list("part", "pk", "finished")
    builds = {part: (pk, finished) for part, pk, finished in live}
    if not (ids := list(dict.fromkeys(seeds))):
        return Lists(collection, builds)
    links = CuratedLink.objects.filter(collection=collection, item__in=ids).values_list(*Link._fields)
    near: Iterable[tuple[str, str, str, float, float | None, str]] = ()
    if builds:
        depth = max(SHALLOWEST, DEEPEST // len(ids))
        made = [pk for pk, _finished in builds.values()]
        # With all kinds named the index leads to the products; without, all rows of a build were looked through.
        rows = Neighbour.objects.filter(build__in=made, kind__in=Kind.values, item__in=ids, rank__lt=depth)
        near = rows.values_list(*Near._fields)
    return Lists(collection, builds, tuple(map(Link._make, links)), tuple(map(Near._make, near)))


# --- What is remembered of a build, by category -----------------------------------------------------

_Key = tuple[Part, int, datetime | None, str]  # part, build, when it was made, category
_Rows = list[tuple[int, float, str]]  # rank, score the other way round, what stands there


def _best_sellers(missing: Sequence[_Key]) -> dict[_Key, _Rows]:
    rows = Popular.objects.filter(
        build=missing[0][1], category__in=[key[-1] for key in missing], rank__lt=MOST_POPULAR
    ).order_by("rank")
    return _by_category(
        missing, ((category, rank, 0.0, item) for category, rank, item in rows.values_list("category", "rank", "item"))
    )


def _going_with(missing: Sequence[_Key]) -> dict[_Key, _Rows]:
    rows = CategoryPair.objects.filter(
        build=missing[0][1], category__in=[key[-1] for key in missing], rank__lt=MOST_PAIRS
    ).order_by("rank")
    found = rows.values_list("category", "rank", "score", "other")
    return _by_category(missing, ((category, rank, -score, other) for category, rank, score, other in found))


def _by_category(missing: Sequence[_Key], rows: Iterable[tuple[str, int, float, str]]) -> dict[_Key, _Rows]:
    """Those without any are remembered, too."""
    found: dict[_Key, _Rows] = {key: [] for key in missing}
    own = {key[-1]: found[key] for key in missing}
    for category, rank, score, other in rows:
        own[category].append((rank, score, other))
    return found


_kept: Keeper[_Key, _Rows] = Keeper(seconds=KEPT_SECONDS, most=MOST_KEPT)
forget = _kept.forget
