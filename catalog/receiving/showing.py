"""What the desk shows of products, drafts as well: title, article number, picture, stock. Three queries at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import Product
from catalog.receiving.kinds import Matched
from catalog.receiving.matching import Candidate
from catalog.receiving.models import DeliveryLine
from visual_search.templatetags.visual_search import WHYS
from visual_search.types import Grade


@dataclass(frozen=True, slots=True)
class Tile:
    """One product as staff see it. `why` and `grade` in the words of the page."""

    id: int
    sku: str
    title: str
    picture: str
    stock: int
    is_draft: bool = False
    why: str = ""
    grade: str = ""


class Shown:
    def __init__(self, products: dict[int, Product], language: str | None) -> None:
        self._products, self._language = products, language

    def product(self, line: DeliveryLine) -> Tile | None:
        return self._tile(line.product_id)

    def candidates(self, line: DeliveryLine) -> list[Tile]:
        found = (self._tile(one.product, one) for one in map(Candidate.read, line.candidates))
        return [tile for tile in found if tile is not None]

    def _tile(self, id: int | None, candidate: Candidate | None = None) -> Tile | None:
        product = self._products.get(id or 0)
        if product is None:
            return None
        images = product.all_images()
        return Tile(
            product.pk,
            product.sku,
            product.title(self._language),
            images[0].url if images else "",
            product.stock,
            product.state != "published",
            str(Matched(candidate.how).label) if candidate else "",
            str(WHYS[Grade(candidate.grade)]) if candidate and candidate.grade else "",
        )


def shown(lines: Iterable[DeliveryLine], language: str | None) -> Shown:
    """What these lines show."""
    ids = {int(one["product"]) for line in lines for one in line.candidates}
    ids |= {line.product_id for line in lines if line.product_id}
    return Shown({product.pk: product for product in Product.objects.whole().filter(pk__in=ids)}, language)
