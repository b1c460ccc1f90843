"""Products for unfinished words over HTTP, with everything behind it real."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, State
from tests.api.test_search import problem
from tests.shop import doubles
from visual_search import rebuilding
from visual_search.conf import conf
from visual_search.hooks import Rewritten
from visual_search.models import IndexEntry
from visual_search.models import State as Waiting
from visual_search.signals import search_served
from visual_search.types import AnyOf

URL = "/api/v1/suggest"
KEYS = {"suggestions", "took_ms", "warnings", "degraded"}


def lines(client, q: str, **more: object) -> list[dict]:
    response = client.get(URL, {"q": q, **more})
    assert response.status_code == 200, response.content
    return response.json()["suggestions"]


def titles(client, q: str, kind: str = "product", **more: object) -> list[str]:
    return [line["title"] for line in lines(client, q, **more) if line["kind"] == kind]


def marked(line: dict) -> str:
    """The title as a page may show it, with what was typed in brackets."""
    return "".join(f"[{part['text']}]" if part["typed"] else part["text"] for part in line["parts"])


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
            "kind": "category",
            "id": "",
            "title": "Sofas",
            "within": ["Home", "Seating"],
            "parts": [{"text": "Sof", "typed": True}, {"text": "as", "typed": False}],
            "q": "",
            "filters": {"category": ["Home > Seating > Sofas"]},
            "url": "/search/?f.category=Home+%3E+Seating+%3E+Sofas",
        },
        {
            "kind": "product",
            "id": shop.id("SOF-GRN-03"),
            "title": "Green sofa",
            "within": [],
            "parts": [
                {"text": "Green ", "typed": False},
                {"text": "sof", "typed": True},
                {"text": "a", "typed": False},
            ],
            "q": "",
            "filters": {},
            "url": Product.objects.get(sku="SOF-GRN-03").get_absolute_url(),
        },
    ]
    for line in body["suggestions"]:
        assert "Green sofa" in client.get(line["url"]).content.decode()


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
    assert [line["title"] for line in german] == ["Sofas", "Grünes Sofa"], "Categories are called as they are."


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
    first, *others = titles(client, "stoo", limit=3)
    assert first == "Stool"
    assert all(other.startswith("Old stool number ") for other in others)
    assert len(others) == 2


def test_a_title_that_many_have_leaves_room_for_others(shop, client) -> None:
    for number in range(50):
        shop.add(f"STO-{number}", "Stool", category="Home", price=Decimal(9), stock=1)
    shop.add("STO-LAST", "Stool of the old oak from the north", category="Home", price=Decimal(9), stock=1)
    shop.index()
    assert titles(client, "stoo") == ["Stool", "Stool of the old oak from the north"]


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


# --- Questions and categories -------------------------------------------------------------------


@pytest.fixture
def stocked(shop):
    """A rebuild has counted what several titles say."""
    names = [
        "Oak desk lamp", "Desk lamp, black", "Brass desk lamp", "Desk chair", "Adidas T-shirt red", "Adidas T-shirt blue",
        "Pipe 1/2\" steel", "Pipe ½ copper", "Screw M4x20", "Screw M5x20",
    ]  # fmt: skip
    for number, name in enumerate(names):
        category = "Home > Light" if "lamp" in name else "Sport > Lamps for diving"
        shop.add(f"NEW-{number}", name, category=category, brand="Nordlys" if "lamp" in name else "", stock=1)
    shop.index()
    rebuilding.rebuild("products")
    return shop


def test_questions_then_categories_then_products(stocked, client) -> None:
    found = lines(client, "lam")
    assert [(line["kind"], line["title"]) for line in found] == [
        ("query", "lamp"),
        ("query", "desk lamp"),
        ("category", "Lamps for diving"),
        ("product", "Brass lamp"),
        ("product", "Oak desk lamp"),
        ("product", "Brass desk lamp"),
        ("product", "Desk lamp, black"),
        ("product", "Desk chair"),  # for its category
    ]
    assert [marked(line) for line in found[:4]] == ["[lam]p", "desk [lam]p", "[Lam]ps for diving", "Brass [lam]p"]
    question, category = found[1], found[2]
    assert (question["q"], question["filters"], question["url"]) == ("desk lamp", {}, "/search/?q=desk+lamp")
    answer = client.get("/api/v1/search", {"q": question["q"]}).json()["hits"]
    assert {"Oak desk lamp", "Desk lamp, black", "Brass desk lamp"} <= {hit["title"] for hit in answer[:4]}
    assert category["filters"] == {"category": ["Sport > Lamps for diving"]}
    answer = client.get("/api/v1/search", {"filters": json.dumps(category["filters"])}).json()
    assert answer["total"]["value"] == 7


def test_a_question_is_never_what_was_typed_already(stocked, client) -> None:
    assert titles(client, "lamp", "query") == ["desk lamp"]
    assert titles(client, "lamps", "query") == []
    assert titles(client, "desk lamp", "query") == []


def test_a_brand_of_several_products_is_a_question(stocked, client) -> None:
    assert titles(client, "nordl", "query") == ["Nordlys"]


@pytest.mark.parametrize(
    ("q", "first", "product"),
    [
        ("adid", "[adid]as t-shirt", "[Adid]as T-shirt red"),
        ("adod", "[adid]as t-shirt", "[Adid]as T-shirt red"),
        ("tsh", "adidas [t-sh]irt", "Adidas [T-sh]irt red"),
        ("t-sh", "adidas [t-sh]irt", "Adidas [T-sh]irt red"),
        ("deks lam", "[desk lam]p", "[Desk lam]p, black"),
        ("lamp desk", "[desk] [lamp]", "Oak [desk] [lamp]"),
        ("1/2", "", 'Pipe [1/2]" steel'),
        ("½", "", 'Pipe [1/2]" steel'),
        ("pipe 1/2", "", '[Pipe 1/2]" steel'),
        ("m4", "", "Screw [M4]x20"),
        ("screw m5", "", "[Screw M5]x20"),
    ],
)
def test_slips_signs_and_codes(stocked, client, q, first, product) -> None:
    found = lines(client, q)
    assert next((marked(line) for line in found if line["kind"] == "query"), "") == first
    assert next(marked(line) for line in found if line["kind"] == "product") == product


def test_both_ways_of_writing_a_fraction_are_found(stocked, client) -> None:
    assert set(titles(client, "1/2")) == set(titles(client, "½")) == {'Pipe 1/2" steel', "Pipe ½ copper"}


def test_unfinished_words_in_every_script(shop, client) -> None:
    names = {
        "红色连衣裙": "连衣", "木製の椅子": "椅", "โคมไฟตั้งโต๊ะ": "โคม", "مصباح نحاس": "مصبا", "מנורת שולחן": "מנור",
        "Деревянный стул": "дерев", "Ξύλινο τραπέζι": "ξυλ", "लकड़ी की कुर्सी": "कुर", "나무 의자": "의자",
    }  # fmt: skip
    for number, name in enumerate(names):
        shop.add(f"NEW-{number}", name, category="Home", stock=1)
    shop.index()
    assert {q: titles(client, q) for q in names.values()} == {q: [name] for name, q in names.items()}
    assert all(any(part["typed"] for part in lines(client, q)[0]["parts"]) for q in names.values())


def test_marks_may_be_left_out(shop, client) -> None:
    shop.add("NEW-1", "Größe Fåtölj", category="Home", stock=1)
    shop.index()
    assert marked(lines(client, "grose fat")[0]) == "[Größe Fåt]ölj"


def test_without_spelling_a_slip_stays(stocked, client) -> None:
    stocked.use(SPELLING=False)
    assert lines(client, "adod") == []
    assert titles(client, "adid", "query") == ["adidas t-shirt"]


def rewrite(shop, change) -> None:
    """The shop's rewriter makes another question of each."""
    steps = {"rewrite": lambda query, moment: Rewritten(change(query))}
    shop.use(REWRITERS=[{"BACKEND": "tests.hooks.doubles.Scripted", "OPTIONS": {"steps": steps}}])


