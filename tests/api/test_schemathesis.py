"""`openapi.json` is true: schemathesis asks whatever it allows and whatever it forbids, and compares each answer with it.

All of its checks are on but one (see `config`). Those about resources that are made and deleted have nothing to do here: the API
makes none.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connections
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

from tests.search.shop import photo_of
from tests.shop.doubles import BreakableEngine
from visual_search import registry
from visual_search.models import ApiKey, Scope

URL = "/api/v1/openapi.json"
LIMITED = ("search", "suggest", "write")
OPEN = {"live", "ready"}
# Counted, but never used up, so that answers say what is left.
WIDE = {"PROXIES": 0, "LIMITS": dict.fromkeys((*LIMITED, "key"), "1000000/min")}
PHOTO = photo_of("chair", "red")

# Why something may be refused that the document allows: no schema can say it.
UNSAYABLE_CODES = {
    "not_a_picture": "which bytes are a picture",
    "format_not_allowed": "which bytes are a picture",
    "too_small": "how many pixels a picture has",
    "token_malformed": "which texts are tokens of this shop",
    "box_needs_photo": "which boxes a token has",
    "query_id_foreign": "which numbers are those of answers of this shop",
}
UNSAYABLE_WORDS = {
    "names a part of a photo; send the photo too": "that a part goes with a photo",
    "it must hold 0 <= x1 < x2 <= 1": "that one number is smaller than another",
    "it must be four numbers": "which numbers a text holds",
    "it must be two numbers": "which numbers a text holds",
    "Send either": "that two parameters exclude each other",
    "neither image nor photo_token": "that an empty token is none",
    "Send words as `q`, or a photo as `image`": "that of two texts one isn't empty",
}


@pytest.fixture
def application() -> Iterator[Any]:
    """The shop without a server. Schemathesis asks in threads of its own; they see the test's rows by the test's connection."""
    application, connection = get_wsgi_application(), connections["default"]
    connection.inc_thread_sharing()
    for signal in (request_started, request_finished):  # As Django's test client does.
        signal.disconnect(close_old_connections)

    def shared(environ: Any, start_response: Any) -> Any:
        connections["default"] = connection
        environ["REMOTE_ADDR"] = "127.0.0.1"
        return application(environ, start_response)

    yield shared
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    connection.dec_thread_sharing()


def config(*, examples: int, coverage: bool = False, checks: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "seed": 1,
        "continue-on-failure": True,
        "generation": {
            "max-examples": examples,
            "deterministic": True,
            "database": "none",
            "no-shrink": True,
            "with-security-parameters": False,  # Made-up keys; other tests send them.
        },
        "phases": {"coverage": {"enabled": coverage}},
        # In one process its request without a key fails in schemathesis itself (4.32). Tests below ask all without one, and
        # with a wrong one.
        # What is too large may be wrong, too.
        "checks": {
            "ignored_auth": {"enabled": False},
            "negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]},
            **(checks or {}),
        },
        **more,
    }


def made_right(context: Any, case: Any) -> Any:
    """What is right has only facets of the collection that it asks, JSON where a text holds JSON, and a real photo where it has
    one: else nearly all of it would be refused for a reason that no schema can say, and hardly anything would be searched."""
    if case.meta.generation.mode.is_positive:
        for sent in (case.query, case.body):
            if isinstance(sent, dict):
                _make_parts_right(sent)
        if isinstance(case.body, dict) and case.body.get("image"):
            for name in ("pictures", "photo_token", "box", "object"):
                case.body.pop(name, None)
            case.body["image"] = PHOTO if case.media_type == "multipart/form-data" else base64.b64encode(PHOTO).decode()
    return case


def _make_parts_right(sent: dict[str, Any], collection: Any = None) -> None:
    asked = sent.get("collection") or collection
    for slot in sent.get("slots") or ():
        _make_parts_right(slot, asked)
    known = {facet.name for facet in registry.source(asked or registry.default()).schema}
    if isinstance(facets := sent.get("facets"), str):
        sent["facets"] = ",".join(name for name in facets.split(",") if name in known)
    elif facets:
        sent["facets"] = [name for name in facets if name in known]
    if sent.get("sort") and sent["sort"] != "relevance" and sent["sort"].removeprefix("-") not in known:
        del sent["sort"]
    if isinstance(sent.get("filters"), str):
        sent["filters"] = '{"price": {"gte": 5}}'
    if isinstance(sent.get("pictures"), str):
        del sent["pictures"]
    rules = sent.get("filters")
    for unknown in [name for name in rules if name not in known | {"not"}] if isinstance(rules, dict) else ():
        del rules[unknown]
    if isinstance(rules, dict) and isinstance(rules.get("not"), dict):
        rules["not"] = {name: rule for name, rule in rules["not"].items() if name in known}


def counts(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure is one."""
    if isinstance(failure, AcceptedNegativeData):
        return not (_is_left_empty(case) or _is_a_flag(case))
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    if problem["code"] == "empty_body":  # The client in this process leaves empty fields out of a form.
        return case.media_type != "multipart/form-data"
    return problem["code"] not in UNSAYABLE_CODES and not any(words in problem["detail"] for words in UNSAYABLE_WORDS)


