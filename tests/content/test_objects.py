"""What staff call an object of the shop, and where they change it."""

from __future__ import annotations

import pytest

from catalog.models import Product, ProductText, State
from visual_search import registry
from visual_search.content.objects import called, named, object_page

pytestmark = pytest.mark.django_db


def product(sku: str, title: str = "") -> Product:
    made = Product.objects.create(sku=sku, state=State.PUBLISHED)
    if title:
        ProductText.objects.create(product=made, language="en", title=title)
    return made


def test_staff_know_an_object_by_its_title_or_its_article_number(monkeypatch) -> None:
    chair, bare = product("A", "Chair"), product("B")
    source = registry.source("products")
    ids = [str(bare.pk), "gone", str(chair.pk)]
    assert list(named(source, ids).items()) == [(str(bare.pk), "B"), (str(chair.pk), "Chair")]
    monkeypatch.setattr(type(source), "card", lambda *_: 1 / 0)
    assert called(source, chair) == "Chair (A)"


def test_an_object_has_a_page_where_the_admin_knows_its_model(settings) -> None:
    assert object_page("products", "7") == "/admin/catalog/product/7/change/"
    assert object_page("nothing", "7") == ""
    settings.ROOT_URLCONF = "visual_search.api.urls"
    assert object_page("products", "7") == ""
