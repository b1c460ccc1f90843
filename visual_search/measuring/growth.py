"""How an engine's times grow with the catalogue: the same questions to synthetic shops of several sizes, engine alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from uuid import uuid4

import numpy as np

from visual_search.engines.base import Ability, Engine
from visual_search.engines.recall import recall_of
from visual_search.measuring.measures import Table
from visual_search.measuring.scratch import Advanced, ignore_progress, rebuilt
from visual_search.measuring.synthetic import FACETS, Generator
from visual_search.querying.photos import COMPARED
from visual_search.types import (
    AnyOf,
    Between,
    CollectionSchema,
    EngineQuery,
    Filter,
    Leg,
    Space,
    VectorLeg,
    WordsLeg,
)

WARMING = 10  # turns that aren't measured
HITS = 200  # of each leg, as a search of the shop asks for
SPACE = Space("image", 512, "synthetic")
SCHEMA = CollectionSchema((SPACE,), FACETS, ("en",))
_FILTERS: tuple[Filter, ...] = (
    AnyOf("category", ("Kind 1",)),
    Between("price", at_most=500.0),
    AnyOf("in_stock", (True,)),
)
_COLUMNS = {
    "documents/s": "{:.0f}", "photo": "{:.1f}", "p95": "{:.1f}", "ids alone": "{:.1f}", "filtered": "{:.1f}", "words": "{:.1f}",
    "words p95": "{:.1f}", "both": "{:.1f}", "both p95": "{:.1f}", "recall@10": "{:.3f}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """One shop. Milliseconds of each kind of question: at the median, and of 95 in 100."""

    products: int
    documents_per_second: float
    questions: Mapping[str, tuple[float, float]]
    recall_at_10: float | None  # None where the engine has no exact search

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(
    engine: Engine, sizes: Sequence[int], *, questions: int = 40, seed: int = 0, advanced: Advanced = ignore_progress
) -> Iterator[Size]:
    """A shop of each size after the other, of products with one picture and a text, in a collection of its own."""
    for products in sizes:
        collection = f"scratch-{uuid4().hex[:12]}"
        generator = Generator(SCHEMA, seed, pictures=1)
        try:
            engine.ensure(collection, SCHEMA)
            made = generator.documents(products)
            stored, seconds = rebuilt(engine, collection, SCHEMA, made, advanced=advanced)
            asked = _asked(engine, collection, generator, questions)
            recall = None
            if Ability.EXACT_KNN in engine.abilities:
                vectors = generator.queries(SPACE, min(questions, 20))
                recall = recall_of(partial(engine.search, collection), SPACE.name, vectors)
            yield Size(products, stored / seconds, asked, recall)
        finally:
            engine.drop(collection)


def _asked(engine: Engine, collection: str, generator: Generator, count: int) -> dict[str, tuple[float, float]]:
    turns = WARMING + count
    vectors, phrases = generator.queries(SPACE, turns), generator.phrases(turns)

    def photo(n: int, named: int = COMPARED) -> Leg:
        return VectorLeg("photo", SPACE.name, vectors[n], HITS, named=named)

    def words(n: int) -> Leg:
        return WordsLeg("words", phrases[n], ("en",), HITS)

    kinds: dict[str, Callable[[int], EngineQuery]] = {
        "photo": lambda n: EngineQuery((photo(n),)),
        "ids alone": lambda n: EngineQuery((photo(n, 0),)),
        "filtered": lambda n: EngineQuery((photo(n),), _FILTERS),
        "words": lambda n: EngineQuery((words(n),)),
        "both": lambda n: EngineQuery((photo(n), words(n))),
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    # By turns, so that what a server learns or caches meanwhile favours no kind; the first turns fill its caches.
    for n in range(turns):
        for name, query in kinds.items():
            times[name].append(_milliseconds(engine, collection, query(n)))
    return {
        name: (float(np.percentile(taken[-count:], 50)), float(np.percentile(taken[-count:], 95)))
        for name, taken in times.items()
    }


def _milliseconds(engine: Engine, collection: str, query: EngineQuery) -> float:
    begin = time.perf_counter()
    engine.search(collection, query)
    return (time.perf_counter() - begin) * 1000


def table(engine: str, sizes: Sequence[Size]) -> Table:
    rows = {}
    for size in sizes:
        asked = size.questions
        rows[f"{size.products:,}"] = {
            "documents/s": size.documents_per_second,
            "photo": asked["photo"][0],
            "p95": asked["photo"][1],
            "ids alone": asked["ids alone"][0],
            "filtered": asked["filtered"][0],
            "words": asked["words"][0],
            "words p95": asked["words"][1],
            "both": asked["both"][0],
            "both p95": asked["both"][1],
            "recall@10": float("nan") if size.recall_at_10 is None else size.recall_at_10,
        }
    return Table(
        title=f"Growth of {engine}: milliseconds of {HITS} hits",
        columns=_COLUMNS,
        rows=rows,
        notes=(
            "Products with one picture of 512 numbers and a text of 25 words.",
            "photo: with the best picture's name; ids alone: without.",
            "filtered: behind a department, a price and the stock. Absolute times depend on the machine.",
        ),
    )
