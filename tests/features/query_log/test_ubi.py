"""The export keeps to UBI 1.3's field rules, and holds sealed rows alone."""

from __future__ import annotations

import json
from datetime import datetime

import jsonschema
import pytest
from django.core.management import call_command

from visual_search.features.query_log.models import AuditEntry

SHORT = {"type": "string", "maxLength": 100}
TIME = {"type": "string", "format": "date-time"}
ANY_ID = {"anyOf": [{"type": "string", "maxLength": 256}, {"type": "integer"}]}
# All field rules of o19s/ubi, schema/1.3.0. Where it says `oneOf` a well-known value or any short text, no well-known value is
# valid by the letter, for it is both; any short text is what its examples and tools take.
QUERY = {
    "type": "object",
    "required": ["user_query"],
    "properties": {
        "application": SHORT, "query_id": SHORT, "client_id": SHORT, "user_query": {"type": "string"}, "timestamp": TIME,
        "query_attributes": {"type": "object"}, "object_id_field": SHORT, "query_response_id": {"type": "string"},
        "query_response_hit_ids": {"type": "array", "items": {"type": "string"}},
    },
}  # fmt: skip
POINT = {"type": "object", "required": ["x", "y"], "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}
POSITION = {
    "type": "object",
    "oneOf": [
        {"required": ["ordinal"], "properties": {"ordinal": {"type": "integer"}}},
        {"required": ["xy"], "properties": {"xy": POINT}},
    ],
}
OBJECT = {
    "type": "object", "required": ["object_id"],
    "properties": {"object_id": ANY_ID, "object_id_type": SHORT, "object_id_field": SHORT, "internal_id": ANY_ID},
}  # fmt: skip
EVENT = {
    "type": "object",
    "required": ["action_name", "timestamp"],
    "properties": {
        "application": SHORT, "action_name": SHORT, "query_id": SHORT, "session_id": SHORT, "client_id": SHORT, "user_id": SHORT,
        "timestamp": TIME, "message_type": SHORT, "message": {"type": "string", "maxLength": 1024},
        "event_attributes": {
            "type": "object", "required": ["position"], "properties": {"object": OBJECT, "position": POSITION},
        },
    },
}  # fmt: skip
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_time_with_zone(value: object) -> bool:
    """OpenSearch takes no time without a zone."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def valid(row: dict, schema: dict) -> bool:
    return jsonschema.Draft202012Validator(schema, format_checker=FORMATS).is_valid(row)


# What UBI knows by name; other names are allowed, but no tool would count them.
ACTIONS = {"click_through", "add_to_cart", "click", "watch", "view", "purchase", "impression"}


@pytest.fixture
def exported(shop, tmp_path) -> tuple[list[dict], list[dict]]:
    shop.knows("Red Chair")
    ids = [shop.ask("red chair", client=n) for n in range(3)]
    rare = shop.ask("red Annabel", client=4)
    for id in (*ids, rare):
        for action, position in (("impression", 1), ("click", 2), ("basket", None), ("purchase", None), ("view", 3)):
            shop.buffer.event(id, action, "17", position=position, opted_out=False)
    shop.finish_day()
    shop.ask("today", client=5)
    shop.buffer.flush()
    files = tmp_path / "queries.jsonl", tmp_path / "events.jsonl"
    call_command("visual_search", "export_query_log", queries=files[0], events=files[1], verbosity=0)
    queries, events = ([json.loads(line) for line in file.read_text().splitlines()] for file in files)
    return queries, events


def test_it_keeps_to_the_public_schema(exported) -> None:
    queries, events = exported
    assert (len(queries), len(events)) == (4, 20)
    assert all(valid(row, QUERY) for row in queries)
    assert all(valid(row, EVENT) for row in events)
    # What has no rule in the schema is nothing that it names otherwise.
    assert {name for row in queries for name in row} <= QUERY["properties"].keys()
    assert {name for row in events for name in row} <= EVENT["properties"].keys() | {"object_id"}
    assert {event["action_name"] for event in events} <= ACTIONS
    assert {event["query_id"] for event in events} <= {query["query_id"] for query in queries}


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        (QUERY, {"user_query": None}), (QUERY, {"timestamp": "yesterday"}), (QUERY, {"timestamp": "2026-01-01T10:00:00"}),
        (QUERY, {"application": "x" * 101}), (QUERY, {"query_response_hit_ids": [1]}), (QUERY, {"query_attributes": "x"}),
        (EVENT, {"action_name": "x" * 101}), (EVENT, {"timestamp": 1}), (EVENT, {"query_id": 7}),
        (EVENT, {"event_attributes": {}}), (EVENT, {"event_attributes": {"position": {"ordinal": "1"}}}),
        (EVENT, {"event_attributes": {"position": {}}}), (EVENT, {"event_attributes": {"position": {"ordinal": 1}, "object": {}}}),
    ],
)  # fmt: skip
def test_the_rules_refuse_what_breaks_them(exported, schema, wrong) -> None:
    """The control: one of our own rows, spoiled in one place."""
    row = exported[0 if schema is QUERY else 1][0]
    assert valid(row, schema)
    assert not valid({**row, **wrong}, schema)


def test_only_sealed_rows_and_no_client_and_no_rare_text(exported) -> None:
    queries, events = exported
    assert sorted(query["user_query"] for query in queries)[:3] == ["red chair"] * 3
    assert "Annabel" not in repr((queries, events))
    assert "today" not in repr(queries)
    assert not any({"client_id", "user_id", "session_id"} & set(row) for row in (*queries, *events))


def test_the_export_stands_in_the_audit_log(exported) -> None:
    entry = AuditEntry.objects.get(action="export")
    assert entry.facts == {"queries": 4, "events": 20}
