"""`POST /api/v1/events`: what is noted, what is refused in words, and that nothing but ids of products is kept."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, State
from visual_search.access import query_ids
from visual_search.features.query_log.models import Counter, LoggedEvent
from visual_search.features.query_log.report import report

GOOD = {"query_id": query_ids.new(), "action_name": "click", "object_id": "12", "position": 3}


def post(client, body, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post("/api/v1/events", text, content_type="application/json", headers=headers)


@pytest.fixture
def chair(shop) -> str:
    """The id of a product that is on sale. Only such ones are noted, so each test below needs it."""
    return on_sale(12)


def on_sale(pk: int, state: State = State.PUBLISHED) -> str:
    return str(Product.objects.create(pk=pk, sku=f"P-{pk}", state=state).pk)


def test_events_are_noted_unless_unwanted(shop, chair, client) -> None:
    second = {**GOOD, "action_name": "purchase", "position": None}
    assert post(client, {"events": [GOOD, second]}).status_code == 204
    for wish in ({"Sec-GPC": "1"}, {"DNT": "1"}, {"X-Privacy": "nolog"}):
        assert post(client, {"events": [GOOD]}, **wish).status_code == 204
    shop.buffer.flush()
    events = LoggedEvent.objects.order_by("action_name").values_list("query_id", "action_name", "object_id", "position")
    assert list(events) == [
        (UUID(GOOD["query_id"]), "click", "12", 3),
        (UUID(GOOD["query_id"]), "purchase", "12", None),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {**GOOD, "action_name": "spy"},
        {**GOOD, "action_name": ["click"]},
        {**GOOD, "object_id": ""},
        {**GOOD, "object_id": ["1"]},
        {**GOOD, "object_id": "x" * 201},
        {**GOOD, "object_id": "a\x00b"},
        {**GOOD, "position": 0},
        {**GOOD, "position": True},
        {**GOOD, "position": "1"},
        {**GOOD, "query_id": "me"},
        {},
        "click",
    ],
    # The id of the answer is another one in each process.
    ids=lambda value: str({**value, "query_id": "of an answer"} if "query_id" in value else value),
)
def test_wrong_events_are_refused_in_words(shop, chair, client, wrong) -> None:
    answer = post(client, {"events": [GOOD, wrong]})
    assert answer.status_code == 400
    assert answer.json()["field"].startswith("events.1")
    assert answer["Content-Type"] == "application/problem+json"
    shop.buffer.flush()
    assert not LoggedEvent.objects.exists(), "a good event beside a wrong one isn't noted either"


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("[]", 400), ("[" * 2000, 400), ({"events": []}, 400), ({"events": [GOOD] * 51}, 400), ("x" * 20_000, 413)],
    ids=["half", "list", "deep", "none", "many", "long"],
)  # fmt: skip
def test_wrong_bodies_are_refused(shop, client, body, status) -> None:
    assert post(client, body).status_code == status


@pytest.mark.parametrize(
    "forged",
    [str(uuid4()), str(UUID(int=7)), GOOD["query_id"][:-4] + "0000"],
    ids=["by chance", "by hand", "changed"],
)
def test_events_on_answers_that_were_never_given_are_refused(shop, chair, client, forged) -> None:
    answer = post(client, {"events": [GOOD, {**GOOD, "query_id": forged}]})
    assert (answer.status_code, answer.json()["code"]) == (400, "query_id_foreign")
    assert answer.json()["field"] == "events.1.query_id"
    shop.buffer.flush()
    assert not LoggedEvent.objects.exists()
    assert not Counter.objects.filter(name__startswith="events.").exists()


def test_events_on_an_answer_of_last_week_are_refused(shop, chair, client, monkeypatch) -> None:
    week = 7 * query_ids.DAY_SECONDS
    later = query_ids.time.time() + week
    monkeypatch.setattr(query_ids.time, "time", lambda: later)
    answer = post(client, {"events": [GOOD]})
    assert (answer.status_code, answer.json()["code"]) == (400, "query_id_expired")
    shop.buffer.flush()
    assert not LoggedEvent.objects.exists()


UNKNOWN = ["13", "Annabel, 17 Rose Lane", "9" * 200, "-1", "12.0", "\U0001f600", "0x0c"]


def test_only_ids_of_products_on_sale_are_kept_and_the_rest_is_counted(shop, chair, client) -> None:
    hidden = on_sale(14, State.DRAFT)
    sent = [chair, *UNKNOWN, hidden]
    assert post(client, {"events": [{**GOOD, "object_id": id} for id in sent]}).status_code == 204
    shop.buffer.flush()
    assert list(LoggedEvent.objects.values_list("object_id", flat=True)) == ["12"]
    assert Counter.objects.get(name="events.click").value == 1
    assert Counter.objects.get(name="events.unknown").value == len(UNKNOWN) + 1
    assert "Annabel" not in shop.everything()
    assert report().totals["unknown"] == len(UNKNOWN) + 1


@pytest.mark.parametrize("spelling", ["012", " 12 ", "1_2", "+12", "\u0661\u0662"])
def test_an_id_is_kept_as_hits_write_it(shop, chair, client, spelling) -> None:
    """Else the ways of writing a number would be a place to leave something."""
    assert post(client, {"events": [{**GOOD, "object_id": spelling}]}).status_code == 204
    shop.buffer.flush()
    assert set(LoggedEvent.objects.values_list("object_id", flat=True)) == {"12"}


def test_all_events_of_a_request_cost_one_query_and_unwanted_ones_none(shop, chair, client) -> None:
    events = [{**GOOD, "object_id": str(number)} for number in range(40)]
    for headers, expected in (({}, 1), ({"DNT": "1"}, 0)):
        with CaptureQueriesContext(connection) as queries:
            assert post(client, {"events": events}, **headers).status_code == 204
        assert len([one for one in queries if Product._meta.db_table in one["sql"]]) == expected


def test_staff_are_told_of_events_on_unknown_products(shop, chair, client, admin_client) -> None:
    page = "/admin/visual_search_query_log/searchreport/"
    assert "the shop doesn&#x27;t have" not in admin_client.get(page).content.decode().replace("'", "&#x27;")
    post(client, {"events": [{**GOOD, "object_id": "P-12"}] * 2})
    shop.buffer.flush()
    assert "2 further events named products" in admin_client.get(page).content.decode()
