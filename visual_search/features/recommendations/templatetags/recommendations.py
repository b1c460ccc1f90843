"""`{% load recommendations %}`: shelves of products on a shop's own pages.

`{% recommendations "basket" products=ids %}` shows all shelves of a page, `{% related product kind="goes_with" %}` one shelf of
a product, `{% trending category=c %}` what sells. No product stands twice on a page. `{% recommendations_style %}` brings the
style.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from visual_search import registry
from visual_search.errors import ConfigurationError
from visual_search.features.recommendations import pages, showing
from visual_search.features.recommendations.slots import LIMIT, MOST_PRODUCTS, Slot, SlotKind
from visual_search.types import CATEGORY, AnyOf

register = template.Library()

SHELF = "visual_search_recommendations/shelves.html"
ON_THE_PAGE = "visual_search: products that recommendations show"


@register.simple_tag
def recommendations_style() -> SafeString:
    """For the head of pages that have shelves."""
    return format_html('<link rel="stylesheet" href="{}">', static("visual_search_recommendations/shelves.css"))


@register.inclusion_tag(SHELF, takes_context=True)
def recommendations(context: Context, page: str, products: object = (), collection: str = "") -> dict[str, Any]:
    """All shelves of a page: "product", "basket", "photo", "nothing" (no results) or "home"."""
    if page not in pages.PAGES:
        raise ConfigurationError(f"recommendations has the page {page!r}; it must be one of: {', '.join(pages.PAGES)}.")
    ids = _ids(products)
    _on_the_page(context).update(dict.fromkeys(ids))
    shown = _shelves(context, pages.slots_of(page, ids), collection, most=pages.MOST_SHELVES)
    rows = len(pages.OF_THE_DEVICE[page])
    return {**shown, "remembered": _remembered(context, page, collection, ids), "rows": rows}


@register.inclusion_tag(SHELF, takes_context=True)
def related(
    context: Context, product: object, kind: str = "similar", limit: int = LIMIT, collection: str = ""
) -> dict[str, Any]:
    """What is related to a product (an object or its id): "together", "goes_with", "similar" or "series"."""
    if kind not in (SlotKind.TOGETHER, SlotKind.GOES_WITH, SlotKind.SIMILAR, SlotKind.SERIES):
        raise ConfigurationError(f"related has the kind {kind!r}; it must be together, goes_with, similar or series.")
    slot = Slot(kind, SlotKind(kind), _ids(product), limit=limit, strict=kind == SlotKind.TOGETHER)
    return _shelves(context, (slot,), collection)


@register.inclusion_tag(SHELF, takes_context=True)
def trending(context: Context, category: str = "", limit: int = LIMIT, collection: str = "") -> dict[str, Any]:
    """What sells now: in a category with all below it, else in the shop."""
    rules = (AnyOf(CATEGORY.name, (category,)),) if category else ()
    return _shelves(context, (Slot("trending", SlotKind.TRENDING, filters=rules, limit=limit),), collection)


def _shelves(context: Context, slots: Sequence[Slot], collection: str, *, most: int | None = None) -> dict[str, Any]:
    """What the template shows of these slots, without what the page shows already."""
    there = _on_the_page(context)
    mark = len(there)  # An id stands once on a page, however many shelves of a kind it has.
    shelves = showing.shelves(collection or registry.default(), slots, without=tuple(there), most=most)
    there |= dict.fromkeys(id for slot in slots for id in slot.products)
    there |= dict.fromkeys(item.card.id for shelf in shelves for item in shelf.items)
    return {**showing.context(shelves, collection), "mark": mark}


def _on_the_page(context: Context) -> dict[str, None]:
    # The lowest scope belongs to the whole page, with all that it extends and includes.
    page: Any = context.render_context.dicts[0]
    shown: dict[str, None] = page.setdefault(ON_THE_PAGE, {})
    return shown


def _ids(products: object) -> tuple[str, ...]:
    """Of one product or several: objects, hits, or ids."""
    several = products if isinstance(products, Iterable) and not isinstance(products, str) else [products]
    found = (str(getattr(product, "pk", None) or getattr(product, "id", product)) for product in several)
    return tuple(dict.fromkeys(found))[:MOST_PRODUCTS]


def _remembered(context: Context, page: str, collection: str, ids: Sequence[str]) -> str:
    """The address of the shelves that the device has to say for; "" where the page has none, or the shop no such address.

    What stands in it is no secret: the page shows these products. What the device remembers comes in the body.
    """
    if not pages.OF_THE_DEVICE[page] or (collection and collection != registry.default()):
        return ""
    try:
        address = reverse("recommendations:remembered")
    except NoReverseMatch:
        return ""
    shown = list(dict.fromkeys([*ids, *_on_the_page(context)]))[:MOST_PRODUCTS]
    return f"{address}?{urlencode({'page': page, 'lang': get_language() or '', 'without': ','.join(shown)})}"
