"""The embedded engine of this project: it keeps versions, is safe against crashes, and other processes see each save at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.bench_peers.contender import joined
from tests.bench_peers.data import MOST_PRICE, PICTURES, WANTED, Data
from tests.bench_peers.making import SCHEMA, SPACE
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.types import (
    AnyOf,
    Between,
    Document,
    EngineQuery,
    Filter,
    Leg,
    NamedVector,
    Text,
    VectorLeg,
    WordsLeg,
)


class Ours:
    k = WANTED

    def __init__(self, folder: Path) -> None:
        self.engine = EmbeddedEngine(folder)

    @staticmethod
    def build(folder: Path, data: Data) -> None:
        engine = EmbeddedEngine(folder)
        engine.rebuild("products", SCHEMA, _documents(data))
        engine.close()

    def knn(self, vector: np.ndarray, department: str | None) -> Sequence[int]:
        return self._ask((self._near(vector),), department)[0]

    def words(self, words: str, department: str | None) -> Sequence[int]:
        return self._ask((self._with(words),), department)[0]

    def hybrid(self, vector: np.ndarray, words: str, department: str | None) -> Sequence[int]:
        return joined(*self._ask((self._near(vector), self._with(words)), department))

    def _near(self, vector: np.ndarray) -> Leg:
        return VectorLeg("image", SPACE.name, vector, self.k)

    def _with(self, words: str) -> Leg:
        return WordsLeg("words", words, ("en",), self.k)

    def _ask(self, legs: tuple[Leg, ...], department: str | None) -> list[list[int]]:
        filters: tuple[Filter, ...] = ()
        if department is not None:
            filters = (
                AnyOf("category", (department,)),
                Between("price", at_most=MOST_PRICE),
                AnyOf("in_stock", (True,)),
            )
        answer = self.engine.search("products", EngineQuery(legs, filters))
        return [[int(hit.id[1:]) for hit in leg.hits[:WANTED]] for leg in answer.legs]


class OursDeep(Ours):
    """As a search of the shop asks it: it joins lists of 200 hits."""

    k = 200


def _documents(data: Data) -> Iterator[Document]:
    vectors = data.vectors
    for n, row in enumerate(data.products()):
        own = np.asarray(vectors[n * PICTURES : (n + 1) * PICTURES], np.float32)
        yield Document(
            id=row["id"],
            version=1,
            texts={"en": Text(row["title"], row["text"])},
            vectors={SPACE.name: tuple(NamedVector(str(place), vector) for place, vector in enumerate(own))},
            facets={
                "category": f"{row['department']} > {row['kind']}",
                **{name: row[name] for name in ("brand", "price", "in_stock")},
            },
            codes=(row["id"],),
        )
