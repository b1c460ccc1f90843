"""A scratch index and a cache of vectors on disk. The shop's index, outbox and embedding cache are never touched."""

from __future__ import annotations

import hashlib
import inspect
import io
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import numpy as np
from PIL import Image

from visual_search import wiring
from visual_search.conf import conf
from visual_search.encoders.base import Encoder, Fitting, Role
from visual_search.engines.base import Engine
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.errors import BadInput, PictureRefused
from visual_search.imaging.decode import decode
from visual_search.measuring.datasets import Item
from visual_search.measuring.readings import ItemReadings
from visual_search.types import (
    CollectionSchema,
    Document,
    EncoderCard,
    FacetField,
    FacetKind,
    ImageVectors,
    Matrix,
    NamedVector,
    TextVectors,
)

ITEMS_A_BATCH = 32  # items whose pictures are open at once, so that memory stays bounded
Advanced = Callable[[int], object]  # It is called with the number of steps since the last call.


def ignore_progress(steps: int) -> None:
    """For callers without a progress bar."""


@contextmanager
def scratch_encoder(
    cls: type | None = None, options: Mapping[str, Any] | None = None
) -> Iterator[tuple[Encoder, bool]]:
    """The encoder of the settings, or another, as before any rebuild; and whether teaching it leaves the shop as it is.

    The shop's encoder has learned from the shop's titles, so it knows answers beforehand; and what a measurement taught
    it would change the shop's searches. So an encoder that learns gets a cache folder of its own.
    """
    if cls is None:
        cls, options = wiring.resolve("ENCODER")
    if not (issubclass(cls, Fitting) and "cache" in inspect.signature(cls).parameters):
        yield wiring.encoder() if wiring.resolve("ENCODER") == (cls, options) else cls(**(options or {})), False
        return
    with TemporaryDirectory(prefix="visual-search-") as folder:
        encoder: Any = cls(**{**(options or {}), "cache": Path(folder)})
        yield encoder, True


class CachingEncoder:
    """An encoder that remembers on disk what it has encoded, by pixels or words and the space's fingerprint.

    It gives `image` vectors of words only after `fit`, because what the encoder learned before isn't part of this
    measurement. `teachable`: whether `fit` reaches nothing but this measurement (see `scratch_encoder`).
    """

    def __init__(self, encoder: Encoder, file: Path, *, teachable: bool = False) -> None:
        self.inner = encoder
        self.teachable = teachable and isinstance(encoder, Fitting)
        self._lesson = ""  # what was learned last
        file.parent.mkdir(parents=True, exist_ok=True)
        # The things in a photo are encoded by two threads. They take turns at the file, and encode side by side.
        self._turn = threading.Lock()
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # Several measurements may share the cache; one waits while another writes.
        self._db.execute("PRAGMA busy_timeout = 10000")
        self._db.execute("PRAGMA synchronous = OFF")  # Losing a cache costs time, nothing else.
        self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")

    @property
    def card(self) -> EncoderCard:
        return self.inner.card

    def canary(self) -> None:
        self.inner.canary()

    def close(self) -> None:
        self._db.close()

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        prints = "|".join(space.fingerprint for space in self.card.spaces[:2])
        keys = [_digest("image", prints, str(image.size), image.tobytes()) for image in pictures]
        vectors = self._cached(
            keys,
            lambda missing: _rows(
                self.inner.images([pictures[n] for n in missing]), ("image", "cross"), count=len(missing)
            ),
        )
        return ImageVectors(*(_stacked(vectors, part) for part in ("image", "cross")))  # type: ignore[arg-type]

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        spaces = [space for space in (self.card.text, self.card.cross) if space is not None]
        lesson = self._lesson if role == "query" else ""
        prints = "|".join([*(space.fingerprint for space in spaces), role, str(language), lesson])
        keys = [_digest("text", prints, one) for one in texts]
        parts = ("text", "cross", "image") if lesson else ("text", "cross")
        vectors = self._cached(
            keys,
            lambda missing: _rows(
                self.inner.texts([texts[n] for n in missing], role=role, language=language), parts, count=len(missing)
            ),
        )
        return TextVectors(*(_stacked(vectors, part) for part in ("text", "cross", "image")))

    def fit(self, pictures: Matrix, titles: Sequence[str], languages: Sequence[str]) -> None:
        """Teach the encoder if nothing outside this measurement changes; `texts` gives `image` vectors from then on."""
        if not (self.teachable and isinstance(self.inner, Fitting)):
            return
        self.inner.fit(pictures, titles, languages)
        self._lesson = _digest("lesson", np.ascontiguousarray(pictures).tobytes(), *titles, *languages)

    def _cached(
        self, keys: Sequence[str], encode: Callable[[list[int]], list[dict[str, np.ndarray[Any, Any]]]]
    ) -> list[dict[str, np.ndarray[Any, Any]]]:
        by_key: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
        with self._turn:
            kept = {key: self._db.execute("SELECT value FROM vectors WHERE key = ?", (key,)).fetchone() for key in keys}
        for key, found in kept.items():
            if found is not None:
                with np.load(io.BytesIO(found[0])) as saved:
                    by_key[key] = {name: saved[name] for name in saved.files}
        missing = [n for n, key in enumerate(keys) if key not in by_key]
        if missing:
            for n, row in zip(missing, encode(missing), strict=True):
                buffer = io.BytesIO()
                np.savez(buffer, **row)  # type: ignore[arg-type]
                with self._turn:
                    self._db.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?)", (keys[n], buffer.getvalue()))
                by_key[keys[n]] = row
        return [by_key[key] for key in keys]


