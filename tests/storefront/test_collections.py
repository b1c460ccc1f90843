"""The search pages of collections beside the products."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils.html import escape

from tests.search.shop import photo_of
from tests.search.test_grouping import OneSidedEngine
from tests.shop.search import Gadgets
from tests.storefront.test_results import page, text_of
from visual_search.errors import ConfigurationError

URL = "/search/gadgets/"


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("chair.jpg", photo_of("chair", "red"), "image/jpeg")


def test_a_collection_has_a_page_of_its_own(shop, gadgets, client) -> None:
    response = client.get(URL, {"q": "red chair"})
    assert page(response).titles[0] == "Red chair cover"
    html = response.content.decode()
    assert f'action="{URL}"' in html
    assert f'hx-get="{URL}"' in html
    assert f"/search/gadgets/similar/{gadgets['Red chair cover']}/" in html
    assert "Gadgets" in text_of(client.get(URL))
    assert "All products" not in text_of(client.get(URL))


def test_a_photo_stays_in_its_collection(shop, gadgets, client) -> None:
    response = client.post(URL, {"image": photo()})
    form = page(response)
    assert form.titles[0] == "Red chair cover"
    assert re.search(
        rf'id="vs-form"[^>]*\saction="{URL}"\s+method="post"', re.sub(r"\s+", " ", response.content.decode())
    )
    again = client.post(URL, {**dict(form.fields), "f.category": "Care"})
    assert page(again).titles[0] == "Red chair cover"


def test_what_is_similar(shop, gadgets, client) -> None:
    response = client.get(f"/search/gadgets/similar/{gadgets['Red chair cover']}/")
    assert set(page(response).titles) == {"Brass polish", "Chair glider"}
    assert "Similar in Gadgets" in text_of(response)
    assert client.get("/search/gadgets/similar/999999/").status_code == 404


def test_nothing_is_told_or_remembered_by_ids_of_other_things_than_products(shop, gadgets, client) -> None:
    html = client.get(URL, {"q": "red chair"}).content.decode()
    similar = client.get(f"/search/gadgets/similar/{gadgets['Red chair cover']}/").content.decode()
    assert "data-vs-id" not in html + similar
    assert "data-vs-query" not in html + similar
    assert "data-vs-query" in client.get("/search/", {"q": "red chair"}).content.decode()


@pytest.mark.parametrize("path", ["/search/nothing/", "/search/nothing/similar/1/"])
def test_other_names_are_left_to_the_shop(shop, client, path) -> None:
    assert client.get(path).status_code == 404


def test_a_collection_that_is_not_public_has_no_page(shop, gadgets, client, monkeypatch) -> None:
    assert resolve(URL).url_name == "results"
    monkeypatch.setattr(Gadgets, "public", False)
    assert client.get(URL).status_code == 404


class TestSearchBox:
    def drawn(self, tag: str, **context: object) -> str:
        request = RequestFactory().get("/")
        return Template("{% load visual_search %}" + tag).render(Context({"request": request, **context}))

    def test_it_asks_the_collection_that_it_names(self, shop) -> None:
        html = self.drawn('{% search_box collection="gadgets" %}')
        assert html.count(f'action="{URL}"') == 2
        assert "collection=gadgets" in html
        assert "Search in Gadgets" in html

    def test_two_boxes_on_a_page_share_no_id(self, shop) -> None:
        html = self.drawn('{% search_box %}{% search_box collection="gadgets" %}')
        ids = re.findall(r'\bid="([^"]+)"', html)
        assert len(ids) == len(set(ids)) > 3
        assert set(re.findall(r'\b(?:for|form)="([^"]+)"', html)) <= set(ids)

    def test_the_box_of_the_page_keeps_the_words(self, shop) -> None:
        both = self.drawn(
            '{% search_box %}|{% search_box collection="gadgets" %}', collection="gadgets", words="red cover"
        )
        of_products, of_gadgets = both.split("|")
        assert 'value="red cover"' not in of_products
        assert 'value="red cover"' in of_gadgets

    def test_an_unknown_collection_is_named(self, shop) -> None:
        with pytest.raises(ConfigurationError, match="collection='gadgetz'; it must be one of: "):
            self.drawn('{% search_box collection="gadgetz" %}')

    def test_addresses_of_a_collection(self) -> None:
        assert reverse("visual_search:results", args=["gadgets"]) == URL
        assert self.drawn("{% results_url %} {% results_url 'gadgets' %}") == f"/search/ {URL}"
        assert self.drawn("{% similar_url '7' %}", collection="gadgets") == "/search/gadgets/similar/7/"

    @pytest.mark.parametrize("collection", ["", "gadgets"])
    def test_each_tile_of_a_page_leads_to_its_own_object(self, collection) -> None:
        ids = ["7", "17", "7f0c-4e_A", "a b", "äö?", "50%", "the-id-of-an-object", "x'\"<"]
        before = [collection] if collection else []
        expected = [escape(reverse("visual_search:similar", args=[*before, id])) for id in ids]
        drawn = self.drawn("{% for id in ids %}{% similar_url id %} {% endfor %}", collection=collection, ids=ids)
        assert drawn.split() == expected

    def test_a_page_of_two_collections_leads_to_both(self) -> None:
        each = "{% similar_url '7' %} {% with collection='gadgets' %}{% similar_url '7' %}{% endwith %} {% similar_url '8' %}"
        assert self.drawn(each).split() == ["/search/similar/7/", "/search/gadgets/similar/7/", "/search/similar/8/"]


class TestAlso:
    @pytest.fixture(autouse=True)
    def _also(self, shop, gadgets) -> None:
        shop.use(ALSO_SEARCH=["gadgets"])

    def test_the_best_of_other_collections_stand_below(self, client) -> None:
        response = client.get("/search/", {"q": "red chair"})
        titles = page(response).titles
        assert titles[0] == "Red chair"
        assert titles[-2:] == ["Red chair cover", "Chair glider"]  # and not what is "nothing close"
        html = response.content.decode()
        assert f'formaction="{URL}"' in html
        assert "All results in Gadgets" in text_of(response)
        below = html[html.index("vs-also") :]
        assert "/search/gadgets/similar/" in below
        assert "data-vs-id" not in below

    def test_the_button_takes_the_whole_question_along(self, client) -> None:
        form = page(client.post("/search/", {"image": photo()}))
        there = client.post(URL, dict(form.fields))
        assert page(there).titles[0] == "Red chair cover"
        words = page(client.get("/search/", {"q": "red chair"}))
        assert page(client.get(URL, dict(words.fields))).titles[0] == "Red chair cover"

    @pytest.mark.parametrize(
        "more", [{"f.colour": "red"}, {"sort": "price"}, {"page": "2"}, {"unlike": "1"}, {"q": ""}]
    )
    def test_none_once_the_shopper_narrows_or_pages(self, client, more) -> None:
        assert "vs-also" not in client.get("/search/", {"q": "red chair", **more}).content.decode()

    def test_none_where_nothing_fits(self, client) -> None:
        assert "vs-also" not in client.get("/search/", {"q": "zzzz"}).content.decode()

    def test_the_products_are_shown_though_the_others_fail(self, shop, client, monkeypatch) -> None:
        shop.use(engine="tests.search.test_grouping.OneSidedEngine", ALSO_SEARCH=["gadgets"])
        monkeypatch.setattr(OneSidedEngine, "away", {"gadgets"})
        response = client.get("/search/", {"q": "red chair"})
        assert response.status_code == 200
        assert page(response).titles[0] == "Red chair"
        assert b"vs-also" not in response.content