def test_a_rewriter_narrows_all_lines(stocked, client) -> None:
    rewrite(stocked, lambda query: replace(query, filters=(AnyOf("category", ("Kitchen",)),)))
    assert lines(client, "desk") == []
    assert [line["title"] for line in lines(client, "mug")] == ["Black mug"]
    rewrite(stocked, lambda query: replace(query, filters=(AnyOf("category", ("Sport",)),)))
    assert titles(client, "desk")[0] == "Desk chair"
    assert titles(client, "adid", "query") == ["adidas t-shirt"]
    assert titles(client, "lam", "category") == ["Lamps for diving"]
    assert titles(client, "lig", "category") == []


def test_a_rewriter_replaces_words(stocked, client) -> None:
    assert titles(client, "torch") == []
    rewrite(stocked, lambda query: replace(query, words="brass lam" if query.words == "torch" else query.words))
    assert titles(client, "torch")[0] == "Brass lamp"
    rewrite(stocked, lambda query: replace(query, words="", filters=(AnyOf("category", ("Gifts",)),)))
    assert titles(client, "presents") == ["Gift card"]


def test_what_a_rewriter_keeps_out_is_not_suggested(stocked, client) -> None:
    rewrite(stocked, lambda query: replace(query, words_not=("desk",)))
    assert lines(client, "lam") == []


def test_a_rewriter_that_fails_is_named(stocked, client) -> None:
    rewrite(stocked, lambda query: replace(query, collection="gadgets"))
    body = client.get(URL, {"q": "adid"}).json()
    assert body["degraded"] == ["scripted"]
    assert [line["kind"] for line in body["suggestions"]] == ["query", "product", "product"]
