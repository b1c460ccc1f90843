"""Colours among the words: by the facet of colours, by pictures, in any language, and as what mustn't be."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from catalog.search import Products
from tests.search.shop import draw
from visual_search.content import readings

# sku -> (title, shape, the picture's colour, the facet's value)
GOODS = {
    "C-1": ("Chair Anton", "chair", "blue", "Blue"),
    "C-2": ("Chair Berta", "chair", "red", "Dark Red"),
    "C-3": ("Chair Carla", "chair", "green", ""),
    "C-4": ("Chair Doris", "chair", "red", ""),
    "C-5": ("Chair Emil", "chair", "black", "black|red"),
    "C-6": ("Chair Frida", "chair", "blue", "Blau"),
    "C-7": ("Chair Gustav", "chair", "red", "Green"),
    "S-1": ("Sofa Hanna", "sofa", "red", "red"),
}


def fill(shop) -> None:
    shop.use()
    for sku, (title, shape, colour, facet) in GOODS.items():
        shop.add(sku, title, draw(shape, colour), colour=facet, stock=1)
    shop.index()


@pytest.fixture
def without_facet(monkeypatch) -> None:
    monkeypatch.setattr(Products, "schema", tuple(field for field in Products.schema if field.name != "colour"))
    monkeypatch.setattr(Products, "facets", lambda self, product: {})


@pytest.fixture
def ask(empty_shop, client):
    """Asks a shop whose titles name no colours by REST; gives sku -> whether it belongs, in order."""
    fill(empty_shop)
    readings.see_pending()

    def ask(q: str, language: str = "en", **more) -> dict[str, bool]:
        asked = json.dumps({"q": q, "lang": language, **more})
        response = client.post("/api/v1/search", asked, content_type="application/json")
        assert response.status_code == 200, response.content
        return {hit["sku"]: hit["grade"] != "nothing close" for hit in response.json()["hits"]}

    return ask


def first(found: dict[str, bool], count: int) -> set[str]:
    return set(list(found)[:count])


@pytest.mark.parametrize(
    ("q", "language"),
    [
        ("red chair", "en"), ("rote chair", "de"), ("chair rouge", "fr"), ("chair rojo", "es"), ("chair rosso", "it"),
        ("красный chair", "ru"), ("czerwone chair", "pl"), ("kırmızı chair", "tr"), ("赤 chair", "ja"), ("红色 chair", "zh"),
    ],
)  # fmt: skip
def test_red_chairs_come_first_by_facet_and_by_picture(ask, q, language) -> None:
    found = ask(q, language)
    assert first(found, 3) == {"C-2", "C-4", "C-5"}
    assert all(found[sku] for sku in ("C-2", "C-4", "C-5"))


def test_nothing_is_left_out(ask) -> None:
    assert set(ask("red chair")) == set(GOODS)


def test_where_the_facet_names_another_colour_the_picture_does_not_count(ask) -> None:
    found = list(ask("red chair"))
    assert found.index("C-7") > found.index("C-4")
    assert next(iter(ask("green chair"))) == "C-7"


def test_the_thing_counts_more_than_the_colour(ask) -> None:
    found = list(ask("red sofa"))
    assert found[0] == "S-1"
    found = list(ask("blue chair"))
    assert set(found[:2]) == {"C-1", "C-6"}


def test_a_colour_alone_finds_what_has_it(ask) -> None:
    found = ask("red")
    assert {sku for sku, belongs in found.items() if belongs} >= {"C-2", "S-1", "C-4"}


@pytest.mark.parametrize(
    ("q", "language"),
    [("chair -red", "en"), ("chair without red", "en"), ("chair ohne rot", "de"), ("chair sans rouge", "fr"), ("chair -blau", "de")],
)  # fmt: skip
def test_what_must_not_be_red_is_not_red_by_facet(ask, q, language) -> None:
    found = set(ask(q, language))
    gone = {"C-1", "C-6"} if "blau" in q else {"C-2", "C-5", "S-1"}
    assert not found & gone
    assert {"C-3", "C-7"} <= found


def test_filters_hold(ask) -> None:
    assert set(ask("red chair", filters={"colour": ["Blue"]})) == {"C-1"}


def test_a_shop_without_a_facet_of_colours_goes_by_pictures(without_facet, ask) -> None:
    found = ask("red chair")
    assert {"C-2", "C-4", "C-7"} == first(found, 3)
    assert "C-2" in ask("chair -red"), "Pictures alone leave nothing out."


def test_before_pictures_were_looked_at_facets_decide(empty_shop, client) -> None:
    fill(empty_shop)
    hits = client.get("/api/v1/search", {"q": "red chair", "lang": "en"}).json()["hits"]
    assert {hit["sku"] for hit in hits[:2]} == {"C-2", "C-5"}


def test_explain_names_the_part(empty_shop, ask, client) -> None:
    hit = client.get("/api/v1/search", {"q": "red chair", "lang": "en", "explain": "true"}).json()["hits"][0]
    assert hit["explain"]["colour"] > 0
    assert "beside_colour" not in hit["explain"]
    assert sum(hit["explain"].values()) == pytest.approx(hit["score"], abs=1e-4)


DEMO = Path(__file__).parents[2] / "catalog/demo"


def test_chairs_of_the_demo_by_what_their_pictures_show(empty_shop, client) -> None:
    """Without the column of colours: no product of the demo has one in its title. The colours below are as people see them."""
    empty_shop.use(
        ENCODER={"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"with_text": False}}, READER=None
    )
    with (DEMO / "products.csv").open(encoding="utf-8") as file:
        chairs = [row for row in csv.DictReader(file) if "chair" in row["title"].lower().split()]
    for row in chairs:
        empty_shop.add(row["sku"], row["title"], Image.open(DEMO / row["image"]))
    empty_shop.index()
    readings.see_pending()

    def first(q: str, count: int) -> set[str]:
        hits = client.get("/api/v1/search", {"q": q, "lang": "en"}).json()["hits"]
        return {hit["sku"].removeprefix("SH3-") for hit in hits[:count]}

    blue = {"BC0-031", "KAL-051", "KAL-072", "BBY-018", "SCO-047", "BC0-143", "BC0-065", "BBY-116", "BC0-108"}
    assert len(chairs) == 43
    assert first("red chair", 2) == {"BC0-114", "SCO-090"}
    assert first("green chair", 3) == {"BBY-127", "KAL-014", "BC0-079"}
    assert first("blue chair", 6) <= blue
