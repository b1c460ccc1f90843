"""A shop that has no site of its own is told from its sources, and a wrong setting is named."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.conf import settings as current
from django.core.checks import run_checks
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve

from catalog.models import Product, ProductText, State
from tests.features.seo.machines import canonical, faults, is_hidden, of_type
from visual_search import registry
from visual_search.features.seo.sites import Site, site
from visual_search.types import Picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(settings) -> None:
    """Settings without a site of the shop's own."""
    settings.VISUAL_SEARCH = {**current.VISUAL_SEARCH, "SEO": {}}
    assert type(site()) is Site


def head(path: str, words: str = "{% seo_head object=product %}", **context: object) -> str:
    request = RequestFactory().get(path)
    request.resolver_match = resolve(request.path)
    request.LANGUAGE_CODE = "en"  # type: ignore[attr-defined]
    return Template(f"{{% load seo %}}{words}").render(Context({"request": request, **context}))


def chair() -> Product:
    made = Product.objects.create(
        sku="A", state=State.PUBLISHED, price=Decimal("12.50"), currency="EUR", stock=1, brand="Oaks"
    )
    ProductText.objects.create(product=made, language="en", title="Chair", description="Of oak.")
    return made


@pytest.mark.usefixtures("guest")
def test_a_page_is_told_by_what_its_source_says() -> None:
    told = head("/p/A/", product=chair())
    assert faults(told) == []
    [product] = of_type(told, "Product")
    assert (product["name"], product["description"], product["brand"]["name"]) == ("Chair", "Of oak.", "Oaks")
    assert (product["offers"]["price"], product["offers"]["priceCurrency"]) == ("12.50", "EUR")
    assert '<meta property="og:type" content="product">' in told


@pytest.mark.usefixtures("guest")
def test_the_first_picture_by_its_place_is_shown_where_the_page_is_shared(monkeypatch) -> None:
    pictures = [Picture(str(place), bytes, place, "view", f"/m/{place}.jpg") for place in (2, 1)]
    monkeypatch.setattr(type(registry.source("products")), "pictures", lambda self, product: pictures)
    told = head("/p/A/", product=chair())
    assert '<meta property="og:image" content="http://testserver/m/1.jpg">' in told
    assert [one["contentUrl"][-5] for one in of_type(told, "ImageObject")] == ["1", "2"]


@pytest.mark.usefixtures("guest")
def test_a_page_of_which_nobody_said_anything_still_has_its_address() -> None:
    told = head("/credits/", "{% seo_head %}")
    assert canonical(told) == "http://testserver/credits/"
    assert not is_hidden(told)
    assert Template("{% load seo %}{% seo_head %}").render(Context()).strip() == ""


@pytest.mark.usefixtures("guest")
def test_results_are_hidden_in_every_shop() -> None:
    assert is_hidden(head("/search/?q=chair", "{% seo_head %}"))


@pytest.mark.usefixtures("guest")
def test_the_sitemap_lists_what_the_source_has() -> None:
    chair()
    assert [entry.path for entry in site().entries("products", 0, 10)] == ["/p/A/"]
    assert site().count("products") == 1


@pytest.mark.parametrize(
    ("given", "word"),
    [({"SITE": "nowhere.Shop"}, "nowhere.Shop"), ({"SITES": "x"}, "SITES"), ("catalog.seo.Shop", "only option")],
)
def test_a_wrong_setting_is_named(settings, given: object, word: str) -> None:
    settings.VISUAL_SEARCH = {**current.VISUAL_SEARCH, "SEO": given}
    [problem] = [one for one in run_checks(tags=["visual_search"]) if one.id == "visual_search.E175"]
    assert word in problem.msg


def test_a_shop_without_the_addresses_is_told_so(settings) -> None:
    settings.ROOT_URLCONF = "visual_search.api.urls"
    [problem] = [one for one in run_checks(tags=["visual_search"]) if one.id == "visual_search.W175"]
    assert "visual_search.features.seo.urls" in problem.hint
