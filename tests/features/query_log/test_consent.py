"""Who asks, who doesn't want to be logged (P5), and taking back (P12)."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from tests.features.query_log.shop import page
from visual_search.access.wishes import opted_out
from visual_search.errors import ConfigurationError
from visual_search.features.query_log import options
from visual_search.features.query_log.consent import QueryLogMiddleware, asker, asker_of
from visual_search.features.query_log.models import AuditEntry, Counter, LoggedEvent, LoggedQuery
from visual_search.signals import search_served
from visual_search.types import Query

FACTORY = RequestFactory()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=5))
def test_only_exactly_1_is_a_wish(value: str) -> None:
    for header in ("Sec-GPC", "DNT"):
        assert opted_out(FACTORY.get("/", headers={header: value})) == (value == "1")


@pytest.mark.parametrize(("value", "expected"), [("nolog", True), ("NoLog , other", True), ("log", False), ("", False)])
def test_the_storefronts_own_banner(value: str, expected: bool) -> None:
    assert opted_out(FACTORY.get("/", headers={"X-Privacy": value})) is expected


def test_addresses_left_of_the_trusted_proxies_are_not_believed(shop, settings) -> None:
    request = FACTORY.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    assert "10.0.0.0/24" in asker_of(request).material
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "PROXIES": 1}
    assert "203.0.113.0/24" in asker_of(request).material
    assert "6.6.6" not in asker_of(request).material


def test_the_asker_is_known_in_the_request_only_and_not_printed(shop) -> None:
    seen = []

    def view(request):
        seen.append(asker())

    QueryLogMiddleware(view)(FACTORY.get("/", REMOTE_ADDR="203.0.113.9"))
    assert seen[0] is not None
    assert "203.0" not in repr(seen[0])
    assert asker() is None


def ask_by_request(words: str, context: dict | None = None, **headers) -> uuid.UUID:
    """A question as the site gets it: middleware, search's signal, receiver, buffer."""
    query_id = uuid.uuid4()

    def view(request):
        search_served.send(sender=Query, query=Query(words=words), page=page(query_id), context=context or {})

    QueryLogMiddleware(view)(FACTORY.get("/", REMOTE_ADDR="203.0.113.9", headers={"User-Agent": "B", **headers}))
    return query_id


def test_a_request_with_the_wish_leaves_no_row(shop) -> None:
    wanted = ask_by_request("chair")
    for wish in ({"Sec-GPC": "1"}, {"DNT": "1"}, {"X-Privacy": "nolog"}):
        ask_by_request("canarysecret", **wish)
    shop.buffer.flush()
    assert [row.query_id for row in LoggedQuery.objects.all()] == [wanted]


def test_a_question_whose_caller_wants_no_note_is_neither_kept_nor_counted(shop) -> None:
    wanted = ask_by_request("chair", {"log": True})
    ask_by_request("canarysecret", {"log": False})
    shop.buffer.flush()
    assert [row.query_id for row in LoggedQuery.objects.all()] == [wanted]
    assert Counter.objects.get(name="queries").value == 1


def test_a_client_takes_back_its_rows_and_nobody_elses(shop, client, settings) -> None:
    settings.ROOT_URLCONF = "visual_search.features.query_log.urls"
    mine = ask_by_request("chair")
    shop.ask("table", client=5)
    shop.buffer.event(mine, "click", "1", position=1, opted_out=False)
    shop.buffer.flush()
    shop.to_midnight(minutes=20)  # yesterday's key still lives
    ask_by_request("lamp")  # waits in memory still
    answer = client.delete("/privacy/me", REMOTE_ADDR="203.0.113.77", headers={"User-Agent": "B"})
    assert answer.json()["erased"] is True
    assert "no-store" in answer["Cache-Control"]
    shop.buffer.flush()
    assert LoggedQuery.objects.count() == 1
    assert not LoggedEvent.objects.exists()


def test_a_shopper_takes_them_back_on_a_page(shop, client) -> None:
    ask_by_request("chair")
    shop.ask("table", client=5)
    mine = {"REMOTE_ADDR": "203.0.113.77", "headers": {"User-Agent": "B"}}
    page = client.get("/privacy/me", **mine)
    assert "Delete the searches of this browser" in page.content.decode()
    assert "none of its searches is kept" not in page.content.decode()
    assert "none of its searches is kept" in client.get("/privacy/me", headers={"Sec-GPC": "1"}).content.decode()
    assert client.get("/memory/").content.decode().count('href="/privacy/me"') == 1
    answer = client.post("/privacy/me", **mine)
    assert "Whatever could be tied to this browser is deleted." in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    shop.buffer.flush()
    assert LoggedQuery.objects.count() == 1


def test_the_receipt_is_the_same_whatever_was_deleted(shop, client) -> None:
    """Browsers of one network with one name share a pseudonym, so a number would count the neighbours' questions."""
    asker = {"REMOTE_ADDR": "203.0.113.77", "headers": {"User-Agent": "B"}}
    before = client.delete("/privacy/me", **asker).json(), _notice(client.post("/privacy/me", **asker))
    for _ in range(3):
        ask_by_request("chair")
    after = client.delete("/privacy/me", **asker).json(), _notice(client.post("/privacy/me", **asker))
    assert after == before
    shop.buffer.flush()
    assert not LoggedQuery.objects.exists()
    assert not AuditEntry.objects.exists()


def _notice(response) -> str:
    return response.content.decode().partition('role="status">')[2].partition("</p>")[0]


def test_another_sites_form_deletes_nothing(shop) -> None:
    ask_by_request("chair")
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/privacy/me", REMOTE_ADDR="203.0.113.77", headers={"User-Agent": "B"}).status_code == 403
    shop.buffer.flush()
    assert LoggedQuery.objects.count() == 1


def test_after_the_key_is_gone_nobody_can_find_the_rows(shop, client, settings) -> None:
    settings.ROOT_URLCONF = "visual_search.features.query_log.urls"
    ask_by_request("chair")
    shop.finish_day()
    answer = client.delete("/privacy/me", REMOTE_ADDR="203.0.113.9", headers={"User-Agent": "B"})
    assert (answer.status_code, answer.json()["erased"]) == (200, True)
    assert LoggedQuery.objects.count() == 1
    assert "destroyed" in answer.json()["older"]


def test_gpc_is_announced(client, settings, db) -> None:
    settings.ROOT_URLCONF = "visual_search.features.query_log.urls"
    assert client.get("/.well-known/gpc.json").json()["gpc"] is True


def test_options_are_checked() -> None:
    assert options.read({}).release.threshold == 73
    for wrong in ({"MODUS": 1}, {"MODE": "spy"}, {"K": 1}, {"ROWS_HOURS": 0}, {"EPSILON": 0}, {"DELTA": 2}):
        with pytest.raises(ConfigurationError, match="QUERY_LOG"):
            options.read(wrong)
