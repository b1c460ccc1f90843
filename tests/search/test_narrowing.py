"""The category that a question is about: offered as a filter, and never one by itself."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.languages.models import CategoryText
from catalog.search import Products
from tests.search.shop import draw, picture_query, to_bytes
from tests.storefront.test_results import page, text_of
from visual_search import search
from visual_search.types import Query

# title -> category; a title is followed by a number
GOODS = {
    **{f"Lamp {number}": "Home > Lights" for number in range(8)},
    "Lamp oil": "Care",
    "Lamp post for toy trains": "Toys",
    **{f"Desk {number}": "Office > Desks" for number in range(6)},
    "Screen for a Desk": "Office > Screens",
    **{f"Rain Jacket {number}": "Women > Jackets" for number in range(3)},
    **{f"Sports Jacket {number}": "Men > Jackets" for number in range(3)},
    "Kettle": "Kitchen", "Kettle brush": "Care",
}  # fmt: skip


@pytest.fixture
def filled(empty_shop):
    empty_shop.use(ENCODER={"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"with_text": False}})
    for number, (title, category) in enumerate(GOODS.items()):
        empty_shop.add(f"N-{number}", title, category=category, price=number)
    empty_shop.index()
    return empty_shop


@pytest.fixture
def narrower(filled, client):
    def narrower(q: str, **more) -> dict | None:
        asked = json.dumps({"q": q, "lang": "en", **more})
        response = client.post("/api/v1/search", asked, content_type="application/json")
        assert response.status_code == 200, response.content
        return response.json()["narrower"]

    return narrower


LIGHTS = {"facet": "category", "value": "Home > Lights", "label": "Lights", "count": 8}


@pytest.mark.parametrize(
    ("q", "offered"),
    [
        ("desks", {"facet": "category", "value": "Office > Desks", "label": "Desks", "count": 6}),
        ("Desk", {"facet": "category", "value": "Office > Desks", "label": "Desks", "count": 6}),
        ("jacket", None),  # of women or of men
        ("lights", None),  # all of them are in it
        ("kettle", None),  # two hits say nothing
        ("nothing like that", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_name_of_a_category_offers_it(narrower, q, offered) -> None:
    assert narrower(q) == offered


def test_a_category_with_nearly_all_of_the_best_hits_is_offered(filled, narrower) -> None:
    assert narrower("lamp") is None, "Eight of ten aren't nearly all."
    for number in range(10, 40):
        filled.add(f"N-{number}x", f"Lamp {number}", category="Home > Lights", price=1)
    for number in range(10):
        filled.add(f"T-{number}", f"Long post with a lamp for trains of toys {number}", category="Toys", price=0)
    filled.index()
    assert narrower("lamp") == {**LIGHTS, "count": 38}
    assert narrower("lamp", sort="price") == {**LIGHTS, "count": 38}, "The best hits decide, in whatever order."
    assert narrower("lamp", page=2) == {**LIGHTS, "count": 38}


def test_what_is_offered_filters_when_it_is_taken(narrower, client) -> None:
    offer = narrower("desk")
    answer = client.get(
        "/api/v1/search", {"q": "desk", "lang": "en", "filters": json.dumps({offer["facet"]: [offer["value"]]})}
    ).json()
    assert answer["total"]["value"] == offer["count"]
    assert answer["narrower"] is None


@pytest.mark.parametrize(
    "more", [{"filters": {"category": ["Office"]}}, {"filters": {"not": {"category": ["Home"]}}}, {"facets": ["price"]}, {"facets": []}]
)  # fmt: skip
def test_nothing_is_offered_beside_a_category_or_where_none_are_counted(narrower, more) -> None:
    assert narrower("desk", **more) is None


def test_other_filters_do_not_matter(narrower) -> None:
    assert narrower("desk", filters={"price": {"gte": 0}})["value"] == "Office > Desks"
    assert narrower("desk under 100 euro")["value"] == "Office > Desks"


def test_a_photo_of_what_lies_in_one_category_offers_it(empty_shop, client) -> None:
    empty_shop.use(DETECTOR=None)
    for number in range(24):
        empty_shop.add(
            f"C-{number}", "Chair", draw("chair", "red", shift=number // 4), category="Home > Chairs", price=1
        )
    for number, colour in enumerate(("blue", "green", "black", "brown", "brass")):
        empty_shop.add(f"T-{number}", "Toy", draw("chair", colour), category="Toys", price=1)
    empty_shop.index()
    page = search.search(picture_query(draw("chair", "red")))
    assert (page.total - page.distant, page.narrower.value, page.narrower.count) == (29, "Home > Chairs", 24)
    photo = SimpleUploadedFile("chair.png", to_bytes(draw("chair", "red")), "image/png")
    html = client.post("/search/", {"image": photo}).content.decode()
    assert 'name="f.category" value="Home &gt; Chairs"' in html
    token = re.search(r'name="photo_token" value="([^"]+)"', html)[1]
    taken = client.post("/search/", {"photo_token": token, "f.category": "Home > Chairs"}).content.decode()
    assert 'name="without" value="f.category=Home &gt; Chairs"' in taken  # The chip takes it away again.


def test_nothing_is_offered_beside_a_photo_with_words_or_things_to_resemble(filled) -> None:
    assert search.search(picture_query(draw("chair", "red"), words="desk")).narrower is None
    assert search.search(Query(words="desk", like=(filled.id("N-1"),))).narrower is None


def test_a_shop_without_categories_offers_none(filled, narrower, monkeypatch) -> None:
    monkeypatch.setattr(Products, "schema", tuple(field for field in Products.schema if field.name != "category"))
    assert narrower("desk") is None


def test_the_page_offers_it_as_a_button_that_filters(filled, client) -> None:
    response = client.get("/search/", {"q": "desk"})
    assert "Only in Desks 6" in text_of(response)
    form = page(response)
    assert "Screen for a Desk" in form.titles
    button = ("f.category", "Office > Desks")
    assert button in form.buttons
    after = form.submit(client, button)
    assert "Only in" not in text_of(after)
    assert "Screen for a Desk" not in page(after).titles
    assert ("without", "f.category=Office > Desks") in page(after).buttons


def test_a_category_is_known_by_its_name_in_the_shopper_s_language(empty_shop, client) -> None:
    empty_shop.use(ENCODER={"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"with_text": False}})
    for number in range(6):
        empty_shop.add(f"N-{number}", f"Desk {number}", german=f"Schreibtisch {number}", category="Office > Desks")
    empty_shop.add("N-7", "Lamp for desks", german="Lampe für den Schreibtisch", category="Home > Lights")
    empty_shop.index()
    CategoryText.objects.create(path="Office > Desks", language="de", name="Schreibtische")
    CategoryText.objects.create(path="Home > Lights", language="de", name="Leuchten")
    asked = json.dumps({"q": "schreibtisch", "lang": "de"})
    offered = client.post("/api/v1/search", asked, content_type="application/json").json()["narrower"]
    assert offered == {"facet": "category", "value": "Office > Desks", "label": "Schreibtische", "count": 6}
