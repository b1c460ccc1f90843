"""Adds a sealed day to the sums. What lies back counts half after each half-life, and nothing is kept of a single day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import transaction

from visual_search.features.implicit_feedback.counting import Sum, Tally, tally
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback, Sums
from visual_search.features.implicit_feedback.options import options
from visual_search.features.implicit_feedback.places import STEPS, steepness
from visual_search.features.implicit_feedback.rates import decay
from visual_search.models import chunks
from visual_search.types import SealedQuestion

BATCH = 500
LEAST_BROWSERS = 0.5  # a sum that has decayed to less tells nothing any more


def fold(day: int, questions: Sequence[SealedQuestion]) -> None:
    """Count the questions of this day, with the places as the days before told them."""
    by_collection: dict[str, list[SealedQuestion]] = defaultdict(list)
    for question in questions:
        by_collection[question.collection].append(question)
    with transaction.atomic():
        for collection, asked in by_collection.items():
            whole = CollectionFeedback.objects.filter(pk=collection).first()
            steep = steepness(whole.curve if whole else ())
            _add(day, collection, whole, tally(asked, steepness=steep, k=options().k))
        _forget(day)


def sum_of(row: Sums) -> Sum:
    """The sums of a row as they were on its day."""
    return Sum(row.browsers, row.looks, row.choices)


def _add(day: int, collection: str, whole: CollectionFeedback | None, told: Tally) -> None:
    if not told.objects:
        # The curve alone would say nothing: an order needs objects.
        return
    _add_objects(day, collection, told.objects)
    whole = whole or CollectionFeedback(collection=collection, day=day)
    before = list(whole.curve) if len(whole.curve) == len(STEPS) else [0.0] * len(STEPS)
    old, new, last = _shares(whole.day, day)
    whole.curve = [one * old + two * new for one, two in zip(before, told.curve, strict=True)]
    _set(whole, sum_of(whole).times(old) + sum(told.objects.values(), Sum()).times(new), last)
    whole.save()


def _add_objects(day: int, collection: str, told: Mapping[str, Sum]) -> None:
    known = {
        row.object_id: row
        for ids in chunks(sorted(told))
        for row in ObjectFeedback.objects.filter(collection=collection, object_id__in=ids)
    }
    fresh = []
    for id, one in told.items():
        row = known.get(id)
        if row is None:
            row = ObjectFeedback(collection=collection, object_id=id, day=day)
            fresh.append(row)
        old, new, last = _shares(row.day, day)
        _set(row, sum_of(row).times(old) + one.times(new), last)
    ObjectFeedback.objects.bulk_create(fresh, batch_size=BATCH)
    ObjectFeedback.objects.bulk_update(known.values(), ["day", "browsers", "looks", "choices"], batch_size=BATCH)


def _shares(kept: int, told: int) -> tuple[float, float, int]:
    """What counts of a sum as of one day and of one that is told, and as of which day both are then. A day may be told late."""
    last = max(kept, told)
    half_life = options().half_life_days
    return decay(last - kept, half_life), decay(last - told, half_life), last


def _set(row: Sums, now: Sum, day: int) -> None:
    row.day, row.browsers, row.looks, row.choices = day, now.browsers, now.looks, now.choices


def _forget(day: int) -> None:
    """Delete what wasn't seen for as long as the shop keeps it, and what has decayed to nothing."""
    for model in (ObjectFeedback, CollectionFeedback):
        model._default_manager.filter(day__lt=day - options().days).delete()
        model._default_manager.filter(browsers__lt=LEAST_BROWSERS).delete()
