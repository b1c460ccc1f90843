"""Measures the speed of indexing and questions, and their memory, on synthetic products in a scratch index."""

from __future__ import annotations

import os
import resource
import string
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from visual_search import search, suggesting, wiring
from visual_search.conf import conf
from visual_search.content import lexicon, phrases
from visual_search.encoders.base import Encoder, Fitting
from visual_search.engines.base import Ability, Engine
from visual_search.imaging.decode import decode
from visual_search.measuring.scratch import Advanced, ignore_progress, rebuilt, scratch_index
from visual_search.measuring.synthetic import FACETS, PICTURES, Generator, jpeg, picture, words
from visual_search.measuring.words import slip
from visual_search.querying.likes import Resembled
from visual_search.types import (
    AnyOf,
    Between,
    CollectionSchema,
    Document,
    EngineQuery,
    Filter,
    NamedVector,
    Query,
    QueryPicture,
    VectorLeg,
)

PICTURES_ENCODED = 64  # pictures that throughput is measured over; two batches
ENCODER_BATCH = 32  # pictures in one call, as in indexing
STEPS = ("decode", "objects", "encoder", "keypoints", "reader", "engine", "comparing", "fusion", "facets", "rest")
ROUNDS = 2  # The encoder alone and the whole way take turns so often, since another process may slow either of them.


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one kind of question: all of it, and its steps at the median."""

    p50: float
    p95: float
    steps_p50: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Speed:
    seed: int
    products: int
    vectors: int
    engine: str
    encoder: str
    documents_per_second: float  # of a rebuild, the encoder not counted
    encoder_pictures_per_second: float  # products of one picture and one title, decoded before
    indexing_pictures_per_second: float  # the same from their files into the engine
    indexing_ratio: float  # of the encoder's own throughput
    taught: bool  # whether words were also asked as pictures, as after a rebuild
    questions: Mapping[str, Latency]
    knn_together_to_apart: float  # all kNN legs in one question, against one question each
    recall_at_10: float | None  # None where the engine has no exact search
    peak_memory_mb: float
    index_mb: float | None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(
    encoder: Encoder,
    *,
    products: int,
    questions: int = 50,
    seed: int = 0,
    teachable: bool = False,
    use_configured_engine: bool = False,
    advanced: Advanced = ignore_progress,
) -> Speed:
    """All figures of one run. `advanced(n)` is called after n products were stored.

    `teachable`: the encoder may learn from the synthetic titles without the shop noticing (see `scratch_encoder`).
    """
    with scratch_index(encoder, use_configured_engine=use_configured_engine, facets=FACETS) as (
        engine,
        collection,
        schema,
    ):
        generator = Generator(schema, seed)
        said = _Said()
        stored, seconds = rebuilt(
            engine,
            collection,
            schema,
            generator.documents(products),
            noted=lambda document: said.note(document, schema),
            advanced=advanced,
        )
        raw, through = _throughput(encoder, engine, collection, schema)
        taught = teachable and _teach(encoder)
        asked = _questions(encoder, engine, collection, schema, generator=generator, count=questions)
        asked |= _suggestions(engine, collection, schema, said, generator=generator, count=questions)
        return Speed(
            seed=seed,
            products=stored,
            vectors=stored * PICTURES * len(schema.spaces),
            engine=engine.health().engine,
            encoder=encoder.card.id,
            documents_per_second=stored / seconds,
            encoder_pictures_per_second=raw,
            indexing_pictures_per_second=through,
            indexing_ratio=through / raw,
            taught=taught,
            questions=asked,
            knn_together_to_apart=_knn_ratio(engine, collection, schema, generator, questions),
            recall_at_10=_recall(engine, collection, schema, generator),
            peak_memory_mb=_peak_memory_mb(),
            index_mb=_size_mb(engine),
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """What the products say, by which words are corrected and completed."""

    words: lexicon.Counts = field(default_factory=lexicon.Counts)
    phrases: phrases.Counts = field(default_factory=phrases.Counts)

    def note(self, document: Document, schema: CollectionSchema) -> None:
        self.words.add([document], schema)
        self.phrases.add([document], schema)


def _throughput(encoder: Encoder, engine: Engine, collection: str, schema: CollectionSchema) -> tuple[float, float]:
    """Products a second, each with a picture and a title: the encoder alone, and all the way from files to the engine.

    The way through the shop's database (outbox, cache of vectors) isn't in it: a measurement writes nothing there.
    """
    files = [jpeg(seed) for seed in range(PICTURES_ENCODED)]
    images = [_decoded(file) for file in files]
    made = list(Generator(schema, seed=99).documents(PICTURES_ENCODED))
    titles = [document.texts["en"].title for document in made]
    encoder.images(images[:2])  # The first calls load the weights.
    encoder.texts(titles[:2], role="document", language="en")
    alone, through = 0.0, 0.0
    for turn in range(ROUNDS):
        begin = time.perf_counter()
        for start in range(0, len(images), ENCODER_BATCH):
            encoder.images(images[start : start + ENCODER_BATCH])
            encoder.texts(titles[start : start + ENCODER_BATCH], role="document", language="en")
        alone += time.perf_counter() - begin
        begin = time.perf_counter()
        for start in range(0, len(files), ENCODER_BATCH):
            part = slice(start, start + ENCODER_BATCH)
            engine.upsert(collection, _encoded(encoder, files[part], made[part], version=turn + 1))
        through += time.perf_counter() - begin
    return ROUNDS * len(images) / alone, ROUNDS * len(images) / through


def _encoded(encoder: Encoder, files: Sequence[bytes], made: Sequence[Document], *, version: int) -> list[Document]:
    """The documents of these files, with the texts and facets of `made`."""
    card = encoder.card
    vectors = encoder.images([_decoded(file) for file in files])
    titles = encoder.texts([document.texts["en"].title for document in made], role="document", language="en").text
    columns = [
        (space.name, key, matrix)
        for space, key, matrix in (
            (card.image, "0", vectors.image),
            (card.cross, "0", vectors.cross),
            (card.text, "en", titles),
        )
        if space is not None and matrix is not None
    ]
    return [
        replace(
            document,
            id=f"t{document.id}",
            version=version,
            vectors={name: (NamedVector(key, matrix[n]),) for name, key, matrix in columns},
            codes=(),
        )
        for n, document in enumerate(made)
    ]


def _decoded(file: bytes) -> Image.Image:
    return decode(file, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS, name="a picture")


def _teach(encoder: Encoder) -> bool:
    """Teach the encoder synthetic titles, so that questions cost as much as after a rebuild; what it learns is worthless."""
    if not isinstance(encoder, Fitting):
        return False
    random = np.random.default_rng(0)
    images = [picture(seed) for seed in range(PICTURES_ENCODED)]
    titles = [words(random, 5) for _ in images]
    encoder.fit(encoder.images(images).image, titles, ["en"] * len(titles))
    return True


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a question of one kind is made of."""

    photo: bool = False
    words: bool = False
    filters: tuple[Filter, ...] = ()
    like: bool = False


