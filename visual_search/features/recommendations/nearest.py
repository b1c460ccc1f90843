"""Asks the live index what is like a product, for what no list was made of yet. Answers are remembered for a while.

The question is the core's own "more like this", on whichever engine. But no shopper asked it, so no signal tells of it and
nothing is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from visual_search import search, wiring
from visual_search.content import live_index
from visual_search.content.stand_ins import StandIns
from visual_search.errors import BadInput
from visual_search.features.recommendations.keeping import Keeper
from visual_search.learning import calibrating
from visual_search.querying import likes
from visual_search.types import CATEGORY, AnyOf, BrowseLeg, EngineQuery, Grade, Query

KEPT_SECONDS = 600.0  # so late a new product is seen here; then the next build lists it
MOST_KEPT = 20_000  # lists in a process, about 30 MB
LONGEST = 24  # ids of a list: three times what a slot shows
OF_EACH = 4  # of each category in a list of several

_Key = tuple[str, ...]


def similar(collection: str, id: str) -> tuple[str, ...]:
    """What is close to this product by look and words, nearest first, without its sizes and colours."""
    return _remembered(("similar", collection, id), lambda: _like(Query(collection=collection, like=(id,)), close=True))


def in_category(collection: str, id: str, category: str) -> tuple[str, ...]:
    """What of this category is nearest to this product, close or not."""
    rule = AnyOf(CATEGORY.name, (category,))
    asked = Query(collection=collection, like=(id,), beside=(id,), filters=(rule,))
    return _remembered(("in", collection, id, category), lambda: _like(asked))


def in_each(collection: str, id: str, categories: Sequence[str]) -> tuple[str, ...]:
    """What of these categories is nearest to this product: a few of the first, then of the second, in turns."""
    found = [in_category(collection, id, category)[:OF_EACH] for category in categories]
    return tuple(own[turn] for turn in range(OF_EACH) for own in found if turn < len(own))


def of_series(collection: str, field: str, series: str) -> tuple[str, ...]:
    """What has this value of the facet that tells series."""
    if not series or all(facet.name != field for facet in wiring.engine().schema(collection).facets):
        return ()
    leg = BrowseLeg("series", LONGEST)

    def ask() -> tuple[str, ...]:
        answer = wiring.engine().search(collection, EngineQuery((leg,), (AnyOf(field, (series,)),)))
        return tuple(hit.id for hit in answer.legs[0].hits)

    return _remembered(("series", collection, field, series), ask)


def _like(query: Query, *, close: bool = False) -> tuple[str, ...]:
    """The nearest hits of "more like this"; none for a product that is gone. Raises as the engine and the encoder do."""
    engine, encoder = wiring.engine(), wiring.encoder()
    serving = live_index.serving(query.collection)
    query, lacking = serving.askable(query)
    if lacking:
        return ()  # Without its filter this would be another question.
    try:
        query, resembled = likes.looked_up(query, encoder)
    except BadInput:
        return ()
    ranking = search.rank(
        query,
        engine=engine,
        encoder=encoder,
        schema=serving.schema,
        stand_ins=StandIns(query.collection),
        calibration=calibrating.current(query.collection),
        kinds=calibrating.kinds(query.collection),
        resembled=resembled,
    )
    hits = [hit for hit in ranking.hits if not close or hit.grade is not Grade.DISTANT]
    return tuple(hit.id for hit in hits[:LONGEST])


def _remembered(key: _Key, ask: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    return _kept.get((key,), lambda _missing: {key: ask()}).get(key, ())


_kept: Keeper[_Key, tuple[str, ...]] = Keeper(seconds=KEPT_SECONDS, most=MOST_KEPT)
forget = _kept.forget
