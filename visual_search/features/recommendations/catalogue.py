"""What training knows of the shop's objects: read of the index and of the vectors that were made for it, on every engine."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visual_search import registry, wiring
from visual_search.content import documents
from visual_search.content.stand_ins import StandIns
from visual_search.features.recommendations import options
from visual_search.features.recommendations.alike import Rows
from visual_search.features.recommendations.baskets import Numbers
from visual_search.models import Embedding, ShownPicture, chunks
from visual_search.types import FAMILY, FacetValues, Space, unit

logger = logging.getLogger(__name__)

CATEGORY = "category"  # the facet that lists are made by
SERIES = "series"  # the facet that says which objects were made to stand together, where a shop has it
BATCH = 1000
DIMS = 128  # of a vector that is compared here: half a gigabyte becomes fifty megabytes at 100,000 objects
MOST_TITLES = (
    200_000  # in all languages: 360 MB of vectors. Of a larger shop only titles in its main language are compared.
)
MOST_CATEGORIES = 2000  # the largest; a table of more pairs doesn't fit

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Row n of each array is object `ids[n]`. What is sensitive isn't there at all.

    `levels`: by id all levels of its category, the deepest last. `names`: of the numbers in `category`. -1: none. `titles`: the
    contents of all of them, by id, the one in the shop's main language first.
    """

    ids: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    category: Numbers
    series: Numbers
    family: Numbers
    look: Vectors | None
    text: Vectors | None
    titles: Mapping[str, tuple[str, ...]]

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
    card, titles = wiring.encoder().card, dict(_titles(collection, ids))
    if sum(map(len, titles.values())) > MOST_TITLES:
        titles = {id: own[:1] for id, own in titles.items()}
    look = _table(card.image, ids, {id: own[0] for id, own in _pictures(collection, ids)}.items())
    text = None if card.text is None else _table(card.text, ids, {id: own[0] for id, own in titles.items()}.items())
    return Catalogue(ids, levels, names, category, series, family, look, text, titles)


def _numbered(values: Sequence[str], most: int | None = None) -> tuple[tuple[str, ...], Numbers]:
    """The different values and each one's number among them; -1 for "" and, beyond `most`, for the rarest."""
    pairs = sorted((-count, name) for name, count in Counter(values).items() if name)
    kept = {name: number for number, (_, name) in enumerate(pairs[:most])}
    return tuple(kept), np.array([kept.get(value, -1) for value in values], dtype=np.int32)


# --- Vectors ------------------------------------------------------------------------------------


def whole(collection: str, shop: Catalogue) -> tuple[Rows, Rows | None]:
    """The vectors of all pictures and titles of each object, as the index has them: 3 kB for a picture and a title."""
    card, number = wiring.encoder().card, {id: place for place, id in enumerate(shop.ids)}
    pictures = [(number[id], content) for id, own in _pictures(collection, shop.ids) for content in own]
    titles = [(number[id], content) for id, own in shop.titles.items() for content in own]
    return _rows(card.image, pictures, len(shop.ids)), _rows(card.text, titles, len(shop.ids)) if card.text else None


def _pictures(collection: str, ids: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Object id and content hashes of the pictures of each object, without those that stand for a missing one."""
    stand_ins = {one.content_hash for one in StandIns(collection).found()}
    for batch in chunks(ids, BATCH):
        own: dict[str, list[str]] = {}
        rows = ShownPicture.objects.filter(collection=collection, object_id__in=batch).order_by("pk")
        for id, content in rows.values_list("object_id", "content_hash"):
            if content not in stand_ins:
                own.setdefault(id, []).append(content)
        yield from own.items()


def _titles(collection: str, ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Object id and content hashes of the titles of each object that has any."""
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
            yield str(obj.pk), tuple(title.content_hash for title in titles)


def _table(space: Space, ids: Sequence[str], hashes: Iterable[tuple[str, str]]) -> Vectors | None:
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
        packed = _packed(space, {one for _, one in batch})
        some = [(number[id], packed[key]) for id, key in batch if key in packed]
        if some:
            found = True
            whole = np.frombuffer(b"".join(data for _, data in some), dtype="<f2").reshape(len(some), space.dims)
            table[[place for place, _ in some]] = unit(whole.astype(np.float32) @ turn)
    return table if found else None


def _rows(space: Space, pairs: Sequence[tuple[int, str]], things: int) -> Rows:
    """Numbers of objects with contents, as rows of vectors; those that have none are left out."""
    table, owner, count = np.empty((len(pairs), space.dims), dtype="<f2"), np.empty(len(pairs), dtype=np.int64), 0
    for batch in chunks(sorted(pairs, key=lambda pair: pair[0]), BATCH):
        packed = _packed(space, {content for _, content in batch})
        for number, content in batch:
            if content in packed:
                table[count], owner[count] = np.frombuffer(packed[content], dtype="<f2"), number
                count += 1
    return Rows(table[:count], owner[:count], things)


def _packed(space: Space, contents: Collection[str]) -> dict[str, bytes]:
    """The vectors of these contents as they are kept."""
    rows = Embedding.objects.filter(fingerprint=space.fingerprint, dims=space.dims, content_hash__in=contents)
    return {key: bytes(data) for key, data in rows.values_list("content_hash", "vector")}
