"""What training knows of the shop's objects: read of the index and of the vectors that were made for it, on every engine."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visual_search import registry, wiring
from visual_search.content import documents
from visual_search.features.recommendations import options
from visual_search.features.recommendations.baskets import Numbers
from visual_search.models import Embedding, ShownPicture, chunks
from visual_search.types import FAMILY, FacetValues, Space, unit

logger = logging.getLogger(__name__)

CATEGORY = "category"  # the facet that lists are made by
SERIES = "series"  # the facet that says which objects were made to stand together, where a shop has it
BATCH = 1000
DIMS = 128  # of a vector that is compared here: half a gigabyte becomes fifty megabytes at 100,000 objects
MOST_CATEGORIES = 2000  # the largest; a table of more pairs doesn't fit

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Row n of each array is object `ids[n]`. What is sensitive isn't there at all.

    `levels`: by id all levels of its category, the deepest last. `names`: of the numbers in `category`. -1: none.
    """

    ids: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    category: Numbers
    series: Numbers
    family: Numbers
    look: Vectors | None
    text: Vectors | None

    @property
    def joint(self) -> Vectors | None:
        """Looks and titles in one unit vector; None where there are neither."""
        parts = [part for part in (self.look, self.text) if part is not None]
        return unit(np.hstack(parts)) if parts else None


def read(collection: str) -> Catalogue:
    """All objects that the index has. Raises what engines raise, such as IndexMissing."""
    engine = wiring.engine()
    known = {field.name for field in engine.schema(collection).facets}
    fields = [name for name in (CATEGORY, SERIES, FAMILY.name) if name in known]
    values: dict[str, FacetValues] = {}
    every = [item.id for item in engine.versions(collection)]
    for batch in chunks(every, BATCH):
        values |= engine.values(collection, batch, fields) if fields else {id: {} for id in batch}
    left_alone = options.sensitive()
    levels = {id: tuple(map(str, found.get(CATEGORY, ()))) for id, found in values.items()}
    ids = tuple(
        id for id in every if id in levels and not any(options.is_sensitive(one, left_alone) for one in levels[id])
    )
    # The deepest level is the longest: the others are the beginning of it.
    deepest = [max(levels[id], key=len, default="") for id in ids]
    names, category = _numbered(deepest, MOST_CATEGORIES)
    _, series = _numbered([str(next(iter(values[id].get(SERIES, ())), "")) for id in ids])
    # What has no family is one of its own.
    _, family = _numbered([str(next(iter(values[id].get(FAMILY.name, ())), f"\0{id}")) for id in ids])
    look, text = _vectors(collection, ids)
    return Catalogue(ids, levels, names, category, series, family, look, text)


def _numbered(values: Sequence[str], most: int | None = None) -> tuple[tuple[str, ...], Numbers]:
    """The different values and each one's number among them; -1 for "" and, beyond `most`, for the rarest."""
    pairs = sorted((-count, name) for name, count in Counter(values).items() if name)
    kept = {name: number for number, (_, name) in enumerate(pairs[:most])}
    return tuple(kept), np.array([kept.get(value, -1) for value in values], dtype=np.int32)


# --- Vectors ------------------------------------------------------------------------------------


def _vectors(collection: str, ids: Sequence[str]) -> tuple[Vectors | None, Vectors | None]:
    card = wiring.encoder().card
    look = _table(card.image, ids, _pictures(collection, ids))
    text = None if card.text is None else _table(card.text, ids, _titles(collection, ids))
    return look, text


def _pictures(collection: str, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Object id and content hash of the first picture of each object."""
    for batch in chunks(ids, BATCH):
        rows = ShownPicture.objects.filter(collection=collection, object_id__in=batch).order_by("-pk")
        yield from dict(rows.values_list("object_id", "content_hash")).items()


def _titles(collection: str, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Object id and content hash of the first title of each object: it is in the shop's main language."""
    source, wanted = registry.source(collection), set(ids)
    for obj in source.queryset().iterator(chunk_size=BATCH):
        if str(obj.pk) not in wanted:
            continue
        try:
            titles = documents.read(source, obj).titles
        except documents.SourceFailed as problem:
            logger.warning("Its title isn't compared: %s", problem)
            continue
        if titles:
            yield str(obj.pk), titles[0].content_hash


def _table(space: Space, ids: Sequence[str], hashes: Iterator[tuple[str, str]]) -> Vectors | None:
    """Shape (ids, at most DIMS); zeros where an object has no vector; None where none has one."""
    number = {id: place for place, id in enumerate(ids)}
    # Random directions keep cosines, to a tenth or so, whatever the vectors are (Johnson and Lindenstrauss, 1984).
    rng = np.random.default_rng(0)
    turn = (
        rng.normal(size=(space.dims, DIMS)).astype(np.float32) if space.dims > DIMS else np.eye(space.dims, dtype="f4")
    )
    table = np.zeros((len(ids), turn.shape[1]), dtype=np.float32)
    found = False
    for batch in chunks(list(hashes), BATCH):
        rows = Embedding.objects.filter(fingerprint=space.fingerprint, content_hash__in={one for _, one in batch})
        packed = {
            key: bytes(data)
            for key, dims, data in rows.values_list("content_hash", "dims", "vector")
            if dims == space.dims
        }
        some = [(number[id], packed[key]) for id, key in batch if key in packed]
        if some:
            found = True
            whole = np.frombuffer(b"".join(data for _, data in some), dtype="<f2").reshape(len(some), space.dims)
            table[[place for place, _ in some]] = unit(whole.astype(np.float32) @ turn)
    return table if found else None
