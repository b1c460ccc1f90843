"""Reads what was made or linked beforehand, for all slots of a page at once: the owner's links, neighbours, and best sellers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from visual_search.features.recommendations.models import Build, CategoryPair, CuratedLink, Neighbour, Part, Popular
from visual_search.features.recommendations.slots import Candidate, Source

DEEPEST = 100  # rows of all products of a slot; a slot shows few, and some are excluded
SHALLOWEST = 10  # rows of one product, however many there are
MOST_POPULAR = 60  # of one category
MOST_PAIRS = 6  # categories that go with one
_PARTS = {  # which build a source's list is of
    Source.ORDERS: Part.TOGETHER,
    Source.BORROWED: Part.BORROWED,
    Source.CATEGORY: Part.GOES_WITH,
    Source.CONTENT: Part.SIMILAR,
    Source.POPULAR: Part.POPULAR,
}


@dataclass(frozen=True, slots=True)
class Lists:
    """What stands in the tables for some products. Nothing here is checked: the products may be gone or sold out."""

    collection: str
    builds: Mapping[str, tuple[int, datetime | None]] = field(
        default_factory=dict
    )  # part -> build, and when it was made
    links: tuple[CuratedLink, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

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
            score = row.score * seeds[row.item]
            total[row.other] += score
            best[row.other] = max(best.get(row.other, (-1.0, "")), (score, row.item))
        ordered = sorted(total, key=lambda other: (-total[other], other))
        return [Candidate(other, source, best[other][1]) for other in ordered]

    def popular(self, categories: Sequence[str]) -> list[Candidate]:
        """What sells best in these categories, in turns; of the whole shop for ""."""
        if Part.POPULAR not in self.builds or not categories:
            return []
        rows = Popular.objects.filter(
            build=self.builds[Part.POPULAR][0], category__in=categories, rank__lt=MOST_POPULAR
        ).values_list("category", "item", "rank")
        found = sorted(rows, key=lambda row: (row[2], categories.index(row[0])))
        return [Candidate(item, Source.POPULAR, category=category) for category, item, _rank in found]

    def pairs(self, categories: Sequence[str]) -> list[str]:
        """Categories that go with these, the strongest first; none of them is one of these."""
        if Part.CATEGORIES not in self.builds or not categories:
            return []
        rows = CategoryPair.objects.filter(build=self.builds[Part.CATEGORIES][0], category__in=categories)
        strongest = rows.filter(rank__lt=MOST_PAIRS).order_by("rank", "-score").values_list("other", flat=True)
        return [other for other in dict.fromkeys(strongest) if other not in categories][:MOST_PAIRS]


def read(collection: str, seeds: Iterable[str]) -> Lists:
    """What the tables have of these products: three queries, however many there are; one where there are none."""
    live = Build.objects.filter(collection=collection, live=True).values_list("part", "pk", "finished")
    builds = {part: (pk, finished) for part, pk, finished in live}
    if not (ids := list(dict.fromkeys(seeds))):
        return Lists(collection, builds)
    links = CuratedLink.objects.filter(collection=collection, item__in=ids)
    near: Iterable[Neighbour] = ()
    if builds:
        depth = max(SHALLOWEST, DEEPEST // len(ids))
        near = Neighbour.objects.filter(
            build__in=[pk for pk, _finished in builds.values()], item__in=ids, rank__lt=depth
        ).only("item", "other", "kind", "score", "source")
    return Lists(collection, builds, tuple(links), tuple(near))
