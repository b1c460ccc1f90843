"""The door of the REST API: open by default, closed by one setting, and what each key opens."""

from __future__ import annotations

import json

import pytest

from tests.access.conftest import _counter_is_awake, clock  # noqa: F401
from tests.api.test_search import problem
from visual_search.access.query_ids import new
from visual_search.models import ApiKey

SEARCH, SUGGEST, EVENTS = "/api/v1/search", "/api/v1/suggest", "/api/v1/events"
PAGE = "https://www.elsewhere.example"
ASKED = {
    "search": lambda client, **more: client.get(SEARCH, {"q": "chair"}, **more),
    "photo": lambda client, **more: client.post(SEARCH, {"q": "chair"}, "application/json", **more),
    "grouped": lambda client, **more: client.get("/api/v1/search/grouped", {"q": "chair"}, **more),
    "similar": lambda client, **more: client.get("/api/v1/products/1/similar", **more),
    "suggest": lambda client, **more: client.get(SUGGEST, {"q": "cha"}, **more),
    "events": lambda client, **more: client.post(
        EVENTS,
        {"events": [{"query_id": new(), "action_name": "click", "object_id": "1"}]},
        "application/json",
        **more,
    ),
    "health": lambda client, **more: client.get("/api/v1/health", **more),
    "multi-search": lambda client, **more: client.post(
        "/1/indexes/*/queries", {"requests": [{"indexName": "products"}]}, "application/json", **more
    ),
    "product sets": lambda client, **more: client.get("/v1/projects/p/locations/l/productSets", **more),
}
OPEN = ("health/live", "health/ready", "openapi.json")


def key(*scopes: str, **more) -> dict[str, str]:
    _, secret = ApiKey.objects.issue("partner", scopes or ["search"], **more)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def closed(shop):
    shop.use(API_KEYS_REQUIRED=True)
    return shop


class TestOpen:
    def test_nobody_needs_a_key(self, shop, client) -> None:
        assert {name: ask(client).status_code for name, ask in ASKED.items() if name != "similar"} == {
            name: 204 if name == "events" else 200 for name in ASKED if name != "similar"
        }

    @pytest.mark.parametrize("sent", ["Basic c2hvcDpzaG9w", "Bearer of-the-shop-s-accounts", "Bearer", "nonsense"])
    def test_what_is_meant_for_others_is_not_looked_at(self, shop, client, sent) -> None:
        """A shop that isn't open yet may ask for a password in front of everything."""
        assert ASKED["search"](client, headers={"Authorization": sent}).status_code == 200

    def test_keys_for_the_former_service_are_not_looked_at(self, shop, client) -> None:
        assert ASKED["multi-search"](client, headers={"X-Algolia-API-Key": "0123456789abcdef"}).status_code == 200
        assert ASKED["product sets"](client, headers={"X-Goog-Api-Key": "AIza"}).status_code == 200

    def test_a_wrong_key_is_refused_all_the_same(self, shop, client) -> None:
        """Else somebody who mistypes it would find out on the day when the door is closed."""
        for headers in ({"Authorization": "Bearer vs_wrong"}, {"X-Api-Key": "wrong"}):
            refused = ASKED["search"](client, headers=headers)
            assert problem(refused, 401, code="key_unknown")["field"] == "Authorization"
            assert refused["WWW-Authenticate"] == 'Bearer realm="search"'
            assert "wrong" not in refused.content.decode()

    @pytest.mark.parametrize("name", ["live", "ready"])
    def test_whether_it_lives_is_said_whatever_key_is_sent(self, shop, client, name, django_assert_num_queries) -> None:
        """Who starts the process anew mustn't do so because of a key, or of the database in which keys stand."""
        with django_assert_num_queries(0):
            assert client.get(f"/api/v1/health/{name}", headers={"X-Api-Key": "vs_wrong"}).status_code == 200


