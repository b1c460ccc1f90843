"""What the engine says about itself, and when it is time for a search server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf

from visual_search.engines.embedded.store import Store

NAME = "embedded"
# Measured: comfortable up to about 100,000 objects with three pictures each.
VECTORS_FOR_A_SERVER = 300_000
DOCUMENTS_FOR_A_SERVER = 300_000
SLOW_SECONDS = 0.15
LONG_WAIT_SECONDS = 2.0
_SERVER = "time for Elasticsearch (docs/how-to/elasticsearch.md)"


@dataclass(frozen=True, slots=True)
class Finding:
    documents: int
    advice: tuple[str, ...]


def examine(collection: str, store: Store, exact_below: int) -> Finding:
    """How many documents there are, and what their owner should know."""
    documents = store.count_documents()
    vectors = {space.name: store.count_vectors(number) for number, space in enumerate(store.schema.spaces)}
    advice = []
    if max(vectors.values(), default=0) > VECTORS_FOR_A_SERVER or documents > DOCUMENTS_FOR_A_SERVER:
        counts = ", ".join(f"{count:,} vectors in '{name}'" for name, count in vectors.items())
        advice.append(f"'{collection}' has {documents:,} documents and {counts}: {_SERVER}.")
    for number, (name, count) in enumerate(vectors.items()):
        if count >= exact_below and isinf(store.width(number)):
            advice.append(
                f"Codes lose neighbours in space '{name}' of '{collection}', so all its {count:,} vectors are compared "
                "exactly, which is slow. Another encoder, or a rebuild once there are more objects, may mend it."
            )
    if store.longest_wait > LONG_WAIT_SECONDS:
        advice.append(
            f"A write to '{collection}' has waited {store.longest_wait:.1f} s for another one. For mass changes use "
            f"`manage.py visual_search rebuild`; if it happens all day, it is {_SERVER}."
        )
    return Finding(documents, tuple(advice))


def slow_legs(p95: Mapping[str, float]) -> list[str]:
    return [
        f"{kind} takes {seconds * 1000:.0f} ms in this process (95th percentile): {_SERVER}."
        for kind, seconds in sorted(p95.items())
        if seconds > SLOW_SECONDS
    ]
