"""The shop's pages: home, category, product, credits."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog import categories, seo
from catalog.categories import Category
from catalog.languages.names import MEASURES, colour_name
from catalog.licences import LICENCES
from catalog.models import Product, ProductImage
from catalog.orders.basket import MOST_OF_ONE, Basket
from catalog.search import Products
from multilingual.languages import base_code
from visual_search.types import Card, path_prefixes

PAGE_SIZE = 24  # Divides by 2, 3, 4 and 6 columns.
SAMPLES_SHOWN = 4  # a row in the sheet
NEWEST_SHOWN = 12  # the same, in two rows of six
SORTS: dict[str, tuple[Any, ...]] = {
    "newest": ("-created_at", "-pk"),
    "price": (F("price").asc(nulls_last=True), "pk"),
    "-price": (F("price").desc(nulls_last=True), "pk"),
    "sku": ("sku",),
}


def cards(request: HttpRequest, products: Iterable[Product]) -> list[Card]:
    """What the tiles of these products show, in the page's language."""
    source = Products()
    return [source.card(product, _language(request)) for product in products]


def _language(request: HttpRequest) -> str | None:
    return base_code(request.LANGUAGE_CODE)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context processor: the categories in the header of every page, and how many things lie in the basket."""
    # Functions, which the template calls: pages of the admin don't show it, so they cost no query.
    return {
        "navigation": lambda: categories.shown_first(_categories(request)),
        "basket_count": lambda: Basket(request.session).count,
    }


def _categories(request: HttpRequest) -> list[Category]:
    """All categories, read once a request."""
    known: list[Category] | None = request.__dict__.get("_catalog_categories")
    if known is None:
        known = request.__dict__["_catalog_categories"] = categories.all_categories(request.LANGUAGE_CODE)
    return known


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The entrance: a tile for each category, and the newest products."""
    tiles = _entrances(request)
    newest = Product.objects.published().for_cards(_language(request)).order_by("-created_at", "-pk")[:NEWEST_SHOWN]
    context = {"tiles": tiles, "cards": cards(request, newest), "seo": seo.of_home()}
    return render(request, "catalog/home.html", context)


def _entrances(request: HttpRequest) -> list[tuple[Category, ProductImage | None]]:
    """The categories that one enters the shop by, each with a picture if it has one."""
    entrances = categories.shown_first(_categories(request))
    # The product that was chosen for a category lends it its picture; where none was, the first one.
    shown = ProductImage.objects.shown()
    with_picture = Product.objects.published().filter(images__in=shown)
    rows = list(with_picture.values_list("category", "stands_for_category").annotate(Min("pk")).order_by())
    first = [(path, pk) for path, _chosen, pk in sorted(rows, key=lambda row: (not row[1], row[0]))]
    images: dict[int, ProductImage] = {}
    for image in shown.filter(product__in=[pk for _path, pk in first]).order_by("-position", "-pk"):
        images[image.product_id] = image
    return [
        (
            category,
            next((images[pk] for path, pk in first if category.holds(path) and pk in images), None),
        )
        for category in entrances
    ]


@require_safe
def samples(request: HttpRequest) -> HttpResponse:
    """A few pictures to try a search by photo with, one a category, for the sheet behind the camera."""
    shown = [(category, image) for category, image in _entrances(request) if image is not None and image.url]
    response = render(request, "catalog/samples.html", {"samples": shown[:SAMPLES_SHOWN]})
    response["X-Robots-Tag"] = "noindex"  # a part of a page, which has no head to say so
    return response


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of the products in this category and below it."""
    known = _categories(request)
    asked = next((item for item in known if item.slug == slug.strip("/").lower()), None)
    if asked is None:
        raise Http404(_("There is no such category."))
    sort = request.GET.get("sort", "sku")
    order = SORTS.get(sort, SORTS["sku"])
    products = Product.objects.published().in_category(asked.path).for_cards(_language(request)).order_by(*order)
    page = Paginator(products, PAGE_SIZE).get_page(request.GET.get("page"))
    trail, shown = _trail(request, asked.path), cards(request, page.object_list)
    context = {
        "category": asked,
        "trail": trail,
        "below": [item for item in known if item.parent == asked.path],
        "page": page,
        "cards": shown,
        "sort": sort if sort in SORTS else "sku",
        "seo": seo.of_category(asked, trail, shown, page),
    }
    return render(request, "catalog/category.html", context)


@require_safe
def product(request: HttpRequest, sku: str) -> HttpResponse:
    """One product, with the other members of its family."""
    shown = get_object_or_404(Product.objects.published().whole(), sku=sku)
    family = shown.parent_id or shown.pk
    members = Q(parent_id=family) | Q(pk=family)
    others = Product.objects.published().for_cards(_language(request)).filter(members).exclude(pk=shown.pk)
    variants, trail = cards(request, others), _trail(request, shown.category)
    pictures = seo.pictures(shown, request.LANGUAGE_CODE)
    context = {
        "product": shown,
        "text": shown.text(request.LANGUAGE_CODE),
        "trail": trail,
        "licence_url": LICENCES.get(shown.licence, ""),
        "images": pictures,
        "colour": colour_name(shown.colour),
        "attributes": _attributes(shown.attributes),
        "variants": variants,
        "most": min(shown.stock, MOST_OF_ONE),
        "seo": seo.of_product(shown, request.LANGUAGE_CODE, trail, pictures, variants),
    }
    return render(request, "catalog/product.html", context)


@require_safe
def credits(request: HttpRequest) -> HttpResponse:
    """Who made the pictures, and under which licence."""
    rows = (
        Product.objects.published()
        .exclude(attribution="", licence="")
        .values("attribution", "licence", "source")
        .annotate(count=Count("pk"))
        .order_by("licence", "attribution")
    )
    credited = [{**row, "url": LICENCES.get(row["licence"], "")} for row in rows]
    context = {"rows": credited, "licences": LICENCES, "seo": seo.of_credits()}
    return render(request, "catalog/credits.html", context)


def _trail(request: HttpRequest, path: str) -> list[Category]:
    """The categories from the top level down to this one."""
    known = {item.path: item for item in _categories(request)}
    return [known[prefix] for prefix in path_prefixes(path) if prefix in known]


NOT_SHOWN = ("unit", "image_kind")  # The unit stands beside each measure; the credits say how a picture was made.


def _number(text: str) -> str:
    """A measure as the shopper's language writes numbers: '62.7' is '62,7' in German."""
    try:
        return localize(Decimal(text))
    except InvalidOperation:
        return text


def _attributes(attributes: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, value) as people read them: 'seat_height' -> 'Seat height', lists joined, measures with their unit."""
    unit = str(attributes.get("unit", ""))
    shown = []
    in_order = dict.fromkeys([*(key for key in MEASURES if key in attributes), *attributes])
    for key in in_order:
        value = attributes[key]
        if key in NOT_SHOWN or value in ("", None, []):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        name = str(MEASURES[key]) if key in MEASURES else key.replace("_", " ").capitalize()
        shown.append((name, f"{_number(text)} {unit}".strip() if key in MEASURES else text))
    return shown
