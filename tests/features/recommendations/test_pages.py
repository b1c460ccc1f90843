"""Shelves on the shop's pages: which ones, under which headings, and that no product stands twice."""

from __future__ import annotations

import json
import re
import time

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Product
from tests.features.recommendations.demo import fill
from tests.features.recommendations.lists import link, orders, pairs, popular
from tests.shop.doubles import BreakableEngine
from visual_search.errors import ConfigurationError, EngineUnavailable
from visual_search.features.recommendations import facts, offering, showing, training
from visual_search.features.recommendations.slots import Slot, SlotKind
from visual_search.models import IndexEntry

pytestmark = pytest.mark.django_db


def rendered(text: str, **context) -> str:
    return Template("{% load recommendations %}" + text).render(Context(context))


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="vs-offered[^>]*>(.*?)</h2>', page)


def shown(page: str) -> list[str]:
    return re.findall(r'data-vs-id="(\w+)"', page)


def listed(shop) -> None:
    orders(shop, {"chair-red": ["sofa-red", "table-red", "lamp-red"]})
    pairs({"Home > Chairs": ["Home > Tables", "Home > Lamps", "Home > Mugs"]})
    popular(shop, {"": ["mug-blue", "table-black", "sofa-black"], "Home > Mugs": ["mug-red", "mug-blue"]})


def test_a_products_page_has_three_shelves_with_reasons_and_nothing_twice(client, furnished) -> None:
    listed(furnished)
    page = client.get("/p/chair-red/").content.decode()
    assert headings(page) == ["Often bought together", "Goes with it", "Similar products"]
    assert "Often bought with Red chair" in page
    assert "Goes with Red chair" in page
    ids = shown(page)
    assert len(ids) == len(set(ids)) >= 9
    assert furnished.id("chair-red") not in ids


def test_no_heading_stands_twice(client, furnished) -> None:
    """Without orders "bought together" has what the owner links, and promises no more than "goes with" does."""
    for position, sku in enumerate(("sofa-red", "table-red", "lamp-red")):
        link(furnished, "chair-red", sku, "together", position=position)
    for position, sku in enumerate(("mug-red", "sofa-blue", "table-blue", "lamp-blue")):
        link(furnished, "chair-red", sku, "goes_with", position=position)
    page = client.get("/p/chair-red/").content.decode()
    assert headings(page) == ["Goes with it", "Similar products"]
    linked = ["sofa-red", "table-red", "lamp-red", "mug-red", "sofa-blue", "table-blue", "lamp-blue"]
    assert shown(page)[:7] == [furnished.id(sku) for sku in linked]


def test_a_shop_without_orders_has_alternatives_and_promises_nothing_else(client, furnished) -> None:
    page = client.get("/p/chair-red/").content.decode()
    assert headings(page) == ["Similar products"]
    id = furnished.id("chair-red")
    assert f'href="{reverse("visual_search:similar", args=[id])}">Show similar products' in page
    assert f"?via={id}" in page, "the way that a shopper came goes on"


def test_the_basket_and_the_start_page(client, furnished) -> None:
    listed(furnished)
    assert headings(client.get("/basket/").content.decode()) == []
    for sku in ("chair-red", "table-red"):
        client.post(reverse("catalog:put"), {"product": furnished.id(sku), "quantity": 1})
    page = client.get("/basket/").content.decode()
    assert "Goes with these" in headings(page)
    assert not {furnished.id("chair-red"), furnished.id("table-red")} & set(shown(page))
    start = client.get("/").content.decode()
    assert headings(start) == ["Popular now"]


def test_where_nothing_is_found_there_is_what_sells(client, furnished) -> None:
    listed(furnished)
    page = client.get("/search/?q=chair&f.price.gte=9999").content.decode()
    assert headings(page) == ["Popular now"]
    assert headings(client.get("/search/?q=chair").content.decode()) == []


