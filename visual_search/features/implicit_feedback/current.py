"""What is known of the hits of a question. The sums of a collection are read at most once a minute in a process: they change once
a day, and a shop without enough of them shouldn't pay a question for it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from visual_search.features.implicit_feedback.counting import Sum
from visual_search.features.implicit_feedback.folding import sum_of
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback
from visual_search.features.implicit_feedback.options import options
from visual_search.features.implicit_feedback.rates import decay, factors
from visual_search.privacy.keys import DAY_SECONDS

LOOK_SECONDS = 60.0
clock = time.time  # tests hold it


@dataclass(frozen=True, slots=True)
class Whole:
    """The sums of a collection as of a day; `looked_at`: when this process read them, on the monotonic clock."""

    sums: Sum
    day: int
    looked_at: float


_kept: dict[str, Whole] = {}


def today() -> int:
    """Days since 1970, in UTC."""
    return int(clock() // DAY_SECONDS)


def forget() -> None:
    """Read all anew when it is next asked for."""
    _kept.clear()


def choices(row: CollectionFeedback | Whole) -> float:
    """How many choices there are, as they count today."""
    sums = row.sums if isinstance(row, Whole) else sum_of(row)
    return sums.choices * decay(today() - row.day, options().half_life_days)


def enough(collection: str) -> Whole | None:
    """The sums of the collection, if they are enough to reorder by; else None."""
    whole = _whole(collection)
    return whole if choices(whole) >= options().least_choices else None


def of(collection: str, ids: Sequence[str], whole: Whole, *, most: float) -> dict[str, float]:
    """The factor of each of these objects. What fewer than `K` browsers saw, as it counts today, has 1."""
    given, now = options(), today()
    # Plain values: to make objects of two hundred rows takes longer than to read them.
    rows = ObjectFeedback.objects.filter(collection=collection, object_id__in=ids)
    known = {
        id: Sum(browsers, looks, chosen).times(decay(now - day, given.half_life_days))
        for id, day, browsers, looks, chosen in rows.values_list("object_id", "day", "browsers", "looks", "choices")
    }
    known = {id: one for id, one in known.items() if one.browsers >= given.k}
    return factors(ids, known, whole.sums, prior_looks=given.prior_looks, most=most)


def _whole(collection: str) -> Whole:
    now = time.monotonic()
    kept = _kept.get(collection)
    if kept is None or now - kept.looked_at >= LOOK_SECONDS:
        row = CollectionFeedback.objects.filter(pk=collection).first()
        kept = Whole(sum_of(row), row.day, now) if row else Whole(Sum(), 0, now)
        _kept[collection] = kept
    return kept