_NARROW = (AnyOf("category", ("Kind 1",)), Between("price", at_most=500.0), AnyOf("in_stock", (True,)))
KINDS: Mapping[str, _Kind] = {
    "photo": _Kind(photo=True),
    "words": _Kind(words=True),
    "photo and words": _Kind(photo=True, words=True),
    "photo, filtered": _Kind(photo=True, filters=_NARROW),
    "similar": _Kind(like=True),
    "browse": _Kind(filters=_NARROW),
}


def _questions(
    encoder: Encoder, engine: Engine, collection: str, schema: CollectionSchema, *, generator: Generator, count: int
) -> dict[str, Latency]:
    """Latencies by kind: from the photo's file to the ids and facets. Cards, which the shop's database gives, come on top."""
    phrases = generator.phrases(count)
    photos = [jpeg(seed) for seed in range(count)]
    # A real product is resembled by its pictures and its title (querying/likes.py), so the same spaces are taken here.
    spaces = {space.name for space in (encoder.card.image, encoder.card.text) if space is not None}
    liked = [
        {name: vectors for name, vectors in document.vectors.items() if name in spaces}
        for document in Generator(schema, 7).documents(count)
    ]
    facets = [field.name for field in schema.facets]

    def ask(kind: _Kind, n: int) -> tuple[float, dict[str, float]]:
        begin = time.perf_counter()
        pictures = (QueryPicture(_decoded(photos[n])),) if kind.photo else ()
        decoded = time.perf_counter()
        ranking = search.rank(
            Query(
                collection=collection,
                pictures=pictures,
                words=phrases[n] if kind.words else "",
                like=("liked",) if kind.like else (),
                filters=kind.filters,
                language="en" if kind.words else None,
            ),
            engine=engine,
            encoder=encoder,
            schema=schema,
            reader=wiring.reader() if kind.photo else None,
            detector=wiring.detector() if kind.photo else None,
            resembled=Resembled(liked=liked[n]) if kind.like else None,
        )
        ranked = time.perf_counter()
        engine.facets(collection, [hit.id for hit in ranking.hits], facets)
        end = time.perf_counter()
        steps = {"decode": (decoded - begin) * 1000, **ranking.timings_ms, "facets": (end - ranked) * 1000}
        took = (end - begin) * 1000
        return took, {**steps, "rest": took - sum(steps.values())}

    latencies = {}
    for name, kind in KINDS.items():
        ask(kind, 0)  # Caches fill.
        latencies[name] = _latency([ask(kind, n) for n in range(count)])
    return latencies


