"""Limits of the REST API: who asks too often is told when to come again, before the body is read; others notice nothing."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from tests.access.conftest import _counter_is_awake, clock  # noqa: F401
from tests.api.test_search import problem
from tests.search.shop import photo_of
from visual_search.access import limits
from visual_search.access.query_ids import new
from visual_search.models import Spent
from visual_search.signals import search_served

SEARCH = "/api/v1/search"
ME, OTHER = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}


@pytest.fixture
def limited(shop, clock):  # noqa: F811
    """A shop with few places: `limited(search="3/min")`."""

    def use(**rates: str):
        shop.use(PROXIES=0, LIMITS=rates)
        return shop

    return use


def told(response) -> tuple[str, str, str]:
    return tuple(response[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))


def test_answers_say_what_is_left(limited, client) -> None:
    limited(search="3/min")
    answers = [client.get(SEARCH, {"q": "chair"}, **ME) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [told(answer) for answer in answers] == [("3", left, "30") for left in "210"]


def test_more_is_refused_with_the_time_to_come_again(limited, client) -> None:
    limited(search="1/min")
    assert client.get(SEARCH, {"q": "chair"}, **ME).status_code == 200
    for refused in (
        client.get(SEARCH, {"q": "chair"}, **ME),
        client.post(SEARCH, {"q": "chair"}, "application/json", **ME),
        client.get("/api/v1/products/1/similar", **ME),
        client.get("/api/v1/search/grouped", {"q": "chair"}, **ME),
    ):
        body = problem(refused, 429, code="throttled")
        assert "at most 1 in 60 s" in body["detail"]
        assert (refused["Retry-After"], told(refused)) == ("30", ("1", "0", "30"))
    assert client.get(SEARCH, {"q": "chair"}, **OTHER).status_code == 200
    # Suggestions count for themselves, and who watches the shop isn't counted at all.
    assert client.get("/api/v1/suggest", {"q": "cha"}, **ME).status_code == 200
    for name in ("health", "health/live", "health/ready", "openapi.json"):
        answer = client.get(f"/api/v1/{name}", **ME)
        assert answer.status_code == 200
        assert "RateLimit-Limit" not in answer


def test_a_shopper_who_waits_is_let_in_again(limited, client, clock) -> None:  # noqa: F811
    limited(search="1/min")
    client.get(SEARCH, {"q": "chair"}, **ME)
    clock(30)
    assert client.get(SEARCH, {"q": "chair"}, **ME).status_code == 200


class Untouched:
    """A body that must not be read."""

    def read(self, *args):
        raise AssertionError("the body was read")

    readline = read


def test_the_refusal_comes_before_the_body_is_read(limited, client) -> None:
    limited(search="1/min")
    assert client.get(SEARCH, **ME).status_code == 200
    body = {"wsgi.input": Untouched(), "CONTENT_LENGTH": "5000000", **ME}
    for kind in ("application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        assert client.generic("POST", SEARCH, content_type=kind, **body).status_code == 429


def test_a_photo_counts_ten(limited, client) -> None:
    limited(search="25/min")
    answer = client.post(SEARCH, {"image": _file()}, **ME)
    assert told(answer) == ("25", "15", "30")
    # Its token needs no encoder, so it counts as words do.
    again = client.post(SEARCH, {"photo_token": answer.json()["photo_token"]}, **ME)
    assert told(again) == ("25", "14", "30")
    both = client.post(SEARCH, {"image": [_file(), _file()]}, **ME)
    problem(both, 429, code="throttled")
    assert told(client.get(SEARCH, **ME)) == ("25", "12", "30")  # Of a refused one only the question itself is counted.


def test_several_questions_count_each(limited, client, gadgets) -> None:
    limited(search="9/min")
    assert told(client.get("/api/v1/search/grouped", {"q": "chair", "collections": "products,gadgets"}, **ME))[1] == "7"
    body = {"requests": [{"indexName": "products", "query": "chair"}] * 4}
    answer = client.post("/1/indexes/*/queries", json.dumps(body), content_type="application/json", **ME)
    assert (answer.status_code, told(answer)[1]) == (200, "3")
    refused = client.post("/1/indexes/*/queries", json.dumps(body), content_type="application/json", **ME)
    assert refused.json() == {"message": refused.json()["message"], "status": 429}
    assert (refused["Retry-After"], told(refused)) == ("30", ("9", "0", "30"))


def test_clients_of_other_services_read_it_in_their_form(limited, client) -> None:
    limited(search="1/min")
    client.get(SEARCH, **ME)
    refused = client.post("/v1/images:annotate", "{}", content_type="application/json", **ME)
    assert (refused.status_code, refused.json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert refused["Retry-After"] == "30"


def test_suggestions_and_events_have_limits_of_their_own(limited, client) -> None:
    limited(suggest="1/min", write="1/min")
    event = {"events": [{"query_id": new(), "action_name": "click", "object_id": "1"}]}
    for ask in (
        lambda: client.get("/api/v1/suggest", {"q": "cha"}, **ME),
        lambda: client.post("/api/v1/events", json.dumps(event), content_type="application/json", **ME),
    ):
        assert ask().status_code in (200, 204)
        problem(ask(), 429, code="throttled")


def test_taking_back_has_one_too(limited, client) -> None:
    limited(erase="1/h")
    assert client.delete("/privacy/me", **ME).json()["erased"] is True
    problem(client.delete("/privacy/me", **ME), 429, code="throttled")
    page = client.post("/privacy/me", headers={"Accept": "text/html"}, **ME)
    assert page.status_code == 429
    assert "Please try again in 60 minutes." in page.content.decode()
    assert client.get("/privacy/me", **ME).status_code == 200


def test_a_counter_that_is_away_costs_nobody_the_search(limited, client, monkeypatch) -> None:
    limited(search="1/min")

    def away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(type(limits.counter()), "spend", away)
    answers = [client.get(SEARCH, {"q": "chair"}, **ME) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "RateLimit-Limit" not in answers[0]


def test_what_is_asked_from_the_own_machine_is_not_counted_until_the_shop_says_so(shop, client) -> None:
    """A proxy has such an address, too: all shoppers behind it would share one limit."""
    assert "RateLimit-Limit" not in client.get(SEARCH, {"q": "chair"})
    assert not Spent.objects.exists()


def test_no_transaction_holds_the_counter_while_an_answer_is_made(limited, client) -> None:
    """Where a shop has ATOMIC_REQUESTS, a second question of an address would wait for the first one's photo."""
    limited(search="9/min")
    open_ones = []

    def served(**kwargs) -> None:
        open_ones.append(len(connection.savepoint_ids))

    search_served.connect(served)
    outside = len(connection.savepoint_ids)
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert client.get(SEARCH, {"q": "chair"}, **ME).status_code == 200
        assert client.get("/search/", {"q": "chair"}, **ME).status_code == 200
        assert client.get(f"/search/similar/{limited().id('CHR-RED-01')}/", **ME).status_code == 200
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
        search_served.disconnect(served)
    assert open_ones == [outside] * 3


def _file() -> SimpleUploadedFile:
    return SimpleUploadedFile("chair.jpg", photo_of("chair", "red"), "image/jpeg")
