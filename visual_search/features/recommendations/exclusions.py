"""What is never offered, whatever the lists say: what the page shows already and its variants, near-copies, what isn't sold,
and what the shop calls sensitive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from visual_search.features.recommendations.facts import Facts
from visual_search.features.recommendations.options import is_sensitive
from visual_search.types import Vector


class Taken:
    """What a page shows by now: it grows with every slot, so that nothing is offered twice.

    `copies_from`: the cosine from which two looks are one thing; above 1 for never. `sensitive`: categories that are left alone.
    """

    def __init__(self, *, copies_from: float, sensitive: tuple[str, ...] = ()) -> None:
        self._copies_from, self._sensitive = copies_from, sensitive
        self._ids: set[str] = set()
        self._families: set[str] = set()
        self._looks: list[Vector] = []
        self._pictures: set[str] = set()

    def branch(self) -> Taken:
        """A page that shows the same so far, and goes on by itself."""
        other = Taken(copies_from=self._copies_from, sensitive=self._sensitive)
        other._ids, other._families = set(self._ids), set(self._families)
        other._looks, other._pictures = list(self._looks), set(self._pictures)
        return other

    def add(self, ids: Iterable[str], known: Mapping[str, Facts]) -> None:
        """From now on these products are on the page; neither they nor a size, a colour or a copy of them is offered any more."""
        for id in ids:
            self._ids.add(id)
            if (facts := known.get(id)) is None:
                continue
            self._families.add(facts.family)
            self._pictures |= facts.pictures
            if facts.look is not None:
                self._looks.append(facts.look)

    def may_be_offered(self, id: str, facts: Facts | None) -> bool:
        """Whether this product may be offered beside what is on the page. One that the index doesn't have may not."""
        if facts is None or id in self._ids or facts.family in self._families or not facts.in_stock:
            return False
        return (
            not self.is_sensitive(facts) and self._pictures.isdisjoint(facts.pictures) and not self._is_copy(facts.look)
        )

    def is_sensitive(self, facts: Facts) -> bool:
        """Whether the shop wants it neither offered nor used to find others."""
        return bool(self._sensitive) and any(is_sensitive(path, self._sensitive) for path in facts.levels)

    def _is_copy(self, look: Vector | None) -> bool:
        if look is None or not self._looks:
            return False
        cosines = np.array(self._looks, dtype=np.float32) @ look.astype(np.float32)
        return bool(cosines.max() >= self._copies_from)