class TestClosed:
    @pytest.mark.parametrize("name", ASKED)
    def test_without_a_key_nobody_is_let_in(self, closed, client, name) -> None:
        refused = ASKED[name](client)
        assert refused.status_code == 401
        assert "This shop's API asks for a key. Send it as `Authorization: Bearer vs_...`" in refused.content.decode()
        assert "WWW-Authenticate" in refused

    def test_a_request_that_is_wrong_says_no_more(self, closed, client) -> None:
        for response in (
            client.get(SEARCH, {"qq": "x"}),
            client.post(SEARCH, "{", "application/json"),
            client.options(SEARCH),
        ):
            problem(response, 401, code="key_required")

    @pytest.mark.parametrize("name", ["search", "photo", "grouped", "suggest", "multi-search", "product sets"])
    def test_a_key_for_searching_opens_it(self, closed, client, name) -> None:
        assert ASKED[name](client, headers=key()).status_code == 200

    @pytest.mark.parametrize(("name", "scope"), [("events", "events"), ("health", "admin")])
    def test_other_things_need_other_scopes(self, closed, client, name, scope) -> None:
        refused = ASKED[name](client, headers=key())
        assert f"this needs '{scope}'" in problem(refused, 403, code="key_scope")["detail"]
        assert ASKED[name](client, headers=key(scope)).status_code in (200, 204)
        assert problem(ASKED["search"](client, headers=key(scope)), 403, code="key_scope")

    def test_it_may_come_in_a_header_of_its_own(self, closed, client) -> None:
        secret = key()["Authorization"].removeprefix("Bearer ")
        assert ASKED["search"](client, headers={"X-Api-Key": secret}).status_code == 200
        assert ASKED["multi-search"](client, headers={"X-Algolia-API-Key": secret}).status_code == 200
        assert ASKED["product sets"](client, headers={"X-Goog-Api-Key": secret}).status_code == 200
        assert ASKED["search"](client, headers={"X-Algolia-API-Key": secret}).status_code == 401

    def test_in_an_address_it_opens_nothing(self, closed, client) -> None:
        """Addresses are logged, and stay in histories."""
        secret = key()["Authorization"].removeprefix("Bearer ")
        for name in ("api_key", "key", "token", "access_token", "x-algolia-api-key"):
            assert client.get(SEARCH, {"q": "chair", name: secret}).status_code == 401
            assert client.post(SEARCH, {"q": "chair", name: secret}).status_code == 401

    def test_revoked_and_expired_ones_say_so(self, closed, client) -> None:
        headers = key()
        ApiKey.objects.get().revoke()
        assert "is revoked" in problem(ASKED["search"](client, headers=headers), 401, code="key_revoked")["detail"]

    def test_clients_of_other_services_read_it_in_their_form(self, closed, client) -> None:
        assert ASKED["multi-search"](client).json()["status"] == 401
        assert ASKED["product sets"](client).json()["error"]["status"] == "UNAUTHENTICATED"
        assert ASKED["product sets"](client, headers=key("events")).json()["error"]["status"] == "PERMISSION_DENIED"

    def test_whoever_watches_the_processes_needs_none(self, closed, client) -> None:
        assert [client.get(f"/api/v1/{name}").status_code for name in OPEN] == [200] * 3

    def test_the_shop_s_own_pages_go_on(self, closed, client) -> None:
        own = {"headers": {"Sec-Fetch-Site": "same-origin"}}
        assert client.get("/search/", {"q": "chair"}).status_code == 200
        assert client.get(f"/search/similar/{closed.id('CHR-RED-01')}/").status_code == 200
        assert ASKED["suggest"](client, **own).status_code == 200
        assert ASKED["events"](client, **own).status_code == 204
        assert client.get(SUGGEST, {"q": "cha"}, headers={"Referer": "http://testserver/"}).status_code == 200
        # They don't ask this themselves.
        assert ASKED["search"](client, **own).status_code == 401

    def test_pages_of_others_do_not(self, closed, client) -> None:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": PAGE}, {"Referer": f"{PAGE}/"}):
            assert ASKED["suggest"](client, headers=headers).status_code == 401


