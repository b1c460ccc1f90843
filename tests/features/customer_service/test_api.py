"""The address for programs: what it answers, and what it refuses in words."""

from __future__ import annotations

import base64

from drf_spectacular.validation import validate_schema

from tests.search.shop import photo_of


def post(client, **given):
    return client.post("/api/v1/help", given, content_type="application/json")


def test_it_quotes_the_article_with_its_grade(desk, client) -> None:
    answer = post(client, q="one leg wobbles", product=desk.shop.id("CHR-RED-01"), lang="de").json()
    assert answer["product"]["title"] == "Roter Stuhl"
    assert not answer["nothing_close"]
    first = answer["answers"][0]
    assert {name: first[name] for name in ("grade", "because", "title", "body", "language", "kind")} == {
        "grade": "close", "because": "words", "title": "ein Bein wackelt", "body": "Tun Sie das.", "language": "de",
        "kind": "fault",
    }  # fmt: skip
    assert answer["hand_over"] == f"/help/?product={desk.shop.id('CHR-RED-01')}"


def test_a_photo_says_which_product_it_is(desk, client) -> None:
    answer = post(client, q="the seat squeaks", image=base64.b64encode(photo_of("chair", "red")).decode()).json()
    assert (answer["product"]["title"], answer["recognised"]) == ("Red chair", True)
    assert answer["answers"][0]["pictures"][0]["alt"] == "The part"


def test_danger_comes_without_answers(desk, client) -> None:
    answer = post(client, q="Es riecht nach Gas", lang="de").json()
    assert answer["danger"]["kind"] == "gas"
    assert "Fenster" in answer["danger"]["advice"]
    assert answer["answers"] == []


def test_what_it_refuses(desk, client) -> None:
    for given, status, field in (
        ({}, 400, "q"),
        ({"q": 7}, 400, "q"),
        ({"q": "x", "nonsense": 1}, 400, "nonsense"),
        ({"q": "x", "product": "nonsense"}, 404, "product"),
        ({"q": "x", "product": True}, 400, "product"),
        ({"q": "x", "product": {"id": 1}}, 400, "product"),
        ({"q": "x", "product": "9" * 300}, 400, "product"),
        ({"image": "no base64!"}, 400, "image"),
        ({"image": "AAAA"}, 415, "image"),
    ):
        response = post(client, **given)
        assert (response.status_code, response.json()["field"]) == (status, field), given


def test_a_body_that_is_no_object_or_too_large(desk, client) -> None:
    assert client.post("/api/v1/help", "[1]", content_type="application/json").status_code == 400
    assert client.post("/api/v1/help", "{", content_type="application/json").status_code == 400
    assert client.post("/api/v1/help", "{}" + " " * 16_000_000, content_type="application/json").status_code == 413
    assert client.get("/api/v1/help").status_code == 405


def test_the_document_is_true(desk, client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    validate_schema(document)
    said = document["paths"]["/api/v1/help"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    fields = document["components"]["schemas"][said["$ref"].rpartition("/")[2]]["properties"]
    assert fields.keys() == post(client, q="one leg wobbles").json().keys()
