"""How many milliseconds personal order adds to an answer with a full window, a full memory and vectors of the encoder's size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from django.db import transaction

from visual_search import wiring
from visual_search.features.personalisation import item_cache, item_vectors
from visual_search.features.personalisation.models import ItemSpread, ItemVector
from visual_search.features.personalisation.rescorer import PersonalRescorer
from visual_search.hooks import Rescorers
from visual_search.measuring.measures import Table
from visual_search.measuring.times import COLUMNS, NOTE, percentiles, timed
from visual_search.ranking.taste import MAX_EVENTS
from visual_search.types import Hit, Query, TasteEvent, unit

COLLECTION = "bench-personal"
WINDOW = 200  # hits, as the default of RANK_WINDOW
KINDS = 10  # of made-up things, of which the hits are one
ITEMS = WINDOW * KINDS
LIMIT_MS = 60_000.0  # so long that a slow machine is measured and not cut off
COLD_QUESTIONS = 20  # asked with an empty cache; few, since each reads three hundred rows


def overhead(questions: int) -> Table:
    """Measure with made-up items in the shop's own table, inside a transaction that is rolled back."""
    card = wiring.encoder().card
    mark = item_cache.fingerprint(card)
    dims = item_cache.dims_of(card)
    rng = np.random.default_rng(0)
    # Ten kinds of things, each item near its kind, and the hits of one kind: a tenth of the memory bears on the question.
    kinds = unit(rng.normal(size=(KINDS, dims)))
    vectors = unit(kinds[np.arange(ITEMS) % KINDS] + 0.3 * unit(rng.normal(size=(ITEMS, dims))))
    queries = [_query(rng) for _ in range(questions)]
    hits = tuple(Hit(f"{n * KINDS}", 1 - n / (2 * WINDOW)) for n in range(WINDOW))
    guard = Rescorers([PersonalRescorer()])
    with transaction.atomic():
        ItemVector.objects.bulk_create(
            [
                ItemVector(
                    collection=COLLECTION,
                    object_id=f"{n}",
                    fingerprint=mark,
                    version=1,
                    vector=row.astype("<f2").tobytes(),
                )
                for n, row in enumerate(vectors)
            ],
            batch_size=500,
        )
        measured = item_vectors.measured_spread(COLLECTION, mark)
        ItemSpread.objects.create(collection=COLLECTION, fingerprint=mark, spread=measured)
        item_cache.cache.forget()
        cold = [_timed(guard, query, hits, forget=True) for query in queries[:COLD_QUESTIONS]]
        for query in queries[:5]:
            _timed(guard, query, hits)  # The cache fills.
        warm = [_timed(guard, query, hits) for query in queries]
        plain = [_timed(guard, replace(query, taste=()), hits) for query in queries]
        transaction.set_rollback(True)
    item_cache.cache.forget()
    return Table(
        title=f"personal order: {WINDOW} hits, {MAX_EVENTS} entries, {dims} dimensions, {questions} questions",
        columns=COLUMNS,
        rows={
            "with a memory": percentiles(warm),
            "with a memory, nothing cached": percentiles(cold),
            "without a memory": percentiles(plain),
        },
        notes=(NOTE,),
    )


def _query(rng: np.random.Generator) -> Query:
    ids = rng.choice(ITEMS, size=MAX_EVENTS, replace=False)
    events = tuple(TasteEvent(f"{id}", "view" if id % 3 else "purchase", float(id % 60)) for id in ids)
    return Query(collection=COLLECTION, words="chair", taste=events)


def _timed(guard: Rescorers, query: Query, hits: tuple[Hit, ...], *, forget: bool = False) -> tuple[float, float]:
    if forget:
        item_cache.cache.forget()
    after, taken = timed(lambda: guard.apply(query, hits, window=WINDOW, limit_ms=LIMIT_MS))
    if after.degraded or (query.taste and after.notes != ("personal:personalised",)):
        raise AssertionError(f"Nothing was measured: {after.notes} {after.degraded}")
    return taken
