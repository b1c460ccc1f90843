"""Finds pictures that stand for a missing one, such as "no image available".

A picture is taken for one if several objects have no other, and these are different things: neither of one family nor of
nearly the same title. It says nothing of what they look like, so no photo is compared with it.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from visual_search import registry
from visual_search.content import documents
from visual_search.content.objects import family_of, objects_by_id
from visual_search.models import ShownPicture
from visual_search.registry import Source
from visual_search.types import FacetKind

logger = logging.getLogger(__name__)

LEAST = 3  # different things that have no other picture: two may be sold with the picture of both (set by judgement)
_LOOKED_AT = 24  # objects that are read to find these
_WORD = re.compile(r"\w+")

Pair = tuple[str, str]  # ids of an object and of its picture


@dataclass(frozen=True, slots=True)
class StandIn:
    """One such picture: its content, how many objects show it, and one of these."""

    content_hash: str
    objects: int
    example: str


@dataclass(frozen=True, slots=True)
class StandIns:
    """The pictures of one collection that stand for a missing one."""

    collection: str

    def among(self, pairs: Collection[Pair]) -> set[Pair]:
        """Those of these pictures that stand for a missing one; two queries, where no content is shown often.

        A pair whose picture isn't named ("") means the object's picture, if it has but one: others don't stand for a missing one.
        """
        shown = ShownPicture.objects.all().hashes(self.collection, {id for id, _ in pairs})
        pictures = Counter(id for id, _ in shown)
        shown |= {(id, ""): content for (id, _), content in shown.items() if pictures[id] == 1}
        contents = self.contents({shown[pair] for pair in pairs if pair in shown})
        return {pair for pair in pairs if shown.get(pair) in contents}

    def contents(self, content_hashes: Collection[str]) -> set[str]:
        """Those of these contents that stand for a missing picture; one query, where none of them is shown often."""
        rows = ShownPicture.objects.filter(collection=self.collection, content_hash__in=content_hashes)
        return {one.content_hash for one in self._of(rows)}

    def found(self) -> list[StandIn]:
        """All of them, the most frequent first."""
        found = self._of(ShownPicture.objects.filter(collection=self.collection))
        return sorted(found, key=lambda one: (-one.objects, one.content_hash))

    def _of(self, rows: QuerySet[ShownPicture]) -> Iterator[StandIn]:
        often = rows.values("content_hash").annotate(count=Count("object_id", distinct=True)).filter(count__gte=LEAST)
        for content, count in often.order_by("content_hash").values_list("content_hash", "count"):
            same = ShownPicture.objects.filter(collection=self.collection, content_hash=content)
            ids = list(dict.fromkeys(same.order_by("pk").values_list("object_id", flat=True)[:_LOOKED_AT]))
            if self.strangers(ids):
                yield StandIn(content, count, ids[0])

    def strangers(self, ids: Sequence[str]) -> bool:
        """Whether several of these objects, which show one picture, have no other and are different things."""
        looked_at = list(ids[:_LOOKED_AT])
        rows = ShownPicture.objects.filter(collection=self.collection, object_id__in=looked_at).values("object_id")
        lone = set(rows.annotate(count=Count("pk")).filter(count=1).values_list("object_id", flat=True))
        if len(lone) < LEAST:
            return False
        source = registry.source(self.collection)
        things: list[_Thing] = []
        for id, obj in objects_by_id(source, [id for id in looked_at if id in lone]).items():
            thing = _thing(source, id, obj)
            if not any(thing.is_kin(other) for other in things):
                things.append(thing)
            if len(things) >= LEAST:
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Thing:
    id: str
    family: frozenset[str]
    words: frozenset[str]
    kinds: frozenset[str]

    def is_kin(self, other: _Thing) -> bool:
        """Whether both may be one thing in two sizes, as the source says, or as their titles do where it says nothing."""
        if self.id in other.family or other.id in self.family or not (self.words and other.words):
            return True
        shared, shorter = len(self.words & other.words), min(len(self.words), len(other.words))
        return 2 * shared > shorter or (2 * shared == shorter and bool(self.kinds & other.kinds))


def _thing(source: Source, id: str, obj: Any) -> _Thing:
    try:
        content = documents.read(source, obj)
    except documents.SourceFailed as problem:
        logger.warning("%s", problem)
        return _Thing(id, frozenset(), frozenset(), frozenset())
    title = content.titles[0].text if content.titles else ""
    paths = [content.facets.get(field.name) for field in source.schema if field.kind is FacetKind.PATH]
    kinds = frozenset(str(one) for path in paths if path for one in (path if isinstance(path, tuple) else (path,)))
    return _Thing(id, frozenset(family_of(source, obj)), frozenset(_WORD.findall(title.casefold())), kinds)
