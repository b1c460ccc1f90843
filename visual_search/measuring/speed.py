"""How fast indexing and questions are, and what they cost in memory, on synthetic products in a scratch index."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from visual_search import search
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Ability, Engine
from visual_search.measuring.scratch import Advanced, ignore_progress, scratch_index
from visual_search.measuring.synthetic import FACETS, Generator, picture, vector_of
from visual_search.types import (
    AnyOf,
    Between,
    CollectionSchema,
    EngineQuery,
    NamedVector,
    Query,
    QueryPicture,
    VectorLeg,
)

PICTURES_ENCODED = 64
ENCODER_BATCH = 32


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one kind of question: all of it, and its steps at the median."""

    p50: float
    p95: float
    steps_p50: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Speed:
    products: int
    vectors: int
    engine: str
    encoder: str
    documents_per_second: float  # into the engine alone
    encoder_pictures_per_second: float
    indexing_pictures_per_second: float  # encoder and engine together
    indexing_ratio: float  # of the encoder's own throughput
    questions: Mapping[str, Latency]
    hybrid_to_bare_knn: float  # a hybrid question against its kNN legs sent alone
    recall_at_10: float
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
    use_configured_engine: bool = False,
    advanced: Advanced = ignore_progress,
) -> Speed:
    """All figures of one run. `advanced(n)` is called after n products were stored."""
    with scratch_index(encoder, use_configured_engine=use_configured_engine, facets=FACETS) as (
        engine,
        collection,
        schema,
    ):
        generator = Generator(schema, seed)
        begin = time.perf_counter()
        stored = 0
        batch = []
        for document in generator.documents(products):
            batch.append(document)
            if len(batch) == 500:
                stored += len(engine.upsert(collection, batch).stored)
                advanced(len(batch))
                batch = []
        stored += len(engine.upsert(collection, batch).stored)
        advanced(len(batch))
        seconds = time.perf_counter() - begin
        engine.refresh(collection)
        raw, through = _throughput(encoder, engine, collection, schema)
        asked = _questions(encoder, engine, collection, schema, generator=generator, count=questions)
        return Speed(
            products=stored,
            vectors=stored * 2 * len(schema.spaces),
            engine=engine.health().engine,
            encoder=encoder.card.id,
            documents_per_second=stored / seconds,
            encoder_pictures_per_second=raw,
            indexing_pictures_per_second=through,
            indexing_ratio=through / raw,
            questions=asked,
            hybrid_to_bare_knn=_hybrid_ratio(engine, collection, schema, generator, questions),
            recall_at_10=_recall(engine, collection, schema, generator),
            peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            index_mb=_size_mb(engine),
        )


def _throughput(encoder: Encoder, engine: Engine, collection: str, schema: CollectionSchema) -> tuple[float, float]:
    """Pictures a second: the encoder alone, and the encoder with the engine behind it."""
    images = [picture(seed) for seed in range(PICTURES_ENCODED)]
    encoder.images(images[:2])  # The first call loads the weights.
    generator = Generator(schema, seed=99)
    made = list(generator.documents(PICTURES_ENCODED))

    def encode() -> list[np.ndarray]:
        parts = [encoder.images(images[n : n + ENCODER_BATCH]).image for n in range(0, len(images), ENCODER_BATCH)]
        return [row for part in parts for row in part]

    begin = time.perf_counter()
    encode()
    alone = time.perf_counter() - begin
    begin = time.perf_counter()
    for number, (vector, document) in enumerate(zip(encode(), made, strict=True)):
        vectors = {**document.vectors, schema.spaces[0].name: (NamedVector("0", vector),)}
        made[number] = type(document)(f"t{number}", 1, document.texts, vectors, document.facets)
    for start in range(0, len(made), ENCODER_BATCH):
        engine.upsert(collection, made[start : start + ENCODER_BATCH])
    together = time.perf_counter() - begin
    return len(images) / alone, len(images) / together


def _questions(
    encoder: Encoder, engine: Engine, collection: str, schema: CollectionSchema, *, generator: Generator, count: int
) -> dict[str, Latency]:
    phrases = generator.phrases(count)
    photos = [QueryPicture(picture(seed)) for seed in range(count)]
    narrow = (AnyOf("category", ("Kind 1",)), Between("price", at_most=500.0), AnyOf("in_stock", (True,)))
    liked = [vector_of(document, schema.spaces[0]) for document in Generator(schema, 7).documents(count)]
    kinds: dict[str, Callable[[int], tuple[Query, dict[str, Sequence[NamedVector]]]]] = {
        "photo": lambda n: (Query(collection, (photos[n],)), {}),
        "words": lambda n: (Query(collection, words=phrases[n], language="en"), {}),
        "photo and words": lambda n: (Query(collection, (photos[n],), phrases[n], language="en"), {}),
        "photo, filtered": lambda n: (Query(collection, (photos[n],), filters=narrow), {}),
        "similar": lambda n: (Query(collection, like=("x",)), {schema.spaces[0].name: [NamedVector("", liked[n])]}),
        "browse": lambda n: (Query(collection, filters=narrow), {}),
    }
    found = {}
    for name, make in kinds.items():
        query, like = make(0)
        search.rank(query, engine=engine, encoder=encoder, schema=schema, liked=like)  # Caches fill.
        times, steps = [], []
        for n in range(count):
            query, like = make(n)
            begin = time.perf_counter()
            ranking = search.rank(query, engine=engine, encoder=encoder, schema=schema, liked=like)
            times.append((time.perf_counter() - begin) * 1000)
            steps.append(ranking.timings_ms)
        names = dict.fromkeys(step for row in steps for step in row)
        found[name] = Latency(
            p50=float(np.percentile(times, 50)),
            p95=float(np.percentile(times, 95)),
            steps_p50={step: float(np.median([row.get(step, 0.0) for row in steps])) for step in names},
        )
    return found


def _hybrid_ratio(engine: Engine, collection: str, schema: CollectionSchema, generator: Generator, count: int) -> float:
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


def _recall(engine: Engine, collection: str, schema: CollectionSchema, generator: Generator, count: int = 20) -> float:
    """Recall@10 of the engine's own way against its exact one; NaN where it has no exact one."""
    if Ability.EXACT_KNN not in engine.abilities:
        return float("nan")
    shares = []
    for vector in generator.queries(schema.spaces[0], count):
        space = schema.spaces[0].name
        legs = (VectorLeg("quick", space, vector, 10), VectorLeg("exact", space, vector, 10, exact=True))
        answer = engine.search(collection, EngineQuery(legs))
        quick, exact = ({hit.id for hit in answer.leg(name).hits} for name in ("quick", "exact"))
        shares.append(len(quick & exact) / max(len(exact), 1))
    return float(np.mean(shares))


def _size_mb(engine: Engine) -> float | None:
    folder: Path | None = getattr(getattr(engine, "generations", None), "folder", None)
    if folder is None:
        return None
    return sum(os.stat(path).st_size for path in folder.iterdir() if path.is_file()) / 1e6
