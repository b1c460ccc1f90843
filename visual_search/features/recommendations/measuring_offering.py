"""How long shelves take, on the shop's own products and lists, and how many products have any. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from visual_search import registry, wiring
from visual_search.errors import IndexMissing
from visual_search.features.recommendations import facts, nearest
from visual_search.features.recommendations.offering import offer
from visual_search.features.recommendations.pages import OF_THE_DEVICE, slots_of
from visual_search.features.recommendations.slots import Asked, Offer, Slot, SlotKind
from visual_search.measuring.measures import Table
from visual_search.measuring.times import timed
from visual_search.types import TasteEvent

BASKET, MEMORY = 3, 20  # products
COLUMNS = {"p50 ms": "{:.1f}", "p95 ms": "{:.1f}", "CPU p95": "{:.1f}", "with a slot": "{:.1%}"}


def overhead(questions: int) -> Table:
    """Over so many products of the default collection, evenly spread; each page is asked once before it is timed.

    Without an index, or with nothing in it, the table is empty and says what to run.
    """
    collection = registry.default()
    try:
        ids = [held.id for held in wiring.engine().versions(collection)]
    except IndexMissing:
        ids = []
    if not ids:
        note = f"'{collection}' has nothing in its index, so there is nothing to show. Run: manage.py visual_search rebuild"
        return Table("recommendations: no shelves", COLUMNS, {}, (note,))
    spread = [ids[place] for place in np.linspace(0, len(ids) - 1, min(questions, len(ids))).astype(int).tolist()]
    taste = [tuple(TasteEvent(id, "view", float(n)) for n, id in enumerate(_next(ids, id, MEMORY))) for id in spread]
    baskets = [_next(ids, id, BASKET) for id in spread]

    def page(name: str, products: Sequence[str]) -> Asked:
        return Asked(collection, slots_of(name, products), "en")

    similar = [Asked(collection, (Slot("similar", SlotKind.SIMILAR, (id,)),), "en") for id in spread]
    facts.forget()
    nearest.forget()
    rows = {"similar, asked for the first time": _timed(similar, warm=False)}
    rows["similar"] = _timed(similar)
    rows["a product's page"] = _timed([page("product", (id,)) for id in spread])
    rows[f"a basket of {BASKET}"] = _timed([page("basket", basket) for basket in baskets])
    rows["what sells"] = _timed([page("nothing", ()) for _id in spread])
    rows["by the device"] = _timed([Asked(collection, OF_THE_DEVICE["home"], "en", taste=one) for one in taste])
    return Table(
        title=f"recommendations: shelves of {len(spread)} of {len(ids)} products",
        columns=COLUMNS,
        rows=rows,
        notes=("The first time counts where no list was made: the index is asked, and the answer remembered.",),
    )


def _next(ids: Sequence[str], id: str, count: int) -> tuple[str, ...]:
    first = ids.index(id)
    return tuple(ids[(first + step) % len(ids)] for step in range(count))


def _timed(asked: Sequence[Asked], *, warm: bool = True, ask: Callable[[Asked], Offer] = offer) -> dict[str, float]:
    if warm:
        for one in asked:
            ask(one)
    else:
        ask(asked[0])  # The process has loaded what it needs; everything else is new to it.
    found = [timed(partial(ask, one)) for one in asked]
    filled = sum(bool(page.filled) for page, _times in found)
    wall, work = np.array([times for _page, times in found]).T
    p50, p95 = (float(np.percentile(wall, q)) for q in (50, 95))
    return {
        "p50 ms": p50, "p95 ms": p95, "CPU p95": float(np.percentile(work, 95)), "with a slot": filled / len(asked),
    }  # fmt: skip
