"""The REST addresses: one shape, bad input in the caller's words, keys and limits as everywhere."""

from __future__ import annotations

import json
import time

import pytest

from catalog.models import ProductText
from tests.features.recommendations.lists import orders
from tests.shop.doubles import BreakableEngine
from visual_search.errors import EngineUnavailable
from visual_search.features.recommendations import facts
from visual_search.features.recommendations.api import MAX_BODY_BYTES
from visual_search.models import ApiKey

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/recommendations"


def post(client, body, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(ADDRESS, text, content_type="application/json", **headers)


def test_what_is_related_to_a_product(client, furnished) -> None:
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-red"]})
    answer = client.get(f"/api/v1/products/{furnished.id('chair-red')}/related?kind=together&limit=3")
    assert answer.status_code == 200
    found = answer.json()
    assert found["collection"] == "products"
    assert found["query_id"]
    (slot,) = found["slots"]
    assert (slot["name"], slot["kind"], slot["fallback"]) == ("together", "together", None)
    assert slot["built_at"].startswith("20")
    first = slot["items"][0]
    assert (first["rank"], first["source"], first["reason"]) == (1, "orders", "Often bought with Red chair")
    assert (first["product"]["sku"], first["product"]["in_stock"]) == ("sofa-red", True)


def test_similar_is_what_is_meant_where_nobody_says(client, furnished) -> None:
    found = client.get(f"/api/v1/products/{furnished.id('chair-red')}/related").json()
    assert found["slots"][0]["kind"] == "similar"
    assert found["slots"][0]["items"]


@pytest.fixture
def shop_in_german(furnished):
    for sku, title in (("chair-red", "Roter Stuhl"), ("sofa-red", "Roter Sessel")):
        ProductText.objects.create(product=furnished.products[sku], language="de", title=title)
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-red"]})
    return furnished


def test_reasons_and_titles_are_in_the_language_that_is_asked(client, shop_in_german) -> None:
    shop = shop_in_german
    found = client.get(f"/api/v1/products/{shop.id('chair-red')}/related?kind=together&lang=de").json()
    assert found["slots"][0]["items"][0]["product"]["title"] == "Roter Sessel"
    assert "Roter Stuhl" in found["slots"][0]["items"][0]["reason"]


def test_the_slots_of_a_page(client, furnished) -> None:
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-red"]})
    id = furnished.id("chair-red")
    answer = post(
        client,
        {
            "slots": [
                {"name": "first", "kind": "together", "products": [int(id)], "limit": 3},
                {"kind": "similar", "products": [id], "filters": {"colour": ["red", "blue"]}},
                {"kind": "recent"},
                {"kind": "trending"},
            ],
            "without": [furnished.id("table-blue")],
            "taste": [[furnished.id("sofa-green"), "view", int(time.time() // 86_400)]],
        },
    )
    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "private, no-store"
    found = answer.json()
    assert [slot["name"] for slot in found["slots"]] == ["first", "similar", "recent", "trending"]
    assert [len(slot["items"]) > 0 for slot in found["slots"]] == [True, True, True, False]
    shown = [item["product"]["sku"] for slot in found["slots"] for item in slot["items"]]
    assert len(shown) == len(set(shown))
    assert not {"table-blue", "chair-red"} & set(shown)
    assert found["slots"][2]["items"][0]["reason"] == "You looked at this"


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ([], "body", "must be an object"),
        ({}, "slots", "1 to 5"),
        ({"slots": []}, "slots", "1 to 5"),
        ({"slots": [{"kind": "trending"}] * 6}, "slots", "1 to 5"),
        ({"slots": [3]}, "slots.0", "it must be an object"),
        ({"slots": [{}]}, "slots.0.kind", "trending"),
        ({"slots": [{"kind": "nice"}]}, "slots.0.kind", "'nice'"),
        ({"slots": [{"kind": ["similar"]}]}, "slots.0.kind", "must be one of"),
        ({"slots": [{"kind": "similar", "limit": 25}]}, "slots.0.limit", "25"),
        ({"slots": [{"kind": "similar", "limit": 0}]}, "slots.0.limit", "0"),
        ({"slots": [{"kind": "similar", "limit": "5"}]}, "slots.0.limit", "'5'"),
        ({"slots": [{"kind": "similar", "limit": 2.5}]}, "slots.0.limit", "2.5"),
        ({"slots": [{"kind": "similar", "products": ""}]}, "slots.0.products", "list of ids"),
        ({"slots": [{"kind": "similar", "products": "7"}]}, "slots.0.products", "list of ids"),
        ({"slots": [{"kind": "similar", "products": [1.5]}]}, "slots.0.products", "list of ids"),
        ({"slots": [{"kind": "similar", "products": ["1"] * 51}]}, "slots.0.products", "51"),
        ({"slots": [{"kind": "similar", "filters": {"taste": ["x"]}}]}, "slots.0.taste", "There is no facet"),
        ({"slots": [{"kind": "similar", "name": "n" * 41}]}, "slots.0.name", "41"),
        ({"slots": [{"kind": "similar", "colour": "red"}]}, "slots.0.colour", "colour"),
        ({"slots": [{"kind": "trending"}], "page": 2}, "page", "page"),
        ({"slots": [{"kind": "trending"}], "lang": "tlh"}, "lang", "tlh"),
        ("{", None, "JSON"),
    ],
)
def test_bad_input_is_told_in_the_callers_words(client, furnished, body, field, said) -> None:
    answer = post(client, body)
    assert answer.status_code == 400, answer.content
    problem = answer.json()
    assert said in problem["detail"]
    assert problem.get("field", "").startswith(field or "")


@pytest.mark.parametrize("id", ["\ud800", "a\x00b", "", "9" * 300, "no such", "007"])
def test_strange_ids_are_as_if_they_were_gone(client, furnished, id) -> None:
    found = post(client, {"slots": [{"kind": "similar", "products": [id]}]})
    assert (found.status_code, found.json()["slots"][0]["items"]) == (200, [])


@pytest.mark.parametrize("query", ["kind=trending", "limit=99", "limit=x", "lang=tlh", "page=2"])
def test_bad_addresses(client, furnished, query) -> None:
    assert client.get(f"/api/v1/products/{furnished.id('chair-red')}/related?{query}").status_code == 400


def test_what_is_not_there_is_not_found(client, furnished) -> None:
    for address in ("products/999999", "products/a%00b", "chairs/1"):
        assert client.get(f"/api/v1/{address}/related").status_code == 404, address


def test_a_bad_memory_is_passed_over_and_said(client, furnished) -> None:
    found = post(client, {"slots": [{"kind": "recent"}], "taste": "no memory"}).json()
    assert found["warnings"] == ["taste_malformed"]


def test_a_body_has_its_limit(client, furnished) -> None:
    body = json.dumps({"slots": [{"kind": "trending"}], "taste": "x" * MAX_BODY_BYTES})
    assert post(client, body).status_code == 413


def test_keys_and_limits_hold(client, furnished, settings) -> None:
    body, related = {"slots": [{"kind": "trending"}]}, f"/api/v1/products/{furnished.id('chair-red')}/related"
    closed = {**settings.VISUAL_SEARCH, "API_KEYS_REQUIRED": True, "PROXIES": 0, "LIMITS": {"key": "3/min"}}
    settings.VISUAL_SEARCH = closed
    _, secret = ApiKey.objects.issue("partner", ["search"])
    _, of_events = ApiKey.objects.issue("pages", ["events"])
    own = {"Authorization": f"Bearer {secret}"}
    assert (post(client, body).status_code, client.get(related).status_code) == (401, 401)
    assert post(client, body, headers={"Authorization": f"Bearer {of_events}"}).status_code == 403
    assert [post(client, body, headers=own).status_code for _ in range(2)] == [200, 200]
    assert [client.get(related, headers=own).status_code for _ in range(2)] == [200, 429]


def test_a_search_that_is_down_says_when_to_come_again(client, furnished, monkeypatch) -> None:
    def broken(*args, **kwargs):
        raise EngineUnavailable("The engine doesn't answer.")

    facts.forget()
    monkeypatch.setattr(BreakableEngine, "values", broken)
    answer = post(client, {"slots": [{"kind": "similar", "products": ["1"]}]})
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
