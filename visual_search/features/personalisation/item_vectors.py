"""Keeps one vector an object up to date with the index, and hands out hundreds of them fast."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Exists, F, OuterRef

from visual_search import documents, embedding, registry, wiring
from visual_search.features.personalisation.models import ItemSpread, ItemVector
from visual_search.models import IndexEntry, State, chunks
from visual_search.ranking.rescoring import spread
from visual_search.registry import Source
from visual_search.types import Document, EncoderCard, Vector, unit

logger = logging.getLogger(__name__)

CATEGORY = "category"  # the facet that a shop's list of sensitive categories speaks of
BATCH = 64
CACHED = 20_000  # vectors a process, about 35 MB at 896 dimensions
CACHE_SECONDS = 600.0
SPREAD_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Item:
    """`vector` is None where the object has neither picture nor title in the index."""

    vector: Vector | None
    category: str = ""


def fingerprint(card: EncoderCard) -> str:
    text = card.text.fingerprint if card.text is not None else "none"
    return f"{card.image.fingerprint[:19]}-{text[:19]}"


def joint(document: Document, card: EncoderCard) -> Vector | None:
    """Looks and title in one unit vector: its cosines are the mean of both parts' cosines. None without either."""
    parts = []
    for space in (card.image, card.text):
        if space is None:
            continue
        # The middle of all pictures; of the titles the first, for it is in the shop's main language.
        named = document.vectors.get(space.name, ())
        chosen = named if space is card.image else named[:1]
        parts.append(unit(np.sum([item.vector for item in chosen], axis=0)) if chosen else np.zeros(space.dims))
    vector = unit(np.concatenate(parts))
    return vector if vector.any() else None


def refresh(collection: str, *, limit: int | None = None) -> int:
    """Make the vectors of objects that the index holds in a newer version, drop those of objects that are gone.

    Returns how many were made. Vectors come from the cache of the index, so nothing is encoded twice.
    """
    card = wiring.encoder().card
    mark = fingerprint(card)
    held = IndexEntry.objects.filter(collection=collection, state=State.INDEXED, deleted=False)
    gone = ItemVector.objects.filter(collection=collection).exclude(
        Exists(IndexEntry.objects.filter(collection=collection, object_id=OuterRef("object_id"), deleted=False))
    )
    for ids in chunks(list(gone.values_list("pk", flat=True))):
        ItemVector.objects.filter(pk__in=ids).delete()
    current = ItemVector.objects.filter(
        collection=collection, object_id=OuterRef("object_id"), fingerprint=mark, version__gte=OuterRef("version")
    )
    due = held.annotate(known=Exists(current)).filter(known=False, indexed_version=F("version")).order_by("pk")
    wanted = list(due.values_list("object_id", "version")[:limit])
    made = 0
    for batch in chunks(wanted, BATCH):
        made += _make(collection, dict(batch), mark)
    if made or not ItemSpread.objects.filter(collection=collection, fingerprint=mark).exists():
        ItemSpread.objects.update_or_create(
            collection=collection, fingerprint=mark, defaults={"spread": measured_spread(collection, mark)}
        )
    return made


def measured_spread(collection: str, mark: str) -> float:
    """The spread of a sample of this collection's vectors; 0 with fewer than two."""
    rows = ItemVector.objects.filter(collection=collection, fingerprint=mark).exclude(vector=b"")
    # By key and not by chance: the database needn't sort the table, and keys say nothing of looks.
    vectors = [_unpacked(data) for data in rows.order_by("-pk").values_list("vector", flat=True)[:SPREAD_SAMPLE]]
    return spread(np.stack(vectors)) if len(vectors) > 1 else 0.0


def _make(collection: str, versions: Mapping[str, int], mark: str) -> int:
    source, encoder = registry.source(collection), wiring.encoder()
    key = source.model._meta.pk
    objects = source.queryset().filter(pk__in=[key.to_python(id) for id in versions])
    readings = list(_readings(source, objects))
    pictures = {
        documents.picture_key(reading, picture): picture for reading in readings for picture in reading.pictures
    }
    looks = embedding.of_pictures(encoder, pictures)
    titles = embedding.of_titles(encoder, [title for reading in readings for title in reading.titles])
    rows = []
    for reading in readings:
        vector = joint(documents.build(reading, versions[reading.id], encoder.card, looks, titles), encoder.card)
        category = reading.facets.get(CATEGORY)
        rows.append(
            ItemVector(
                collection=collection,
                object_id=reading.id,
                fingerprint=mark,
                version=versions[reading.id],
                category=category[:500] if isinstance(category, str) else "",
                vector=b"" if vector is None else vector.astype("<f2").tobytes(),
            )
        )
    ItemVector.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["collection", "object_id"],
        update_fields=["fingerprint", "version", "category", "vector"],
    )
    return len(rows)


def _readings(source: Source, objects: Iterable[Any]) -> Iterator[documents.Reading]:
    for obj in objects:
        try:
            yield documents.read(source, obj)
        except documents.SourceFailed as problem:
            logger.warning("No item vector: %s", problem)


class ItemCache:
    """Items by id, the last used kept in memory for some minutes; one process, several threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], tuple[float, Item | None]] = OrderedDict()
        self._spreads: dict[tuple[str, str], tuple[float, float]] = {}

    def items(self, collection: str, mark: str, ids: Iterable[str]) -> dict[str, Item]:
        """The items of these ids that there is a row for; one query for all that isn't in memory."""
        now = self._clock()
        found: dict[str, Item] = {}
        missing: list[str] = []
        with self._lock:
            for id in dict.fromkeys(ids):
                kept = self._kept.get((collection, mark, id))
                if kept is None or now - kept[0] > CACHE_SECONDS:
                    missing.append(id)
                    continue
                self._kept.move_to_end((collection, mark, id))
                if kept[1] is not None:
                    found[id] = kept[1]
        read = self._read(collection, mark, missing)
        with self._lock:
            # That there is no row is remembered too: a memory full of strange ids mustn't cost a query each time.
            for id in missing:
                self._kept[collection, mark, id] = (now, read.get(id))
            while len(self._kept) > CACHED:
                self._kept.popitem(last=False)
        return found | read

    def spread(self, collection: str, mark: str) -> float:
        """How far unrelated things of this collection lie apart, as it was measured when they were made."""
        now = self._clock()
        known = self._spreads.get((collection, mark))
        if known is None or now - known[0] > CACHE_SECONDS:
            row = ItemSpread.objects.filter(collection=collection, fingerprint=mark).values_list("spread", flat=True)
            known = (now, row.first() or 0.0)
            self._spreads[collection, mark] = known
        return known[1]

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()
            self._spreads.clear()

    def _read(self, collection: str, mark: str, ids: Sequence[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for batch in chunks(ids):
            rows = ItemVector.objects.filter(collection=collection, fingerprint=mark, object_id__in=batch)
            for id, category, data in rows.values_list("object_id", "category", "vector"):
                found[id] = Item(_unpacked(data) if data else None, category)
        return found


def _unpacked(data: bytes | memoryview) -> Vector:
    return unit(np.frombuffer(bytes(data), dtype="<f2").astype(np.float32))


cache = ItemCache()
