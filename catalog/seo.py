"""What the shop tells search engines: its site, and what each kind of page shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog import categories
from catalog.categories import Category
from catalog.languages.addresses import in_language
from catalog.languages.names import colour_name
from catalog.licences import LICENCES
from catalog.models import Product, ProductImage
from visual_search import registry
from visual_search.features.seo import alternatives
from visual_search.features.seo.facts import Family, Link, Offer, PageFacts, Shown, Thing, in_short
from visual_search.features.seo.sites import Entry, PictureSize, Site
from visual_search.types import Card

COLLECTION = "products"
READ_TOGETHER = 500  # products of the sitemap
OF_THE_VISITOR = ("basket", "checkout", "order", "offline", "samples", "manifest", "worker")
OF_STAFF = ("receiving", "delivery", "purchasing", "purchase")
FORMS = ("put", "checkout")  # what only forms lead to, and a robot learns nothing from


class Shop(Site):
    name = "Furnish"
    unindexed = frozenset(
        {*(f"catalog:{name}" for name in (*OF_THE_VISITOR, *OF_STAFF)), "personalisation:memory", "query_log:me"}
    )

    @property
    def logo(self) -> str:  # type: ignore[override]
        return static("catalog/icon-192.png")

    @property
    def private(self) -> tuple[str, ...]:  # type: ignore[override]
        forms = [self.plain(reverse(f"catalog:{name}")) for name in FORMS]
        named = [self.address(path, code) for path in forms for code in self.languages]
        return (reverse("admin:index"), *forms, *named)

    def address(self, path: str, language: str) -> str:
        return in_language(path, language)

    def plain(self, path: str) -> str:
        return in_language(path, "")

    def entrances(self) -> Iterator[Entry]:
        yield Entry(self.home)
        for category in categories.all_categories():
            yield Entry(reverse("catalog:category", args=[category.slug]))
        yield Entry(reverse("catalog:credits"))

    @property
    def collections(self) -> list[str]:
        return [COLLECTION]

    def count(self, collection: str) -> int:
        return Product.objects.published().count()

    def entries(self, collection: str, start: int, stop: int) -> Iterator[Entry]:
        published = Product.objects.published().order_by("pk")[start:stop]
        rows = published.values_list("pk", "sku", "updated_at").iterator(READ_TOGETHER)
        while some := list(islice(rows, READ_TOGETHER)):
            pictures = _addresses_of([pk for pk, _sku, _changed in some])
            for pk, sku, changed in some:
                yield Entry(reverse("catalog:product", args=[sku]), changed, pictures.get(pk, ()))

    def picture_sizes(self, collection: str, ids: Sequence[str]) -> dict[str, list[PictureSize]]:
        shown = ProductImage.objects.shown().filter(product__in=list(map(int, ids)))
        found: dict[str, list[PictureSize]] = {}
        for product, width, height, copies in shown.values_list("product_id", "width", "height", "renditions"):
            if width and height:
                found.setdefault(str(product), []).append(PictureSize(width, height, bool(copies)))
        return found


def _addresses_of(products: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Product -> the addresses of its pictures. One query."""
    shown = ProductImage.objects.shown().filter(product__in=products)
    rows: QuerySet[ProductImage] = shown.only("file", "product_id").order_by("product_id", "position", "pk")
    return {
        product: tuple(address for image in images if (address := image.url))
        for product, images in groupby(rows, key=lambda image: image.product_id)
    }


def of_home() -> PageFacts:
    return PageFacts(_("Furniture by photo"), is_home=True)


def of_category(category: Category, trail: Iterable[Category], cards: Iterable[Card], page: Page[Any]) -> PageFacts:
    return PageFacts(
        category.name,
        trail=_links(trail),
        listed=tuple(Link(card.title, card.url) for card in cards),
        number=page.number,
        first_of=page.start_index() or 1,
    )


def of_credits() -> PageFacts:
    title = _("Credits and licences")
    return PageFacts(title, trail=(*_links(()), Link(title, reverse("catalog:credits"))))


def pictures(product: Product, language: str) -> list[tuple[ProductImage, str]]:
    """The pictures of a product that pages show, each with the text in its place.

    That is the text which was confirmed in this language, else that of the picture, else what would be proposed.
    """
    confirmed = alternatives.confirmed(COLLECTION, str(product.pk), language)
    proposed = alternatives.proposals(registry.source(COLLECTION), product, language)
    named = [(image, str(image.pk)) for image in product.shown_images()]
    return [(image, confirmed.get(id) or image.alt or proposed.get(id, "")) for image, id in named]


def of_product(
    product: Product,
    language: str,
    trail: Iterable[Category],
    pictures: Iterable[tuple[ProductImage, str]],
    variants: Sequence[Card],
) -> PageFacts:
    """The page of a product: the same values as its template shows."""
    text = product.text(language)
    title, description = (text.title, text.description) if text else (product.sku, "")
    links = _links(trail)
    shown = tuple(_shown(product, image, alt) for image, alt in pictures if image.url)
    price = product.price
    thing = Thing(
        name=title,
        url=product.get_absolute_url(),
        sku=product.sku,
        codes=tuple(product.codes),
        description=description,
        brand=product.brand,
        colour=colour_name(product.colour),
        category=" > ".join(link.name for link in links[1:]),
        pictures=shown,
        offer=None if price is None else Offer(price, product.currency, product.in_stock),
        family=_family(product, title, variants),
    )
    trail_to = (*links, Link(title, thing.url))
    return PageFacts(title, in_short(description), trail_to, thing, picture=next(iter(shown), None))


def _family(product: Product, title: str, variants: Sequence[Card]) -> Family | None:
    if not variants:
        return None
    colours = {card.colour for card in variants} | {colour_name(product.colour)}
    others = tuple(Link(card.title, card.url) for card in variants)
    return Family(str(product.parent_id or product.pk), title, others, ("color",) if len(colours) > 1 else ())


def _shown(product: Product, image: ProductImage, alt: str) -> Shown:
    return Shown(
        image.url,
        alt,
        image.width,
        image.height,
        LICENCES.get(product.licence, ""),
        product.attribution,
        reverse("catalog:credits"),
    )


def _links(trail: Iterable[Category]) -> tuple[Link, ...]:
    levels = (Link(item.name, reverse("catalog:category", args=[item.slug])) for item in trail)
    return (Link(_("Shop"), reverse("catalog:home")), *levels)
