"""The export keeps to UBI 1.3's field rules, and holds sealed rows alone."""

from __future__ import annotations

import json

import jsonschema
import pytest
from django.core.management import call_command

from visual_search.features.query_log.models import AuditEntry

SHORT = {"type": "string", "maxLength": 100}
TIME = {"type": "string", "format": "date-time"}
# The rules of o19s/ubi, schema/1.3.0, in short: which fields must be there, their types and lengths.
QUERY = {
    "type": "object",
    "required": ["user_query"],
    "properties": {
        "application": SHORT, "query_id": SHORT, "client_id": SHORT, "user_query": {"type": "string"}, "timestamp": TIME,
        "query_attributes": {"type": "object"}, "object_id_field": SHORT, "query_response_id": {"type": "string"},
        "query_response_hit_ids": {"type": "array", "items": {"type": "string"}},
    },
}  # fmt: skip
ORDINAL = {"type": "object", "required": ["ordinal"], "properties": {"ordinal": {"type": "integer"}}}
OBJECT = {
    "type": "object", "required": ["object_id"],
    "properties": {"object_id": {"type": "string", "maxLength": 256}, "object_id_type": SHORT, "object_id_field": SHORT},
}  # fmt: skip
EVENT = {
    "type": "object",
    "required": ["action_name", "timestamp"],
    "properties": {
        "application": SHORT, "action_name": SHORT, "query_id": SHORT, "client_id": SHORT, "timestamp": TIME,
        "event_attributes": {
            "type": "object", "required": ["position"], "properties": {"object": OBJECT, "position": ORDINAL},
        },
    },
}  # fmt: skip
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
    call_command("export_query_log", queries=files[0], events=files[1], verbosity=0)
    queries, events = ([json.loads(line) for line in file.read_text().splitlines()] for file in files)
    return queries, events


def test_it_keeps_to_the_public_schema(exported) -> None:
    queries, events = exported
    assert (len(queries), len(events)) == (4, 20)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    for rows, schema in ((queries, QUERY), (events, EVENT)):
        validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
        for row in rows:
            validator.validate(row)
    assert {event["action_name"] for event in events} <= ACTIONS
    assert {event["query_id"] for event in events} <= {query["query_id"] for query in queries}


def test_only_sealed_rows_and_no_client_and_no_rare_text(exported) -> None:
    queries, events = exported
    assert sorted(query["user_query"] for query in queries)[:3] == ["red chair"] * 3
    assert "Annabel" not in repr((queries, events))
    assert "today" not in repr(queries)
    assert not any({"client_id", "user_id", "session_id"} & set(row) for row in (*queries, *events))


def test_the_export_stands_in_the_audit_log(exported) -> None:
    entry = AuditEntry.objects.get(action="export")
    assert entry.facts == {"queries": 4, "events": 20}
