"""The journey of recommendations: the shop's baskets become lists, and nobody who bought is kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from django.utils import timezone

from visual_search import registry, wiring
from visual_search.features.recommendations import builds, options, popularity
from visual_search.features.recommendations.baskets import Baskets, read
from visual_search.features.recommendations.models import Build, Part, Popular
from visual_search.registry import Source

logger = logging.getLogger(__name__)

CATEGORY = "category"  # the facet that lists are made by
BATCH = 1000
EPOCH = date(1970, 1, 1)

Told = Callable[[str], None]


def train(collection: str, *, tell: Told = lambda line: None) -> list[Build]:
    """Make the lists of this collection and put them live. `tell` hears of each part. Raises ConfigurationError.

    A source that tells no baskets gets none.
    """
    source = registry.source(collection)
    today = timezone.now().date()
    baskets = _baskets(source, today)
    categories = dict(_categories(collection, baskets.ids))
    tell(f"{collection}: {len(baskets.day)} baskets of {baskets.clients} clients, {len(baskets.ids)} objects")
    return [_popular(collection, baskets, categories, today)]


def _baskets(source: Source, today: date) -> Baskets:
    told = source.baskets(today - timedelta(days=options.days()))
    baskets = read(told)
    left_alone = options.sensitive()
    if not left_alone:
        return baskets
    levels = _categories(source.collection, baskets.ids)
    hidden = {id for id, paths in levels if any(options.is_sensitive(path, left_alone) for path in paths)}
    return read(source.baskets(today - timedelta(days=options.days())), hidden) if hidden else baskets


def _categories(collection: str, ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """All levels of the category of each object that the index has."""
    engine = wiring.engine()
    fields = [field.name for field in engine.schema(collection).facets]
    for first in range(0, len(ids) if CATEGORY in fields else 0, BATCH):
        for id, values in engine.values(collection, ids[first : first + BATCH], [CATEGORY]).items():
            yield id, tuple(map(str, values.get(CATEGORY, ())))


def _popular(collection: str, baskets: Baskets, categories: dict[str, tuple[str, ...]], today: date) -> Build:
    started = time.monotonic()
    build = builds.start(collection, Part.POPULAR, "popularity")
    # What the index doesn't have can't be shown, so it takes nobody's place.
    counts = popularity.sold(baskets, (today - EPOCH).days)
    shown = [number for number, id in enumerate(baskets.ids) if id in categories]
    lists = popularity.best_sellers([baskets.ids[number] for number in shown], counts[shown], categories)
    rows = [
        Popular(build=build, category=category, item=id, rank=rank)
        for category, ids in lists.items()
        for rank, id in enumerate(ids)
    ]
    Popular.objects.bulk_create(rows, batch_size=BATCH)
    builds.publish(build, {"seconds": round(time.monotonic() - started, 3), "rows": len(rows)})
    return build
