"""Tests whether the live index finds the nearest objects, by exact search; if not, it compares more candidates from then on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np

from visual_search import registry, wiring
from visual_search.engines.base import SelfTesting
from visual_search.engines.recall import RECALL_WANTED, SAMPLE
from visual_search.errors import ConfigurationError
from visual_search.models import Embedding
from visual_search.types import Space, Vector, unit


@dataclass(frozen=True, slots=True)
class SpaceRecall:
    """`width`: how many times the usual number of candidates is compared exactly from now on; None if unchanged."""

    space: str
    queries: int
    recall: float
    width: float | None

    @property
    def enough(self) -> bool:
        return self.recall >= RECALL_WANTED


def self_test(collection: str, *, widen: bool = True) -> tuple[SpaceRecall, ...]:
    """Recall@10 in each space of a collection's live index. With `widen`, a space below the limit compares more candidates.

    Raises ConfigurationError if the engine can't test itself, and what engines raise.
    """
    registry.source(collection)
    engine = wiring.engine()
    if not isinstance(engine, SelfTesting):
        raise ConfigurationError(f"The engine {type(engine).__name__} can't test its own recall.")
    measured = []
    for space in wiring.schema(collection).spaces:
        queries = sample(space)
        recall, width = engine.recall(collection, space.name, queries), None
        if widen and recall < RECALL_WANTED:
            check = engine.tune(collection, space.name, queries)
            recall, width = check.recall, check.width
        measured.append(SpaceRecall(space.name, len(queries), recall, width))
    return tuple(measured)


def sample(space: Space, size: int = SAMPLE) -> list[Vector]:
    """A random sample of the vectors of this space in the shop's database."""
    kept = Embedding.objects.filter(fingerprint=space.fingerprint)
    # Hashes are spread evenly, so the rows that follow a random hash are a fair sample.
    start = secrets.token_hex(32)
    rows = list(kept.filter(content_hash__gte=start).order_by("content_hash")[:size])
    rows += list(kept.filter(content_hash__lt=start).order_by("content_hash")[: size - len(rows)])
    vectors = [np.frombuffer(bytes(row.vector), "<f2").astype(np.float32) for row in rows]
    return [unit(vector) for vector in vectors if vector.any()]
