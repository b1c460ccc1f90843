"""What an article holds for, and which articles hold for a product: its own, those of its categories, and the general ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from visual_search import registry
from visual_search.content import objects
from visual_search.features.customer_service.models import HelpArticle
from visual_search.types import AnyOf, FacetKind, Filter
from visual_search.types.shop import path_prefixes

FACET = "holds_for"
_GENERAL = "everything"


@dataclass(frozen=True, slots=True)
class Product:
    """The product that somebody asks about."""

    collection: str
    id: str
    title: str
    sku: str
    url: str
    image_url: str
    family: tuple[str, ...]  # ids of it and of its sizes and colours
    categories: tuple[str, ...]  # paths from the root, "Home" before "Home > Kitchen"

    @property
    def scopes(self) -> tuple[str, ...]:
        """The values of the facet that hold for it."""
        own = (_of_object(self.collection, id) for id in self.family)
        return (*own, *map(_of_category, self.categories), _GENERAL)


def of_article(article: HelpArticle) -> str:
    """The value of the facet."""
    if article.object_id:
        return _of_object(article.collection, article.object_id)
    return _of_category(article.category) if article.category else _GENERAL


def product(id: str, language: str | None, collection: str = "") -> Product | None:
    """The product with this id; None where there is none."""
    source = registry.source(collection or registry.default())
    obj = objects.objects_by_id(source, [id]).get(id) if id and len(id) <= 200 else None
    if obj is None:
        return None
    card = source.card(obj, language)
    family = tuple(sorted(objects.family_of(source, obj) | {id}))
    categories = tuple(path for whole in _paths(source, obj) for path in path_prefixes(whole))
    return Product(source.collection, id, card.title, card.sku, card.url, card.image_url, family, categories)


def filters(asked: Product | None) -> tuple[Filter, ...]:
    """What a question about this product is filtered by. Without a product, all articles may answer."""
    return (AnyOf(FACET, asked.scopes),) if asked else ()


def _of_object(collection: str, id: str) -> str:
    return f"{collection}/{id}"


def _of_category(path: str) -> str:
    return f"in {path}"


def _paths(source: registry.Source, obj: Any) -> list[str]:
    facets = source.facets(obj)
    found: list[str] = []
    for field in source.schema:
        value = facets.get(field.name)
        if field.kind is FacetKind.PATH and value:
            found += [value] if isinstance(value, str) else map(str, cast(Iterable[object], value))
    return found
