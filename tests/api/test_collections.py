"""Collections beside the products, and one question to several, over HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.test_search import problem
from tests.search.shop import photo_of
from tests.shop.models import Part
from tests.shop.search import Gadgets
from visual_search import indexing, receivers
from visual_search.models import IndexEntry
from visual_search.registry import Source, register, unregister
from visual_search.types import Text


def titles(answer: dict) -> list[str]:
    return [hit["title"] for hit in answer["hits"]]


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("chair.jpg", photo_of("chair", "red"), "image/jpeg")


def test_a_search_names_its_collection(shop, gadgets, client) -> None:
    by_address = client.get("/api/v1/search", {"q": "chair", "collection": "gadgets"}).json()
    assert by_address["collection"] == "gadgets"
    assert set(titles(by_address)) >= {"Red chair cover", "Chair glider"}
    assert "Red chair" not in titles(by_address)
    by_photo = client.post("/api/v1/search", {"image": photo(), "collection": "gadgets"}).json()
    assert titles(by_photo)[0] == "Red chair cover"
    assert client.get("/api/v1/search", {"q": "chair"}).json()["collection"] == "products"


def test_filters_and_facets_are_those_of_the_collection(shop, gadgets, client) -> None:
    asked = {"collection": "gadgets", "filters": '{"maker": ["Acme"]}'}
    assert client.get("/api/v1/search", asked).json()["total"]["value"] == 0
    problem(client.get("/api/v1/search", {**asked, "collection": "products"}), 400, "maker")
    counted = client.get("/api/v1/search", {"collection": "gadgets"}).json()["facets"]
    assert {facet["key"] for facet in counted} <= {"category", "maker", "tags", "price"}


def test_suggestions_and_what_is_similar_are_of_the_collection(shop, gadgets, client) -> None:
    lines = client.get("/api/v1/suggest", {"q": "cha", "collection": "gadgets"}).json()["suggestions"]
    assert {line["title"] for line in lines} == {"Red chair cover", "Chair glider"}
    like = client.get(f"/api/v1/gadgets/{gadgets['Red chair cover']}/similar").json()
    assert like["collection"] == "gadgets"
    assert set(titles(like)) == {"Brass polish", "Chair glider"}


@pytest.mark.parametrize("name", ["faults", "Gadgets", "../products", "x" * 500])
def test_an_unknown_collection_is_named(shop, client, name) -> None:
    answer = problem(client.get("/api/v1/search", {"collection": name}), 404, "collection", "unknown_collection")
    assert "must be one of: " in answer["detail"]
    problem(client.get("/api/v1/suggest", {"collection": name, "q": "cha"}), 404, "collection", "unknown_collection")
    problem(client.post("/api/v1/search", {"collection": name}), 404, "collection", "unknown_collection")
    problem(client.get("/api/v1/search/grouped", {"collections": name}), 404, "collections", "unknown_collection")


def test_a_collection_that_is_not_public_is_as_if_it_did_not_exist(shop, gadgets, client, monkeypatch) -> None:
    unknown = client.get("/api/v1/search", {"collection": "nothing"}).json()["detail"]
    monkeypatch.setattr(Gadgets, "public", False)
    hidden = client.get("/api/v1/search", {"collection": "gadgets"})
    assert "gadgets" not in problem(hidden, 404, "collection")["detail"].removeprefix("collection is 'gadgets'")
    assert "gadgets" in unknown
    problem(client.get(f"/api/v1/gadgets/{gadgets['Brass polish']}/similar"), 404, "collection")
    grouped = client.get("/api/v1/search/grouped", {"q": "chair"}).json()["groups"]
    assert [group["collection"] for group in grouped] == ["products"]


class TestGrouped:
    def test_words_by_address(self, shop, gadgets, client) -> None:
        answer = client.get("/api/v1/search/grouped", {"q": "red chair", "page_size": 1}).json()
        assert {group["collection"]: titles(group) for group in answer["groups"]} == {
            "products": ["Red chair"],
            "gadgets": ["Red chair cover"],
        }
        assert {group["label"] for group in answer["groups"]} == {"Products", "Gadgets"}
        assert answer["degraded"] == []

    def test_only_those_that_are_named_and_in_that_order(self, shop, gadgets, client) -> None:
        asked = {"q": "red", "collections": "gadgets, products,gadgets"}
        groups = client.get("/api/v1/search/grouped", asked).json()["groups"]
        assert [group["collection"] for group in groups] == ["gadgets", "products"]

    @pytest.mark.parametrize("kind", ["form", "json"])
    def test_a_photo(self, shop, gadgets, client, kind) -> None:
        first = client.post("/api/v1/search", {"image": photo()}).json()
        if kind == "form":
            response = client.post("/api/v1/search/grouped", {"image": photo()})
        else:
            asked = {"photo_token": first["photo_token"], "collections": ["products", "gadgets"]}
            response = client.post("/api/v1/search/grouped", asked, content_type="application/json")
        assert response["Cache-Control"] == "private, no-store"
        groups = response.json()["groups"]
        assert [titles(group)[0] for group in groups] == ["Red chair", "Red chair cover"]
        assert all(group["photo_token"] for group in groups)
        assert groups[0]["hits"][0]["score"] == pytest.approx(first["hits"][0]["score"], abs=1e-4)

    @pytest.mark.parametrize("name", ["filters", "sort", "page", "like", "facets", "collection", "taste"])
    def test_parts_that_belong_to_one_collection_are_refused_by_name(self, shop, gadgets, client, name) -> None:
        problem(client.post("/api/v1/search/grouped", {"q": "red", name: "1"}), 400, name, "unknown_parameter")

    def test_a_photo_never_stands_in_an_address(self, shop, client) -> None:
        problem(client.get("/api/v1/search/grouped", {"photo_token": "x"}), 400, "image", "post_only")

    def test_a_collection_without_an_index_answers_beside_the_others(self, shop, client) -> None:
        assert not IndexEntry.objects.filter(collection="gadgets").exists()
        answer = client.get("/api/v1/search/grouped", {"q": "red chair"}).json()
        assert titles(answer["groups"][0])[0] == "Red chair"


class Parts(Source):
    model = Part
    collection = "parts"

    def texts(self, part):
        return {"en": Text(part.name)}


NUMBERS = ["A/B-12", "M4 x 20", "C++", "#12", "100%", "what?", "ÄÖ/ß"]


@pytest.fixture
def parts(shop) -> Iterator[None]:
    register(Parts)
    receivers.connect()
    for number in NUMBERS:
        Part.objects.create(number=number, name=f"Part {number}")
    assert not indexing.index_pending("parts").failed
    yield
    unregister("parts")
    receivers.connect()


@pytest.mark.parametrize("number", NUMBERS)
def test_an_id_of_any_characters_has_addresses(parts, client, number) -> None:
    like = client.get(f"/api/v1/parts/{quote(number, safe='')}/similar").json()
    assert {hit["id"] for hit in like["hits"]} == set(NUMBERS) - {number}
    page = client.get("/search/parts/", {"q": "part"}).content.decode()
    addresses = {html.unescape(found) for found in re.findall(r'href="(/search/parts/similar/[^"]*)"', page)}
    assert len(addresses) == len(NUMBERS)
    (own,) = [one for one in addresses if unquote(one) == f"/search/parts/similar/{number}/"]
    similar = client.get(own).content.decode()
    assert f'vs-tile-title">Part {html.escape(number)}<' not in similar
    assert similar.count('vs-tile-title">') == len(NUMBERS) - 1


@pytest.mark.parametrize("number", NUMBERS)
def test_google_finds_an_id_of_any_characters(parts, shop, client, number) -> None:
    shop.use(COMPATIBILITY_INDEXES={"parts": "parts"})
    place = "/v1/projects/p/locations/l/"
    listed = client.get(f"{place}products").json()["products"]
    (name,) = [one["name"] for one in listed if one["displayName"] == f"Part {number}"]
    assert client.get(f"/v1/{name}").json()["name"] == name
    assert client.get(f"/v1/{name}/referenceImages").json() == {"referenceImages": []}