def _is_a_flag(case: Any) -> bool:
    """In a form, 0 and 1 are texts as "false" and "true" are, and mean the same."""
    changed = case.meta.phase.data
    return "was boolean, became integer" in changed.description and case.body[changed.parameter] in (0, 1)


def _is_left_empty(case: Any) -> bool:
    """A field that was left empty is the same as none; the document can't say so of numbers and choices in a form."""
    changed = case.meta.phase.data.parameter
    sent = {**(case.query or {}), **(case.body if isinstance(case.body, dict) else {})}
    return sent.get(changed) in ("", None)


def ask(application: Any, settings: dict[str, Any]) -> dict[str, Counter[int]]:
    """Ask everything; operation -> how often it answered with which status. Asserts that no check failed."""
    schema = schemathesis.openapi.from_wsgi(URL, application, config=SchemathesisConfig.from_dict(settings))
    schema.hook("map_case")(made_right)
    schema.hook("filter_failure")(counts)
    answered: dict[str, Counter[int]] = {}
    failed: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            failed.append(str(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        statuses = answered.setdefault(event.recorder.label, Counter())
        statuses.update(
            one.response.status_code for one in event.recorder.interactions.values() if one.response is not None
        )
        for id, checks in event.recorder.checks.items():
            asked = event.recorder.interactions[id]
            failed += [
                f"{event.recorder.label}: {check.failure_info.failure.title}\n{check.failure_info.failure.message}\n"
                f"{asked.request.uri} {asked.request.body!r:.1500}\n{asked.response and asked.response.content!r:.600}\n"
                f"{event.recorder.cases[id].value.meta.phase.data!r:.400}"
                for check in checks
                if check.failure_info is not None
            ]
    assert not failed, f"{len(failed)} failures\n\n" + "\n\n".join(failed[:20])
    operations = {f"{method.upper()} {path}" for path, said in schema.raw_schema["paths"].items() for method in said}
    assert set(answered) == operations
    return answered


def test_what_an_open_shop_answers(shop, gadgets, application) -> None:
    shop.use(**WIDE)
    _everything_was_found(ask(application, config(examples=30)))


def test_what_a_shop_answers_that_asks_for_keys(shop, gadgets, application) -> None:
    shop.use(**WIDE, API_KEYS_REQUIRED=True)
    _, secret = ApiKey.objects.issue("partner", list(Scope))
    _everything_was_found(ask(application, config(examples=30, auth={"openapi": {"bearer": {"bearer": secret}}})))


@pytest.mark.slow
@pytest.mark.parametrize("closed", [False, True], ids=["open", "asks for keys"])
def test_each_bound_of_each_parameter(shop, gadgets, application, closed) -> None:
    shop.use(**WIDE, API_KEYS_REQUIRED=closed)
    _, secret = ApiKey.objects.issue("partner", list(Scope))
    key = {"auth": {"openapi": {"bearer": {"bearer": secret}}}} if closed else {}
    _everything_was_found(ask(application, config(examples=60, coverage=not closed, **key)))


def _everything_was_found(answered: dict[str, Counter[int]]) -> None:
    """What schemathesis sent was right often enough to be answered, and wrong often enough to be refused."""
    events = answered.pop("POST /api/v1/events")
    assert events[400]
    # Nearly all of the posted questions name products that the shop doesn't have, so whether one is right is chance.
    assert not {name for name, statuses in answered.items() if not statuses[200] and name != "POST /api/v1/search"}
    assert not {name for name, statuses in answered.items() if "health" not in name and not statuses[400]}


# What the shop is -> the settings that make it so, what is sent with each question, how all is then answered, and which
# addresses answer otherwise, since they have no key, no limit or no engine.
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(({"API_KEYS_REQUIRED": True}, {}, 401, OPEN), id="without a key"),
        pytest.param(({"API_KEYS_REQUIRED": True}, {"Authorization": "Bearer vs_x"}, 401, OPEN), id="with a wrong key"),
        pytest.param(({"PROXIES": 0, "LIMITS": dict.fromkeys(LIMITED, "1/day")}, {}, 429, {*OPEN, "health"}), id="too often"),
        pytest.param(({}, {"Accept": "text/html"}, 406, set()), id="in another form"),
        # Without an index help hands over to a person, and says why.
        pytest.param(({}, {}, 503, {*OPEN, "health", "events", "help"}), id="without the engine"),
    ],
)  # fmt: skip
def test_what_is_answered_when_it_cannot_be(shop, application, made, monkeypatch) -> None:
    said, headers, status, others = made
    shop.use(**said)
    monkeypatch.setattr(BreakableEngine, "down", status == 503)
    allowed = {"expected-statuses": ["2xx", "4xx", "503"]}
    checks = dict.fromkeys(("not_a_server_error", "positive_data_acceptance", "negative_data_rejection"), allowed)
    answered = ask(application, config(examples=15, checks=checks, headers=headers))
    if status == 503:
        # Nearly all of the posted questions name products that the shop doesn't have, or a link that it doesn't follow; who
        # asks for shelves of such products is told so without the index. `test_search` and the recommendations' own tests ask
        # both for what there is.
        del answered["POST /api/v1/search"], answered["POST /api/v1/recommendations"]
    for name, statuses in answered.items():
        assert bool(statuses[status]) == (name.rsplit("/", 1)[-1] not in others), (name, statuses)
