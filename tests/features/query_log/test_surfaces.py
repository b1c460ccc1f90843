"""What shoppers see draws on public lists alone: every page and address of the shop is looked at (promise P4)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.features.query_log.test_suggest import release
from tests.search.shop import _intact, empty_shop  # noqa: F401
from visual_search.content import phrases
from visual_search.features import query_log
from visual_search.features.query_log.models import EventCount, LoggedQuery, QueryCount
from visual_search.signals import phrases_wanted

STAFF = "chair canarystaff"  # what ten browsers typed, so that staff may read it
MASKED = "chair canarymasked"
RELEASED = "red chair"


def addresses(patterns=None, before: str = "") -> Iterator[str]:
    """Each address of the shop that takes no part of its path from the caller; the admin is for staff."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(pattern.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and not any(mark in path for mark in "<(?\\[") and "admin" not in path:
            yield f"/{path}"


@pytest.fixture
def kept(shop, empty_shop) -> None:  # noqa: F811
    shop.use()
    empty_shop.fill()
    QueryCount.objects.create(day=1, text=STAFF, clients=400, queries=500, without_results=0)
    EventCount.objects.create(day=1, text=STAFF, object_id="1", action_name="click", position=1, events=900)
    LoggedQuery.objects.create(
        hour="2026-01-01T00:00Z", day=1, application="shop", collection="products", kind="text", results="1-9",
        took="<100ms", text=STAFF, masked=MASKED,
    )  # fmt: skip
    release(1, **{RELEASED.replace(" ", "_"): 90})
    release(1, "categories", **{"category:canarycategory": 90})
    phrases.forget()


def test_no_page_and_no_address_says_what_only_staff_may_read(kept, client) -> None:
    asked = sorted(set(addresses()))
    assert {"/api/v1/suggest", "/api/v1/search"} <= set(asked)
    answered = 0
    for address in asked:
        for query in ({}, {"q": "cha"}, {"q": "chair c"}):
            answer = client.get(address, query)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            answered += answer.status_code == 200
            assert b"canary" not in body, f"{address} {query}"
    assert answered > 10


def test_what_is_released_is_suggested(kept, client) -> None:
    """The control: the address does show what a list says."""
    lines = client.get("/api/v1/suggest", {"q": "cha"}).json()["suggestions"]
    assert RELEASED in [line["title"] for line in lines]


def test_what_features_tell_of_questions_is_a_public_list(kept) -> None:
    told = [said for _, said in phrases_wanted.send(sender=None, collection="products") if said]
    assert told == [{RELEASED: 90}]


@pytest.mark.parametrize("module", ["api", "views", "receivers", "consent", "events", "templatetags/query_log"])
def test_modules_that_answer_shoppers_read_no_table_of_staff(module: str) -> None:
    tree = ast.parse((Path(query_log.__file__).parent / f"{module}.py").read_text())
    read = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("query_log.models")
        for alias in node.names
    }
    assert read == set()
