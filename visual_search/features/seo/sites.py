"""What a shop says of its pages to the feature. A shop writes a subclass, or none: its sources say most of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.urls.base import translate_url
from django.utils.module_loading import import_string
from django.utils.translation import get_language

from multilingual.languages import base_code
from visual_search import registry
from visual_search.features.seo import alternatives
from visual_search.features.seo.facts import Link, Offer, PageFacts, Shown, Thing, in_short
from visual_search.features.seo.options import site_path
from visual_search.types import CATEGORY, PRICE, Text


class Entry(NamedTuple):
    """A page for the sitemap: its path without a language, when it last changed, and its pictures."""

    path: str
    changed: datetime | None = None
    pictures: tuple[str, ...] = ()


class PictureSize(NamedTuple):
    """How large a picture is that pages show, and whether browsers may choose a smaller copy of it."""

    width: int  # px
    height: int
    has_copies: bool


class Site:
    """The shop as its sources tell of it. `VISUAL_SEARCH["SEO"]["SITE"]` names a subclass.

    class Shop(Site):
        name = "Furnish"
        private = ("/basket/",)
    """

    name = ""
    """What the shop is called."""

    logo = ""
    """The address of its logo, at least 112 px wide."""

    unindexed: frozenset[str] = frozenset()
    """Names of views ("shop:basket") whose pages no search engine should show. Those of `visual_search` are never shown."""

    private: tuple[str, ...] = ()
    """Paths that robots are asked not to read, as they stand in an address."""

    @property
    def home(self) -> str:
        return get_script_prefix()

    @property
    def collections(self) -> list[str]:
        """Those whose objects have pages for everybody."""
        return registry.public()

    # --- Addresses

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that an address can name; () where the shop has one language or chooses it in another way."""
        named, _main_too = is_language_prefix_patterns_used(settings.ROOT_URLCONF)
        return tuple(code for code, _name in settings.LANGUAGES) if named and len(settings.LANGUAGES) > 1 else ()

    def address(self, path: str, language: str) -> str:
        """This path in this language."""
        return translate_url(path, language)

    def plain(self, path: str) -> str:
        """This path for a visitor of whom no language is known ("x-default")."""
        return translate_url(path, settings.LANGUAGE_CODE)

    def search_address(self) -> str:
        """The search page up to where the words begin; "" where the shop has none."""
        try:
            return f"{reverse('visual_search:results')}?q="
        except NoReverseMatch:
            return ""

    def is_indexed(self, request: HttpRequest) -> bool:
        """Whether search engines may show this page. Results and photos are a shopper's own."""
        match = request.resolver_match
        if match is None:
            return False
        return "visual_search" not in match.app_names and match.view_name not in self.unindexed

    # --- Pages of objects

    def page(self, obj: Any, collection: str, language: str | None = None) -> PageFacts:
        """The page of an object, from what its source says."""
        source = registry.source(collection)
        language = language or get_language()
        card = source.card(obj, base_code(language))
        texts = source.texts(obj)
        text = registry.text_in(texts, language) or next(iter(texts.values()), Text(""))
        facets = source.facets(obj)
        category = facets.get(CATEGORY.name)
        price = facets.get(PRICE.name)
        offer = None
        if isinstance(price, int | float | Decimal) and not isinstance(price, bool) and source.currency:
            offer = Offer(Decimal(str(price)), source.currency, card.in_stock)
        alts = alternatives.of_object(collection, obj, language)
        pictures = sorted((one for one in source.pictures(obj) if one.url), key=lambda one: one.position)
        shown = tuple(Shown(one.url, alts.get(one.id, card.title)) for one in pictures)
        thing = Thing(
            name=card.title,
            url=card.url,
            sku=card.sku,
            codes=tuple(map(str, source.codes(obj))),
            description=text.description,
            brand=card.brand,
            colour=card.colour,
            category=category if isinstance(category, str) else "",
            pictures=shown,
            offer=offer,
        )
        trail = (Link(self.name or "/", self.home), Link(card.title, card.url))
        return PageFacts(card.title, in_short(text.description), trail, thing, picture=next(iter(shown), None))

    def picture_sizes(self, collection: str, ids: Sequence[str]) -> Mapping[str, Sequence[PictureSize]]:
        """By object id, how large its pictures are; {} where the shop doesn't keep it. One query."""
        return {}

    # --- The sitemap

    def entrances(self) -> Iterator[Entry]:
        """Pages that show no single object: the home page, categories."""
        yield Entry(self.home)

    def count(self, collection: str) -> int:
        return registry.source(collection).queryset().count()

    def entries(self, collection: str, start: int, stop: int) -> Iterator[Entry]:
        """The pages of these objects in an order that stays. Keep no more than a few hundred of them at once."""
        source = registry.source(collection)
        rows = source.queryset().order_by("pk")[start:stop]
        for obj in rows.iterator(chunk_size=500):
            if hasattr(obj, "get_absolute_url"):
                pictures = tuple(one.url for one in source.pictures(obj) if one.url)
                yield Entry(obj.get_absolute_url(), self.changed(obj), pictures)

    def changed(self, obj: Any) -> datetime | None:
        """When the object's page last changed; None where nobody knows."""
        return None


@cache
def site() -> Site:
    """The site of this shop's settings."""
    made: Site = import_string(site_path())()
    return made


def _changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        site.cache_clear()


setting_changed.connect(_changed)