class TestPagesOfOthers:
    def test_a_browser_may_read_the_answer(self, closed, client) -> None:
        answer = ASKED["search"](client, headers={**key(origins=[PAGE]), "Origin": PAGE})
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, PAGE)
        assert "Origin" in answer["Vary"]
        assert "Retry-After" in answer["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer

    def test_also_when_it_asked_wrongly(self, closed, client) -> None:
        answer = client.get(SEARCH, {"qq": "x"}, headers={**key(origins=[PAGE]), "Origin": PAGE})
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (400, PAGE)

    def test_another_page_may_not(self, closed, client) -> None:
        refused = ASKED["search"](client, headers={**key(origins=[PAGE]), "Origin": "https://evil.example"})
        assert PAGE in problem(refused, 403, code="key_origin")["detail"]
        assert "Access-Control-Allow-Origin" not in refused

    def test_a_key_of_a_program_lets_no_page_read(self, closed, client) -> None:
        answer = ASKED["search"](client, headers={**key(), "Origin": PAGE})
        assert (answer.status_code, "Access-Control-Allow-Origin" in answer) == (200, False)

    def preflight(self, client, origin: str, path: str = SEARCH):
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        return client.options(path, headers=headers)

    @pytest.mark.parametrize("path", [SEARCH, SUGGEST, EVENTS, "/1/indexes/*/queries"])
    def test_browsers_ask_beforehand_without_a_key(self, closed, client, path) -> None:
        key(origins=[PAGE])
        answer = self.preflight(client, PAGE, path)
        assert (answer.status_code, answer["Access-Control-Allow-Origin"], answer.content) == (204, PAGE, b"")
        assert answer["Access-Control-Allow-Headers"] == "authorization"
        assert {"OPTIONS"} <= set(answer["Access-Control-Allow-Methods"].split(", "))
        assert "Origin" in answer["Vary"]

    def test_a_page_that_no_living_key_names_gets_no(self, closed, client) -> None:
        key()
        key(origins=[PAGE])
        ApiKey.objects.exclude(origins=[]).get().revoke()
        for origin in (PAGE, "https://evil.example", "null", ""):
            answer = self.preflight(client, origin)
            assert (answer.status_code, "Access-Control-Allow-Origin" in answer) == (204, False)

    def test_what_takes_rows_back_lets_no_other_page_in(self, closed, client) -> None:
        key("search", "events", origins=[PAGE])
        answer = self.preflight(client, PAGE, "/privacy/me")
        assert "Access-Control-Allow-Origin" not in answer


class TestLimits:
    ME = {"REMOTE_ADDR": "203.0.113.7"}

    @pytest.fixture(autouse=True)
    def _few(self, shop, clock) -> None:  # noqa: F811
        shop.use(PROXIES=0, LIMITS={"search": "2/min", "key": "3/min"})

    def left(self, client, headers=None, address: str = "203.0.113.7") -> str | int:
        answer = ASKED["search"](client, headers=headers or {}, REMOTE_ADDR=address)
        return int(answer["RateLimit-Remaining"]) if answer.status_code == 200 else answer.status_code

    def test_a_program_counts_for_its_key_wherever_it_is(self, client) -> None:
        headers = key()
        asked = [self.left(client, headers, f"203.0.113.{n}") for n in range(4)]
        assert asked == [2, 1, 0, 429]
        assert [self.left(client) for _ in range(3)] == [1, 0, 429]
        assert self.left(client, key()) == 2

    def test_a_key_may_have_a_limit_of_its_own(self, client) -> None:
        headers = key(per_minute=1)
        assert [self.left(client, headers), self.left(client, headers)] == [0, 429]

    def test_each_reader_of_a_page_counts_and_so_does_its_key(self, client) -> None:
        headers = {**key(origins=[PAGE]), "Origin": PAGE}
        assert [self.left(client, headers) for _ in range(3)] == [1, 0, 429]
        assert [self.left(client, headers, "203.0.113.8") for _ in range(2)] == [0, 429]

    def test_whoever_tries_keys_is_limited(self, client) -> None:
        tried = [self.left(client, {"X-Api-Key": f"vs_{n}"}) for n in range(4)]
        assert tried == [401, 401, 429, 429]

    def test_preflights_count_too(self, client) -> None:
        headers = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
        asked = [client.options(SEARCH, headers=headers, **self.ME).status_code for _ in range(3)]
        assert asked == [204, 204, 429]


def test_no_key_is_logged(closed, client, caplog) -> None:
    caplog.set_level("DEBUG")
    right = key()["Authorization"]
    for sent in (right, f"{right}x", "Bearer vs_canarysecret"):
        ASKED["search"](client, headers={"Authorization": sent})
        client.get(SEARCH, {"qq": 1}, headers={"Authorization": sent})
    said = json.dumps([record.getMessage() for record in caplog.records])
    assert right.rpartition("_")[2] not in said
    assert "canarysecret" not in said
    assert right.removeprefix("Bearer ")[11:] not in said
