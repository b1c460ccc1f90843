"""What sells best, in the whole shop and in each category with all below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from visual_search.features.recommendations.baskets import Baskets

DAYS = 28  # four weeks, so that each day of the week counts alike
LONGEST = 50  # places of a list: enough after what is sold out or in the basket is left out


def sold(baskets: Baskets, today: int, days: int = DAYS) -> npt.NDArray[np.int64]:
    """By number of an item: in how many baskets of the last `days` before `today` (days since 1970) it lay, shape (ids,)."""
    recent = (baskets.day > today - days)[baskets.basket]
    return np.bincount(baskets.item[recent], minlength=len(baskets.ids))


def best_sellers(
    ids: Sequence[str], counts: npt.NDArray[np.int64], categories: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """By category the ids that lay in most baskets, the first first; under "" those of the whole shop.

    `categories`: by id all levels of its category. Of equals the one comes first whose id does, so that lists stand still.
    """
    lists: dict[str, list[str]] = {}
    for number in np.lexsort((np.array(ids, dtype=str), -counts)) if ids else ():
        if not counts[number]:
            break
        id = ids[number]
        for category in ("", *categories.get(id, ())):
            places = lists.setdefault(category, [])
            if len(places) < LONGEST:
                places.append(id)
    return lists
