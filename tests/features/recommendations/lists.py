"""Lists as a build would have made them, and a shop that is large enough for shelves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone

from tests.search.shop import COLOURS, SHAPES, Shop, draw
from visual_search.features.recommendations.models import Build, CategoryPair, CuratedLink, Neighbour, Part, Popular

FURNITURE = ("chair", "sofa", "table")


def furnish(shop: Shop) -> None:
    """Three categories of furniture with six colours each: `chair-red`, `sofa-blue`, ..., and lamps and mugs of two colours."""
    for shape in SHAPES:
        for number, colour in enumerate(COLOURS if shape in FURNITURE else ("red", "blue")):
            shop.add(
                f"{shape}-{colour}",
                f"{colour.title()} {shape}",
                draw(shape, colour, shift=number),
                category=f"Home > {shape.title()}s",
                colour=colour,
                price=10 + number,
                stock=5,
            )
    shop.index()


def build(part: Part) -> Build:
    return Build.objects.create(collection="products", part=part, model="by hand", live=True, finished=timezone.now())


def neighbours(shop: Shop, part: Part, kind: str, source: str, lists: Mapping[str, Sequence[str]]) -> Build:
    """Lists by sku, best first."""
    made = build(part)
    for sku, others in lists.items():
        for rank, other in enumerate(others):
            Neighbour.objects.create(
                build=made,
                item=shop.id(sku),
                other=shop.id(other),
                kind=kind,
                rank=rank,
                score=1 / (1 + rank),
                source=source,
            )
    return made


def orders(shop: Shop, lists: Mapping[str, Sequence[str]]) -> Build:
    return neighbours(shop, Part.TOGETHER, "together", "orders", lists)


def popular(shop: Shop, lists: Mapping[str, Sequence[str]]) -> Build:
    made = build(Part.POPULAR)
    for category, skus in lists.items():
        for rank, sku in enumerate(skus):
            Popular.objects.create(build=made, category=category, item=shop.id(sku), rank=rank)
    return made


def pairs(lists: Mapping[str, Sequence[str]]) -> Build:
    made = build(Part.CATEGORIES)
    for category, others in lists.items():
        for rank, other in enumerate(others):
            CategoryPair.objects.create(build=made, category=category, other=other, rank=rank, score=1 / (1 + rank))
    return made


def link(shop: Shop, sku: str, other: str, kind: str = "goes_with", *, pinned: bool = False, position: int = 0) -> None:
    CuratedLink.objects.create(item=shop.id(sku), other=shop.id(other), kind=kind, pinned=pinned, position=position)
