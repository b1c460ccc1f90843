"""Keeps one vector for each object up to date with the index."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import numpy as np
from django.db.models import Exists, F, OuterRef

from visual_search import registry, wiring
from visual_search.content import documents, vectors
from visual_search.features.personalisation.item_cache import fingerprint
from visual_search.features.personalisation.models import ItemSpread, ItemVector
from visual_search.models import IndexEntry, State, chunks
from visual_search.ranking.rescoring import spread
from visual_search.registry import Source
from visual_search.types import Document, EncoderCard, Vector, unit

logger = logging.getLogger(__name__)

CATEGORY = "category"  # the facet that a shop's list of sensitive categories speaks of
BATCH = 64  # objects that are read, and whose vectors are written, together
SPREAD_SAMPLE = 2000  # vectors: a mean over so many pairs hardly changes with more


def joint(document: Document, card: EncoderCard) -> Vector | None:
    """Looks and title in one unit vector. Its cosine with another is the mean of the cosines of both parts.

    None for an object that has neither pictures nor titles.
    """
    parts = []
    for space in (card.image, card.text):
        if space is None:
            continue
        # All pictures count alike. Of the titles only the first counts: it is in the shop's main language.
        named = document.vectors.get(space.name, ())
        chosen = named if space is card.image else named[:1]
        parts.append(unit(np.sum([item.vector for item in chosen], axis=0)) if chosen else np.zeros(space.dims))
    vector = unit(np.concatenate(parts))
    return vector if vector.any() else None


def refresh(collection: str, *, limit: int | None = None) -> int:
    """Make the vectors of objects that the index holds in a newer version, and drop those of objects that are gone.

    Returns how many vectors were made. Vectors come from the cache of the index, so nothing is encoded twice.
    """
    card = wiring.encoder().card
    mark = fingerprint(card)
    held = IndexEntry.objects.filter(collection=collection, state=State.INDEXED, deleted=False)
    gone = ItemVector.objects.filter(collection=collection).exclude(
        Exists(IndexEntry.objects.filter(collection=collection, object_id=OuterRef("object_id"), deleted=False))
    )
    dropped = list(gone.values_list("pk", flat=True))
    for ids in chunks(dropped):
        ItemVector.objects.filter(pk__in=ids).delete()
    current = ItemVector.objects.filter(
        collection=collection, object_id=OuterRef("object_id"), fingerprint=mark, version__gte=OuterRef("version")
    )
    due = held.annotate(known=Exists(current)).filter(known=False, indexed_version=F("version")).order_by("pk")
    wanted = list(due.values_list("object_id", "version")[:limit])
    made = 0
    try:
        for batch in chunks(wanted, BATCH):
            made += _make(collection, dict(batch), mark)
    finally:
        # Written last, and also after an error: a process that keeps old rows reads them anew when it sees the new stamp.
        if made or dropped or not ItemSpread.objects.filter(collection=collection, fingerprint=mark).exists():
            ItemSpread.objects.update_or_create(
                collection=collection,
                fingerprint=mark,
                defaults={"spread": measured_spread(collection, mark), "stamp": uuid4()},
            )
    _drop_other_spreads(collection, mark)
    return made


def _drop_other_spreads(collection: str, mark: str) -> None:
    """Delete the spreads of encoders that have no vector left. (An object has one row, of the encoder that made it last.)"""
    left = ItemVector.objects.filter(collection=collection, fingerprint=OuterRef("fingerprint"))
    spreads = ItemSpread.objects.filter(~Exists(left), collection=collection)
    spreads.exclude(fingerprint=mark).delete()


def measured_spread(collection: str, mark: str) -> float:
    """The spread of a sample of this collection's vectors; 0 if there are fewer than two."""
    rows = ItemVector.objects.filter(collection=collection, fingerprint=mark).exclude(vector=b"")
    # The newest rows and not random ones: the database needn't sort the table, and a key says nothing about looks.
    packed = rows.order_by("-pk").values_list("vector", flat=True)[:SPREAD_SAMPLE]
    vectors = [unit(np.frombuffer(bytes(data), dtype="<f2")) for data in packed]
    return spread(np.stack(vectors)) if len(vectors) > 1 else 0.0


def _make(collection: str, versions: Mapping[str, int], mark: str) -> int:
    source, encoder = registry.source(collection), wiring.encoder()
    key = source.model._meta.pk
    objects = source.queryset().filter(pk__in=[key.to_python(id) for id in versions])
    readings = list(_readings(source, objects))
    pictures = {
        documents.picture_key(reading, picture): picture for reading in readings for picture in reading.pictures
    }
    looks = vectors.of_pictures(encoder, pictures)
    titles = vectors.of_titles(encoder, [title for reading in readings for title in reading.titles])
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


def _readings(source: Source, objects: Iterable[Any]) -> Iterator[documents.Content]:
    for obj in objects:
        try:
            yield documents.read(source, obj)
        except documents.SourceFailed as problem:
            logger.warning("No item vector: %s", problem)
