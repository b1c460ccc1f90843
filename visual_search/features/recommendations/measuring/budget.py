"""What it takes to learn from the baskets of a large shop. The shop is made up: its figures tell of time and memory alone."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from visual_search.features.recommendations.alike import Alike, Leg, Rows
from visual_search.features.recommendations.baskets import Baskets
from visual_search.features.recommendations.counting import FEWEST_CLIENTS
from visual_search.features.recommendations.recommenders import Lesson
from visual_search.features.recommendations.recommenders.co_counts import CoCounts
from visual_search.measuring.measures import Table
from visual_search.types import unit

ITEMS, BASKETS, CLIENTS = 100_000, 500_000, 100_000
MEAN = 5.0  # things in a basket
WORLD = 20  # neighbours by number that a basket's things are chosen from, so that some are bought together
LONGEST = 50  # places of a list
LOOK, TEXT = 512, 896  # numbers of a vector, as the offline encoder makes them
PLACES = 128  # numbers of each by which cells are found
SIMILAR, WINDOW = 16, 200  # places of a list of similar products; nearest things of a vector
AT_ONCE = 5_000
OF_A_KIND = 80  # things that look and read alike; kinds lie in departments of 20


def synthetic(items: int = ITEMS, baskets: int = BASKETS, clients: int = CLIENTS, seed: int = 0) -> Baskets:
    """Few things are bought often and most of them seldom (Zipf); half of a basket lies around its first thing."""
    rng = np.random.default_rng(seed)
    sizes = np.minimum(rng.geometric(1 / MEAN, baskets), 60)
    basket = np.repeat(np.arange(baskets), sizes)
    weights = 1 / np.arange(1, items + 1) ** 0.8
    edges = np.cumsum(weights / weights.sum())
    chosen = np.minimum(np.searchsorted(edges, rng.random(len(basket))), items - 1)
    leader = chosen[np.concatenate([[0], np.cumsum(sizes)[:-1]])][basket]
    beside = (leader + rng.integers(0, WORLD, len(basket))) % items
    item = np.where(rng.random(len(basket)) < 0.5, chosen, beside)
    both = np.unique(basket * items + item)
    return Baskets(
        tuple(map(str, range(items))),
        (both // items).astype(np.int32),
        (both % items).astype(np.int32),
        rng.integers(0, clients, baskets).astype(np.int32),
        rng.integers(0, 365, baskets).astype(np.int32),
    )


def measure(items: int = ITEMS, baskets: int = BASKETS, clients: int = CLIENTS) -> Table:
    """Processor seconds and the peak of memory of the default model, from arrays to lists; and how long an answer takes."""
    lesson = Lesson(synthetic(items, baskets, clients), today=364, clients=FEWEST_CLIENTS)
    seconds = _seconds(lesson)
    # Counting memory slows the work down, so it is done a second time for that.
    again = Lesson(lesson.baskets, lesson.today, lesson.clients)
    tracemalloc.start()
    model = CoCounts()
    model.fit(again)
    lists = model.neighbours(LONGEST)
    megabytes = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    rows = {
        "co-counts": {"CPU s": seconds, "MB": megabytes, "rows": float(len(lists.item))},
        "similar": _similar(items),
    }
    return Table(
        title=f"recommendations_budget: {items} products, {baskets} baskets of {clients} clients",
        columns={"CPU s": "{:.1f}", "MB": "{:.0f}", "rows": "{:.0f}"},
        rows=rows,
        notes=(
            f"From arrays to lists of {LONGEST}, of similar products {SIMILAR}, with the arrays.",
            "Made up: the figures say nothing of quality.",
        ),
    )


def _seconds(lesson: Lesson) -> float:
    begin = time.process_time()
    model = CoCounts()
    model.fit(lesson)
    model.neighbours(LONGEST)
    return time.process_time() - begin


def _similar(items: int) -> dict[str, float]:
    tracemalloc.start()
    rng = np.random.default_rng(0)
    kind = rng.integers(0, items // OF_A_KIND + 1, items)
    look, text = (_vectors(kind, dims, rng) for dims in (LOOK, TEXT))
    places = np.hstack([rows.vectors[:, :PLACES].astype(np.float32) for rows in (look, text)])
    legs = (Leg(look, 1.0, 0.0, 1.0, 0.28, 8), Leg(text, 0.3, 0.22, 1.0, 0.34, 1))
    begin = time.process_time()
    lists = Alike(legs, np.arange(items, dtype=np.int32), places, WINDOW).lists(SIMILAR)
    seconds = time.process_time() - begin
    megabytes = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return {"CPU s": seconds, "MB": megabytes, "rows": float(len(lists.item))}


def _vectors(kind: np.ndarray, dims: int, rng: np.random.Generator) -> Rows:
    kinds = int(kind.max(initial=0)) + 1
    departments = rng.normal(size=(kinds // 20 + 1, dims)).astype(np.float32)
    middles = departments[np.arange(kinds) // 20] + 0.9 * rng.normal(size=(kinds, dims)).astype(np.float32)
    vectors = np.empty((len(kind), dims), dtype=np.float16)
    for first in range(0, len(kind), AT_ONCE):
        own = middles[kind[first : first + AT_ONCE]]
        vectors[first : first + AT_ONCE] = unit(own + 1.2 * rng.normal(size=own.shape).astype(np.float32))
    return Rows(vectors, np.arange(len(kind)), len(kind))