def test_several_tags_of_a_page_show_nothing_twice_and_each_id_once(furnished) -> None:
    listed(furnished)
    product = furnished.products["chair-red"]
    page = rendered(
        "{% related product %}{% related product kind='together' %}{% trending %}{% trending category='Home > Mugs' %}",
        product=product,
    )
    ids = shown(page)
    assert len(ids) == len(set(ids)) > 6
    marks = re.findall(r' id="([^"]+)"', page)
    assert len(marks) == len(set(marks)) >= 2


def test_what_a_tag_can_not_mean_is_said() -> None:
    for text in ("{% recommendations 'sofa' %}", "{% related 1 kind='recent' %}"):
        with pytest.raises(ConfigurationError):
            rendered(text)


def test_a_page_never_fails_for_its_shelves(client, furnished, monkeypatch) -> None:
    def broken(*args, **kwargs):
        raise EngineUnavailable("The engine doesn't answer.")

    facts.forget()
    monkeypatch.setattr(BreakableEngine, "values", broken)
    answer = client.get("/p/chair-red/")
    assert (answer.status_code, headings(answer.content.decode())) == (200, [])


# --- What the device has to say for ----------------------------------------------------------------


def remembered(client, shop, *skus: str, page: str = "home", **more):
    taste = json.dumps([[shop.id(sku), "view", int(time.time() // 86_400)] for sku in skus])
    address = f"{reverse('recommendations:remembered')}?page={page}&lang={more.pop('lang', 'en')}&without={more.pop('without', '')}"
    return client.post(address, {"taste": taste}, **more)


def test_the_device_adds_shelves_and_no_cache_keeps_them(client, furnished) -> None:
    listed(furnished)
    answer = remembered(client, furnished, "chair-red", "mug-red")
    page = answer.content.decode()
    assert headings(page) == ["For you", "Recently viewed"]
    assert answer["Cache-Control"] == "private, no-store"
    assert {furnished.id("chair-red"), furnished.id("mug-red")} <= set(shown(page))
    again = remembered(client, furnished, "chair-red", "mug-red", page="product", without=furnished.id("mug-red"))
    assert shown(again.content.decode()) == [furnished.id("chair-red")]


def test_it_speaks_the_language_of_the_page_that_asked(client, furnished) -> None:
    page = remembered(client, furnished, "chair-red", page="product", lang="de").content.decode()
    assert "/de/p/chair-red/" in page


def test_a_bad_memory_and_an_unknown_page_give_nothing_and_no_error(client, furnished) -> None:
    address = reverse("recommendations:remembered")
    for query, body in (("?page=home", {"taste": "{"}), ("?page=x", {"taste": "[]"}), ("", {}), ("?without=%00,1", {})):
        answer = client.post(address + query, body)
        assert (answer.status_code, headings(answer.content.decode())) == (200, [])
    assert client.get(address).status_code == 405


def test_who_asks_too_often_gets_nothing_and_reads_no_error(client, furnished, settings) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "PROXIES": 0, "LIMITS": {"search": "1/min"}}
    assert [remembered(client, furnished, "chair-red").status_code for _ in range(2)] == [200, 204]


def test_nothing_of_a_memory_is_written(client, furnished) -> None:
    with CaptureQueriesContext(connection) as ran:
        remembered(client, furnished, "chair-red", "mug-red")
    written = [
        one["sql"] for one in ran.captured_queries if not one["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))
    ]
    counters = [sql for sql in written if "visual_search_spent" not in sql.lower()]
    assert counters == []


@pytest.mark.slow
def test_every_product_of_the_demo_has_a_shelf_without_any_order(empty_shop, settings, monkeypatch) -> None:
    """By the small double of an encoder here; with the real one, `bench --only-features` says how many.

    Lists are made first, since the index takes thrice as long for each. They are what it gives (test_alike.py).
    """
    monkeypatch.setattr(offering, "UNLEARNED_COPY", 1.1)  # In 6 x 6 pixels strangers are copies.
    fill(empty_shop, settings)
    training.train("products")
    facts.forget()
    lacking = [
        product.sku
        for product in Product.objects.all()
        if not showing.shelves("products", [Slot("similar", SlotKind.SIMILAR, (str(product.pk),))])
    ]
    assert IndexEntry.objects.count() == 756
    assert lacking == []