@contextmanager
def scratch_index(
    encoder: Encoder,
    *,
    use_configured_engine: bool = False,
    facets: tuple[FacetField, ...] = (FacetField("category", FacetKind.PATH),),
    languages: tuple[str, ...] | None = None,
) -> Iterator[tuple[Engine, str, CollectionSchema]]:
    """An engine, a collection of its own and its schema; all of it is gone afterwards. `languages`: None for the shop's."""
    schema = CollectionSchema(encoder.card.spaces, facets, languages or wiring.languages())
    collection = f"scratch-{uuid4().hex[:12]}"
    with scratch_engine(use_configured_engine=use_configured_engine) as engine:
        try:
            engine.ensure(collection, schema)
            yield engine, collection, schema
        finally:
            engine.drop(collection)


@contextmanager
def scratch_engine(*, use_configured_engine: bool = False) -> Iterator[Engine]:
    """The shop's engine, for collections that the caller drops; or an embedded one, which is gone afterwards."""
    if use_configured_engine:
        yield wiring.engine()
        return
    with TemporaryDirectory(prefix="visual-search-") as folder:
        embedded = EmbeddedEngine(Path(folder))
        try:
            yield embedded
        finally:
            embedded.close()


def rebuilt(
    engine: Engine,
    collection: str,
    schema: CollectionSchema,
    source: Iterator[Document],
    *,
    noted: Callable[[Document], object] = lambda document: None,
    advanced: Advanced = ignore_progress,
) -> tuple[int, float]:
    """How many documents a rebuild stored, and the seconds that it took in all but making and noting them."""
    made = 0.0

    def documents() -> Iterator[Document]:
        nonlocal made
        while True:
            begin = time.perf_counter()
            document = next(source, None)
            if document is not None:
                noted(document)
            made += time.perf_counter() - begin
            if document is None:
                return
            yield document
            advanced(1)

    report = engine.rebuild(collection, schema, documents())
    engine.refresh(collection)
    return report.documents, report.seconds - made


def filled(engine: Engine, collection: str, documents: Iterable[Document]) -> None:
    """Put the documents into the index and let questions see them. Raises BadInput if the engine rejects one."""
    report = engine.upsert(collection, documents)
    if report.rejected:
        first = report.rejected[0]
        raise BadInput(f"The engine rejected {len(report.rejected)} items, first {first.id}: {first.reason}")
    engine.refresh(collection)


def open_picture(path: Path, *, grey: bool = False) -> Image.Image:
    """A picture as a shopper's photo would be opened; BadInput names the file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}.", field="path") from error
    try:
        image = decode(data, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS, name=path.name)
    except PictureRefused as error:
        raise BadInput(f"{path}: {error}", field="path") from error
    return image.convert("L").convert("RGB") if grey else image


def documents(
    items: Sequence[Item],
    encoder: Encoder,
    *,
    titles: bool,
    grey: bool = False,
    readings: ItemReadings | None = None,
    advanced: Advanced = ignore_progress,
) -> Iterator[Document]:
    """The documents of these items, as the shop's own indexing would make them.

    With `readings`, their pictures are read as well, and the documents hold the label text.
    """
    for start in range(0, len(items), ITEMS_A_BATCH):
        batch = items[start : start + ITEMS_A_BATCH]
        paths = [(item.id, path) for item in batch for path in item.pictures]
        vectors: dict[str, dict[str, list[NamedVector]]] = {item.id: {} for item in batch}
        images = [open_picture(path, grey=grey) for _, path in paths]
        encoded = encoder.images(images)
        label_texts: dict[str, list[str]] = {item.id: [] for item in batch}
        if readings is not None:
            for (id, path), image in zip(paths, images, strict=True):
                label_texts[id].append(readings.look_at(id, path.name, image))
        for n, (id, path) in enumerate(paths):
            _add(vectors[id], encoder.card.image.name, path.name, encoded.image[n])
            if encoded.cross is not None and encoder.card.cross is not None:
                _add(vectors[id], encoder.card.cross.name, path.name, encoded.cross[n])
        if titles and encoder.card.text is not None:
            _add_titles(batch, encoder, vectors)
        for item in batch:
            yield Document(
                id=item.id,
                version=1,
                texts=item.texts if titles else {},
                vectors={space: tuple(named) for space, named in vectors[item.id].items()},
                facets={"category": item.category or None},
                codes=(item.id,) if titles else (),
                seen_text=" ".join(filter(None, label_texts[item.id])),
            )
        advanced(len(batch))


def _add_titles(batch: Sequence[Item], encoder: Encoder, vectors: dict[str, dict[str, list[NamedVector]]]) -> None:
    space = encoder.card.text
    assert space is not None
    by_language: dict[str, list[tuple[str, str]]] = {}
    for item in batch:
        for language, text in item.texts.items():
            if text.title:
                by_language.setdefault(language, []).append((item.id, text.title))
    for language, titles in by_language.items():
        made = encoder.texts([title for _, title in titles], role="document", language=language).text
        assert made is not None
        for (id, _), vector in zip(titles, made, strict=True):
            if vector.any():
                _add(vectors[id], space.name, language, vector)


def _add(vectors: dict[str, list[NamedVector]], space: str, key: str, vector: np.ndarray[Any, Any]) -> None:
    vectors.setdefault(space, []).append(NamedVector(key, vector))


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _rows(
    vectors: ImageVectors | TextVectors, parts: Iterable[str], *, count: int
) -> list[dict[str, np.ndarray[Any, Any]]]:
    matrices = {part: getattr(vectors, part) for part in parts}
    return [{part: matrix[n] for part, matrix in matrices.items() if matrix is not None} for n in range(count)]


def _stacked(rows: list[dict[str, np.ndarray[Any, Any]]], part: str) -> np.ndarray[Any, Any] | None:
    """None unless all rows have the part."""
    return np.stack([row[part] for row in rows]) if rows and all(part in row for row in rows) else None
