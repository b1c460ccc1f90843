"""How many milliseconds an order by behaviour adds to an answer with a full window, in a shop of a hundred thousand objects."""

from __future__ import annotations

import numpy as np
from django.db import transaction

from visual_search.features.implicit_feedback import current
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback
from visual_search.features.implicit_feedback.rescorer import FeedbackRescorer
from visual_search.hooks import Rescorers
from visual_search.measuring.measures import Table
from visual_search.measuring.times import COLUMNS, NOTE, percentiles, timed
from visual_search.types import Hit, Query

COLLECTION, EMPTY = "bench-feedback", "bench-feedback-without"
WINDOW = 200  # hits, as the default of RANK_WINDOW
OBJECTS = 100_000
LIMIT_MS = 60_000.0  # so long that a slow machine is measured and not cut off


def overhead(questions: int) -> Table:
    """Measure with made-up sums in the shop's own table, inside a transaction that is rolled back."""
    rng = np.random.default_rng(0)
    asked = [_hits(rng) for _ in range(questions)]
    guard = Rescorers([FeedbackRescorer()])
    day = current.today()
    with transaction.atomic():
        choices = rng.gamma(2.0, 5.0, size=OBJECTS)
        ObjectFeedback.objects.bulk_create(
            [
                ObjectFeedback(
                    collection=COLLECTION, object_id=f"{n}", day=day, browsers=200, looks=100, choices=choices[n]
                )
                for n in range(OBJECTS)
            ],
            batch_size=500,
        )
        CollectionFeedback.objects.create(
            collection=COLLECTION,
            day=day,
            browsers=200 * OBJECTS,
            looks=100 * OBJECTS,
            choices=float(choices.sum()),
        )
        rows = {}
        for name, collection, note in (("enough is known", COLLECTION, 1), ("nothing is known", EMPTY, 0)):
            query = Query(collection=collection, words="chair")
            for hits in asked[:5]:
                _timed(guard, query, hits, note)  # The sums of the collection are read.
            rows[name] = percentiles([_timed(guard, query, hits, note) for hits in asked])
        transaction.set_rollback(True)
    current.forget()
    return Table(
        title=f"order by behaviour: {WINDOW} hits, {OBJECTS} objects, {questions} questions",
        columns=COLUMNS,
        rows=rows,
        notes=(NOTE,),
    )


def _hits(rng: np.random.Generator) -> tuple[Hit, ...]:
    ids = rng.choice(OBJECTS, WINDOW, replace=False)
    return tuple(Hit(f"{id}", 1 - n / (2 * WINDOW)) for n, id in enumerate(ids))


def _timed(guard: Rescorers, query: Query, hits: tuple[Hit, ...], notes: int) -> tuple[float, float]:
    after, taken = timed(lambda: guard.apply(query, hits, window=WINDOW, limit_ms=LIMIT_MS))
    if after.degraded or len(after.notes) != notes:
        raise AssertionError(f"Nothing was measured: {after.notes} {after.degraded}")
    return taken
