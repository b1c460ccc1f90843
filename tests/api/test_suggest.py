"""Products for unfinished words over HTTP, with everything behind it real."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, State
from tests.api.test_search import problem
from tests.shop import doubles
from visual_search.conf import conf
from visual_search.models import IndexEntry
from visual_search.models import State as Waiting
from visual_search.signals import search_served

URL = "/api/v1/suggest"
KEYS = {"suggestions", "took_ms", "warnings", "degraded"}


def titles(client, q: str, **more: object) -> list[str]:
    response = client.get(URL, {"q": q, **more})
    assert response.status_code == 200, response.content
    return [line["title"] for line in response.json()["suggestions"]]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("cha", {"Red chair", "Blue chair"}),
        ("chairs", {"Red chair", "Blue chair"}),
        ("WOOD", {"Wooden table"}),
        ("messingl", {"Brass lamp"}),
        ("grünes so", {"Green sofa"}),
        ("GFT-CRD-07", {"Gift card"}),
        ("gft-crd-07 ", {"Gift card"}),
        ("zzz", set()),
    ],
)
def test_unfinished_words_in_any_language_and_whole_codes(shop, client, q, expected) -> None:
    assert set(titles(client, q)) == expected


def test_what_has_all_words_comes_first(shop, client) -> None:
    assert titles(client, "red cha")[0] == "Red chair"
    assert titles(client, "blue cha")[0] == "Blue chair"


def test_a_line_says_what_it_leads_to(shop, client) -> None:
    response = client.get(URL, {"q": "sof"})
    assert response["Cache-Control"] == "private, no-store"
    body = response.json()
    assert set(body) == KEYS
    assert body["suggestions"] == [
        {
            "id": shop.id("SOF-GRN-03"),
            "title": "Green sofa",
            "url": Product.objects.get(sku="SOF-GRN-03").get_absolute_url(),
        }
    ]
    assert client.get(body["suggestions"][0]["url"]).status_code == 200


@pytest.mark.parametrize("q", ["", " ", "c", "C", "-", "🪑", "a b", "sofa -gree"])
def test_too_little_to_tell(shop, client, q) -> None:
    assert titles(client, q) == []


def test_without_q(shop, client) -> None:
    assert client.get(URL).json()["suggestions"] == []


def test_one_character_is_enough_where_it_is_a_word(shop, client) -> None:
    shop.add("BED-CHN-08", "红色床", category="Home > Beds", price=Decimal(9), stock=1)
    shop.index()
    assert titles(client, "床") == ["红色床"]


def test_titles_come_in_the_language_of_the_page(shop, client) -> None:
    assert titles(client, "sof") == ["Green sofa"]
    assert titles(client, "sof", lang="de") == ["Grünes Sofa"]
    german = client.get(URL, {"q": "sof"}, headers={"Accept-Language": "de"}).json()["suggestions"]
    assert [line["title"] for line in german] == ["Grünes Sofa"]


def test_each_title_once_however_it_is_written(shop, client) -> None:
    for number, title in enumerate(["Stool", "STOOL", "Stool ", "Bar stool"]):
        shop.add(f"STO-{number}", title, category="Home", price=Decimal(9), stock=1)
    shop.index()
    found = titles(client, "stoo")
    assert len(found) == 2
    assert {title.strip().casefold() for title in found} == {"stool", "bar stool"}


def test_titles_that_begin_so_come_first_then_the_shorter_ones(shop, client) -> None:
    # The first two aren't called so: one says it in its description, one in German.
    names = (
        "Soft seat", "Hocker", "Stool of oak", "Oak stool with a back", "Stool-high table", "Stool", "Stool of ash",
        "Bär Stool",
    )  # fmt: skip
    for number, title in enumerate(names):
        product = shop.add(f"STO-{number}", title, german="Stoolhocker" if title == "Hocker" else "", stock=1)
        if title == "Soft seat":
            product.texts.update(description="Goes on a stool.")
    shop.index()
    ordered = [
        "Stool", "Stool of ash", "Stool of oak", "Stool-high table", "Bär Stool", "Oak stool with a back", "Hocker",
        "Soft seat",
    ]  # fmt: skip
    assert titles(client, "stoo") == ordered
    assert titles(client, "stoo", limit=2) == ordered[:2]
    assert titles(client, "oak stoo")[:2] == ["Oak stool with a back", "Stool of oak"]
    assert titles(client, "bar stoo")[0] == "Bär Stool"


def test_the_better_ones_are_found_among_many(shop, client) -> None:
    for number in range(40):
        shop.add(f"STO-{number}", f"Old stool number {number}", category="Home", price=Decimal(9), stock=1)
    shop.add("STO-LAST", "Stool", category="Home", price=Decimal(9), stock=1)
    shop.index()
    assert titles(client, "stoo", limit=3) == ["Stool", "Old stool number 0", "Old stool number 1"]


def test_limit(shop, client) -> None:
    for number in range(10):
        shop.add(f"STO-{number}", f"Stool {number + 100}", category="Home", price=Decimal(9), stock=1)
    shop.index()
    assert len(titles(client, "stoo")) == 8
    assert titles(client, "stoo", limit=3) == titles(client, "stoo")[:3]
    assert len(titles(client, "stoo", limit=20)) == 10


@pytest.mark.parametrize("limit", ["0", "21", "-1", "x", "1.5", "999999"])
def test_a_wrong_limit_is_named(shop, client, limit) -> None:
    assert limit in problem(client.get(URL, {"q": "cha", "limit": limit}), 400, field="limit")["detail"]


@pytest.mark.parametrize(("name", "value"), [("lang", "klingon"), ("page", "2"), ("image", "x")])
def test_what_is_not_as_documented_is_refused(shop, client, name, value) -> None:
    assert name in problem(client.get(URL, {"q": "cha", name: value}), 400, field=name)["detail"]


def test_long_words_are_cut_as_in_search(shop, client) -> None:
    body = client.get(URL, {"q": "chair " * conf.QUERY_MAX_CHARS}).json()
    assert body["warnings"] == ["words_cut"]
    assert {line["title"] for line in body["suggestions"]} == {"Red chair", "Blue chair"}


def test_only_what_is_published(shop, client) -> None:
    # Not even where the index has not heard of it yet.
    Product.objects.filter(sku="CHR-RED-01").update(state=State.ARCHIVED)
    assert titles(client, "cha") == ["Blue chair"]


def test_no_more_questions_to_the_database_for_more_lines(shop, client) -> None:
    client.get(URL, {"q": "sof"})
    counts = []
    for q in ("sof", "cha"):
        with CaptureQueriesContext(connection) as asked:
            assert titles(client, q)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_no_encoder_is_asked_and_nobody_hears_of_it(shop, client, monkeypatch) -> None:
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", True)
    heard = []

    def listen(**said: object) -> None:
        heard.append(said)

    search_served.connect(listen)
    try:
        assert titles(client, "sof") == ["Green sofa"]
    finally:
        search_served.disconnect(listen)
    assert heard == []


def test_the_engine_is_away(shop, client, monkeypatch) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    response = client.get(URL, {"q": "cha"})
    problem(response, 503, code="engine_unavailable")
    assert int(response["Retry-After"]) > 0


def test_an_index_that_is_being_filled_says_so(shop, client) -> None:
    assert client.get(URL, {"q": "zzz"}).json()["degraded"] == []
    IndexEntry.objects.update(state=Waiting.PENDING)
    body = client.get(URL, {"q": "zzz"}).json()
    assert (body["suggestions"], body["degraded"]) == ([], ["index"])


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods(shop, client, method) -> None:
    problem(getattr(client, method)(URL), 405)
