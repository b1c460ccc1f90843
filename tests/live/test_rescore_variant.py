"""Personal order pushed down into Elasticsearch (`rescore` with `script_score`), beside the numpy path that is served.

Not a part of the product: docs/decisions/0024-personal-order-stays-in-numpy.md says why, by what is measured here. RESCORE_QUESTIONS says how many questions (300
for the figures there) and prints times.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch, helpers

from visual_search.ranking.rescoring import KIND_WEIGHTS, Weights, Window, rescore
from visual_search.types import Matrix, TasteEvent, unit

pytestmark = pytest.mark.live

QUESTIONS = int(os.environ.get("RESCORE_QUESTIONS", "12"))
KINDS, ITEMS, DIMS, WINDOW, MEMORY = 10, 2_000, 896, 200, 100
SIZES = (8, 16, 32, 64, 100)  # of the script: a node compiles few different ones a minute
# A cap on how far a hit may rise can't be said in a script, so it is left out on both sides.
WEIGHTS = Weights(promote_at_most=WINDOW, clear_margin=None)
NEAR = 1e-5  # Elasticsearch adds scores up in 32 bits


@dataclass(frozen=True)
class Shelf:
    client: Elasticsearch
    index: str
    vectors: Matrix


@pytest.fixture
def shelf(elasticsearch_url: str, prefix: str) -> Iterator[Shelf]:
    """As the bench of personal order: ten kinds of things, each item near its kind."""
    rng = np.random.default_rng(0)
    kinds = unit(rng.normal(size=(KINDS, DIMS)))
    vectors = unit(kinds[np.arange(ITEMS) % KINDS] + 0.3 * unit(rng.normal(size=(ITEMS, DIMS))))
    vectors = unit(vectors.astype(np.float16))
    index = f"{prefix}items"
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        client.indices.create(
            index=index,
            settings={"number_of_shards": 1, "number_of_replicas": 0},
            mappings={
                "properties": {
                    "id": {"type": "keyword"},
                    "v": {"type": "dense_vector", "dims": DIMS, "index": False},
                }
            },
        )
        rows = ({"_id": f"{n}", "id": f"{n}", "v": row.tolist()} for n, row in enumerate(vectors))
        helpers.bulk(client, rows, index=index, refresh=True)
        client.indices.forcemerge(index=index, max_num_segments=1)
        yield Shelf(client, index, vectors)


@dataclass(frozen=True)
class Question:
    window: Window
    rows: np.ndarray  # of the window
    history: tuple[TasteEvent, ...]


def question(shelf: Shelf, rng: np.random.Generator) -> Question:
    kind = int(rng.integers(KINDS))
    rows = np.arange(WINDOW) * KINDS + kind
    scores = np.sort(rng.random(WINDOW))[::-1]
    past = rng.choice(ITEMS, size=MEMORY, replace=False)
    acts = ("view", "view", "basket", "purchase", "dislike")
    history = tuple(TasteEvent(f"{n}", acts[int(rng.integers(5))], float(rng.integers(90))) for n in past)
    return Question(Window(tuple(f"{n}" for n in rows), scores, shelf.vectors[rows]), rows, history)


def by_numpy(shelf: Shelf, asked: Question) -> tuple[list[str], dict[str, float]]:
    vectors = {event.id: shelf.vectors[int(event.id)] for event in asked.history}
    after = rescore(asked.window, asked.history, vectors, weights=WEIGHTS, shown=range(24))
    ids = [asked.window.ids[place] for place in after.order]
    return ids, dict(zip(asked.window.ids, after.scores.tolist(), strict=True))


def body(shelf: Shelf, asked: Question) -> dict[str, Any]:
    """The request. Attention still needs the vectors of the history and of the best hits on this side."""
    base = asked.window.scores
    base = (base - base.mean()) / base.std()
    centre = unit(asked.window.vectors[:10].mean(axis=0))
    decay = [2.0 ** (-event.age_days / WEIGHTS.half_life_days) for event in asked.history]
    past = shelf.vectors[[int(event.id) for event in asked.history]]
    attention = np.array([KIND_WEIGHTS[event.kind] for event in asked.history]) * decay
    attention = attention * np.exp((past @ centre - 1.0) / WEIGHTS.tau_query)
    heard = np.flatnonzero(np.abs(attention) >= WEIGHTS.least_attention)
    size = next(size for size in SIZES if size >= len(heard))
    kept = [*heard, *[0] * (size - len(heard))]
    own = {event.id: share for event, share in zip(asked.history, decay, strict=True) if event.kind == "purchase"}
    params: dict[str, Any] = {f"h{n}": past[row].tolist() for n, row in enumerate(kept)}
    params |= {
        "a": [float(attention[row]) if n < len(heard) else 0.0 for n, row in enumerate(kept)],
        "own": own, "z": WEIGHTS.z, "tau": WEIGHTS.tau_item, "relevance": WEIGHTS.relevance, "repeat": WEIGHTS.repeat,
    }  # fmt: skip
    # `cosineSimilarity` keeps the first vector that a place in the script is called with, so each has its own place.
    terms = "".join(
        f"s += params.a[{n}] * Math.exp((cosineSimilarity(params.h{n}, 'v') - 1) / params.tau);" for n in range(size)
    )
    kernel = (
        f"double s = 0; {terms} s = Math.max(s, -params.z * (1 - 1e-6)); def own = params.own[doc['id'].value];"
        "return 10 + params.relevance * Math.log(1 + s / params.z) + params.repeat * Math.log(1 + (own == null ? 0 : own));"
    )
    scored = {
        "source": "params.base[doc['id'].value]",
        "params": {"base": dict(zip(asked.window.ids, (base - base.min()).tolist(), strict=True))},
    }
    return {
        "size": WINDOW, "_source": False,
        "query": {"script_score": {"query": {"ids": {"values": list(asked.window.ids)}}, "script": scored}},
        "rescore": {
            "window_size": WINDOW,
            "query": {"score_mode": "total", "rescore_query": {"script_score": {"query": {"match_all": {}}, "script": {"source": kernel, "params": params}}}},
        },
    }  # fmt: skip


def by_elasticsearch(shelf: Shelf, asked: Question) -> list[str]:
    answer = shelf.client.search(index=shelf.index, **body(shelf, asked))
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def test_the_script_gives_the_same_order_where_scores_differ(
    shelf: Shelf, record_property: Callable[[str, object], None]
) -> None:
    rng = np.random.default_rng(1)
    asked = [question(shelf, rng) for _ in range(QUESTIONS)]
    for one in asked[:10]:
        by_elasticsearch(shelf, one)  # Each size of the script is compiled once.
    took: dict[str, list[float]] = {"numpy": [], "elasticsearch": [], "building the request": []}
    same = same_ten = moved = 0
    for one in asked:
        begin = time.perf_counter()
        ids, scores = by_numpy(shelf, one)
        between = time.perf_counter()
        others = by_elasticsearch(shelf, one)
        end = time.perf_counter()
        body(shelf, one)
        took["numpy"].append(between - begin)
        took["elasticsearch"].append(end - between)
        took["building the request"].append(time.perf_counter() - end)
        assert sorted(ids) == sorted(others)
        # Places differ only between hits whose scores are equal to 32 bits.
        assert all(abs(scores[a] - scores[b]) <= NEAR for a, b in zip(ids, others, strict=True))
        same += ids == others
        same_ten += ids[:10] == others[:10]
        moved += ids != list(one.window.ids)
    assert moved == len(asked)
    assert same_ten >= 0.99 * len(asked)
    times = {name: [round(1000 * float(np.percentile(row, p)), 2) for p in (50, 95)] for name, row in took.items()}
    said = (
        f"{len(asked)} questions: all 200 in the same order {same}, the ten best {same_ten}; p50 and p95 in ms: {times}"
    )
    record_property("rescore variant", said)
    if QUESTIONS > 12:
        print(said)  # noqa: T201