def _latency(measured: Sequence[tuple[float, Mapping[str, float]]]) -> Latency:
    times, steps = zip(*measured, strict=True)
    return Latency(
        p50=float(np.percentile(times, 50)),
        p95=float(np.percentile(times, 95)),
        steps_p50={step: float(np.median([row.get(step, 0.0) for row in steps])) for step in STEPS},
    )


def _suggestions(
    engine: Engine, collection: str, schema: CollectionSchema, said: _Said, *, generator: Generator, count: int
) -> dict[str, Latency]:
    """Latencies of suggestions, from unfinished words to questions, categories and ids; cards come on top."""
    known, askable = said.words.lexicon(), said.phrases.askable()

    def ask(words: str) -> tuple[float, dict[str, float]]:
        begin = time.perf_counter()
        query = Query(collection=collection, words=words, language="en")
        suggesting.candidates(
            words, query, limit=suggesting.LIMIT, engine=engine, schema=schema, known=known, askable=askable
        )
        took = (time.perf_counter() - begin) * 1000
        return took, {"rest": took}

    typed = generator.beginnings(count)
    random = np.random.default_rng(generator.seed)
    slipped = []
    for phrase in typed:
        *finished, last = phrase.split()
        slipped.append(" ".join([*finished, slip(last, string.ascii_lowercase, random)]))
    latencies = {}
    for name, phrases_typed in (("suggest", typed), ("suggest, a slip", slipped)):
        ask(phrases_typed[0])  # Caches fill.
        latencies[name] = _latency([ask(phrase) for phrase in phrases_typed])
    return latencies


def _knn_ratio(engine: Engine, collection: str, schema: CollectionSchema, generator: Generator, count: int) -> float:
    """Median time of all kNN legs in one question, against the same legs asked one after the other."""
    by_space = {space.name: generator.queries(space, count) for space in schema.spaces}
    together, alone = [], []
    for n in range(count):
        legs = [VectorLeg(name, name, vectors[n], 100) for name, vectors in by_space.items()]
        begin = time.perf_counter()
        engine.search(collection, EngineQuery(tuple(legs)))
        together.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        for leg in legs:
            engine.search(collection, EngineQuery((leg,)))
        alone.append(time.perf_counter() - begin)
    return float(np.median(together) / np.median(alone))


def _recall(
    engine: Engine, collection: str, schema: CollectionSchema, generator: Generator, count: int = 20
) -> float | None:
    """Recall@10 of the engine's own way against its exact one; None where it has no exact one."""
    if Ability.EXACT_KNN not in engine.abilities:
        return None
    shares = []
    for vector in generator.queries(schema.spaces[0], count):
        space = schema.spaces[0].name
        legs = (VectorLeg("quick", space, vector, 10), VectorLeg("exact", space, vector, 10, exact=True))
        answer = engine.search(collection, EngineQuery(legs))
        quick, exact = ({hit.id for hit in answer.leg(name).hits} for name in ("quick", "exact"))
        shares.append(len(quick & exact) / max(len(exact), 1))
    return float(np.mean(shares))


def _peak_memory_mb() -> float:
    # The same field counts bytes on macOS and kilobytes elsewhere (getrusage(2)).
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _size_mb(engine: Engine) -> float | None:
    folder: Path | None = getattr(getattr(engine, "generations", None), "folder", None)
    if folder is None:
        return None
    return sum(os.stat(path).st_size for path in folder.iterdir() if path.is_file()) / 1e6
