"""The OpenAPI document is complete, valid and true."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from tests.api.test_search import HIT_KEYS, KEYS
from tests.api.test_suggest import KEYS as SUGGEST_KEYS
from visual_search import errors
from visual_search.api.requests import PARAMETERS, SHAREABLE, SUGGEST
from visual_search.errors import PictureRefused, VisualSearchError
from visual_search.types import Grade

# A refused picture always has a code of its own (imaging/decode.py); the root is never raised itself.
CODES = [
    error for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, VisualSearchError) and error not in (PictureRefused, VisualSearchError)
]  # fmt: skip


def document(client) -> dict:
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert "json" in response["Content-Type"]
    return response.json()


def test_it_is_valid_and_without_warnings(tmp_path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yaml"))


def test_every_address_is_in_it(client, db) -> None:
    paths = document(client)["paths"]
    names = ("search", "suggest", "products/{id}/similar", "health", "events")
    assert set(paths) == {f"/api/v1/{name}" for name in names}
    assert set(paths["/api/v1/search"]) == {"get", "post"}


def test_it_names_exactly_the_parameters_that_are_accepted(client, db) -> None:
    found = document(client)
    for name in ("MultipartSearchRequest", "JsonSearchRequest"):
        assert set(found["components"]["schemas"][name]["properties"]) == set(PARAMETERS)
    by_get = found["paths"]["/api/v1/search"]["get"]["parameters"]
    assert {parameter["name"] for parameter in by_get} == set(SHAREABLE)
    while_typing = found["paths"]["/api/v1/suggest"]["get"]["parameters"]
    assert {parameter["name"] for parameter in while_typing} == set(SUGGEST)


def test_answers_have_exactly_the_fields_that_it_names(shop, client) -> None:
    schemas = document(client)["components"]["schemas"]
    assert set(schemas["SearchAnswer"]["properties"]) == KEYS
    assert set(schemas["SuggestAnswer"]["properties"]) == SUGGEST_KEYS
    hit = client.get("/api/v1/search", {"q": "chair", "explain": "true"}).json()["hits"][0]
    assert list(schemas["SearchHit"]["properties"]) == list(hit)
    assert set(schemas["SearchHit"]["required"]) == set(hit) - {"explain"}


def test_the_page_for_people_is_complete() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/reference/rest-api.md").read_text()
    names = {*PARAMETERS, *SUGGEST, *SUGGEST_KEYS, *KEYS, *HIT_KEYS, *(grade.value for grade in Grade)}
    assert [name for name in sorted(names) if f"`{name}`" not in page and f'"{name}"' not in page] == []


@pytest.mark.parametrize("error", CODES, ids=lambda error: error.__name__)
def test_every_code_of_an_error_is_on_it(error) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/reference/rest-api.md").read_text()
    assert f"`{error.code}`" in page
