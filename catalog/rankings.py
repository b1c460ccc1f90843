"""Rankings that the reference shop may try against its own (docs/how-to/experiments.md)."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby

from catalog.models import Product
from visual_search.hooks import Moment, Reordered
from visual_search.types import Grade, Hit, Query

_DEAR = Decimal("Infinity")


class CheaperWithinGrades:
    """Hits of one grade go from the cheaper to the dearer; what the question names, and what isn't close, keeps its place."""

    name = "cheaper"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        """One query for the prices of all hits."""
        found = Product.objects.filter(pk__in=[hit.id for hit in hits]).values_list("pk", "price")
        prices = {str(pk): _DEAR if price is None else price for pk, price in found}
        moment.check()
        ordered: list[Hit] = []
        for grade, group in groupby(hits, key=_kept_apart):
            same = list(group)
            ordered += same if grade is None else sorted(same, key=lambda hit: prices.get(hit.id, _DEAR))
        return Reordered(tuple(ordered), "cheaper")


def _kept_apart(hit: Hit) -> str | None:
    """Neighbours of one value may change places; None for those that stay."""
    return None if hit.is_named or hit.grade is Grade.DISTANT else str(hit.grade)
