"""What the shop tells of its baskets, as arrays. Clients are numbers here, and are gone when the training ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visual_search.types import Basket

MOST_ITEMS = 100  # of one basket: what holds more is a stocktaking or a robot, and would count thousands of pairs

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Baskets:
    """Entry n of the arrays says that in basket `basket[n]` lay item `item[n]`, once each, sorted by basket and item.

    `client` and `day` have one entry a basket: a number that stands for the client, and days since 1970.
    """

    ids: tuple[str, ...]
    basket: Numbers
    item: Numbers
    client: Numbers
    day: Numbers

    @property
    def clients(self) -> int:
        """How many different clients there are."""
        return len(np.unique(self.client))


def read(told: Iterable[Basket], ids: Sequence[str] | None = None) -> Baskets:
    """The baskets as arrays. What a client put into several baskets of a day counts as one basket.

    `ids`: what is learned from; number n is `ids[n]`, and all else is left out. By default whatever lies in a basket. Baskets of
    more than MOST_ITEMS things are left out, too.
    """
    numbers = {id: number for number, id in enumerate(ids or ())}
    clients: dict[str, int] = {}
    whole: dict[tuple[int, int], set[int]] = {}
    for client, day, items in told:
        if ids is None:
            wanted = {numbers.setdefault(str(item), len(numbers)) for item in items}
        else:
            wanted = {number for item in items if (number := numbers.get(str(item))) is not None}
        if wanted:
            whole.setdefault((clients.setdefault(client, len(clients)), day), set()).update(wanted)
    kept = [(key, sorted(items)) for key, items in whole.items() if len(items) <= MOST_ITEMS]
    sizes = np.array([len(items) for _, items in kept], dtype=np.int32)
    return Baskets(
        ids=tuple(numbers),
        basket=np.repeat(np.arange(len(kept), dtype=np.int32), sizes),
        item=np.fromiter((item for _, items in kept for item in items), dtype=np.int32, count=int(sizes.sum())),
        client=np.array([client for (client, _), _ in kept], dtype=np.int32),
        day=np.array([day for (_, day), _ in kept], dtype=np.int32),
    )
