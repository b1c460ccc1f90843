"""The shop's pages: home, category, product, credits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog import categories
from catalog.models import Product, ProductImage
from catalog.search import Products
from multilingual.languages import base_code
from visual_search.types import Card, path_prefixes

PAGE_SIZE = 24
NEWEST_SHOWN = 12
SORTS: dict[str, tuple[Any, ...]] = {
    "newest": ("-created_at", "-pk"),
    "price": (F("price").asc(nulls_last=True), "pk"),
    "-price": (F("price").desc(nulls_last=True), "pk"),
    "sku": ("sku",),
}


def cards(request: HttpRequest, products: Iterable[Product]) -> list[Card]:
    source = Products()
    language = base_code(request.LANGUAGE_CODE)
    return [source.card(product, language) for product in products]


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context processor: the categories in the header of every page."""
    return {"navigation": categories.shown_first(categories.all_categories())}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    found = categories.shown_first(categories.all_categories())
    # The first product of each category lends it its picture.
    first = dict(
        Product.objects.published().filter(images__isnull=False).values_list("category").annotate(Min("pk")).order_by()
    )
    images: dict[int, ProductImage] = {}
    for image in ProductImage.objects.filter(product__in=first.values()).order_by("-position", "-pk"):
        images[image.product_id] = image
    tiles = [
        (
            category,
            next((images[pk] for path, pk in first.items() if path.startswith(category.path) and pk in images), None),
        )
        for category in found
    ]
    newest = Product.objects.published().for_tiles().order_by("-created_at", "-pk")[:NEWEST_SHOWN]
    return render(request, "catalog/home.html", {"tiles": tiles, "cards": cards(request, newest)})


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    known = categories.all_categories()
    found = next((item for item in known if item.slug == slug.strip("/").lower()), None)
    if found is None:
        raise Http404(_("There is no such category."))
    sort = request.GET.get("sort", "sku")
    order = SORTS.get(sort, SORTS["sku"])
    products = Product.objects.published().in_category(found.path).for_tiles().order_by(*order)
    page = Paginator(products, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "category": found,
        "trail": _trail(found.path),
        "below": [item for item in known if item.parent == found.path],
        "page": page,
        "cards": cards(request, page.object_list),
        "sort": sort if sort in SORTS else "sku",
    }
    return render(request, "catalog/category.html", context)


@require_safe
def product(request: HttpRequest, sku: str) -> HttpResponse:
    found = get_object_or_404(Product.objects.published().for_tiles().select_related("parent"), sku=sku)
    family = found.parent_id or found.pk
    variants = Product.objects.published().for_tiles().filter(parent_id=family).exclude(pk=found.pk)[:12]
    context = {
        "product": found,
        "text": found.text(base_code(request.LANGUAGE_CODE)),
        "trail": _trail(found.category) if found.category else [],
        "images": list(found.images.all()),
        "attributes": _attributes(found.attributes),
        "variants": cards(request, variants),
    }
    return render(request, "catalog/product.html", context)


@require_safe
def credits(request: HttpRequest) -> HttpResponse:
    rows = (
        Product.objects.published()
        .exclude(attribution="")
        .values("attribution", "licence", "source")
        .annotate(count=Count("pk"))
        .order_by("licence", "attribution")
    )
    return render(request, "catalog/credits.html", {"rows": rows})


def _trail(path: str) -> list[tuple[str, str]]:
    """(name, slug) of each level above and of the category itself."""
    return [(prefix.rpartition(" > ")[2], categories.slug_of(prefix)) for prefix in path_prefixes(path)]


MEASURES = ("width", "depth", "height")
NOT_SHOWN = ("unit", "image_kind")  # the unit stands beside each measure; how a picture was made stands in the credits


def _attributes(attributes: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, value) as people read them: 'image_kind' -> 'Image kind', lists joined, measures with their unit."""
    unit = str(attributes.get("unit", ""))
    shown = []
    for key, value in attributes.items():
        if key in NOT_SHOWN or value in ("", None, []):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        shown.append((key.replace("_", " ").capitalize(), f"{text} {unit}".strip() if key in MEASURES else text))
    return shown
