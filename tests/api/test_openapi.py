"""The OpenAPI document is complete, valid and true."""

from __future__ import annotations

from django.core.management import call_command

from tests.api.test_search import HIT_KEYS, KEYS
from visual_search.api.requests import PARAMETERS, SHAREABLE


def document(client) -> dict:
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert "json" in response["Content-Type"]
    return response.json()


def test_it_is_valid_and_without_warnings(tmp_path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yaml"))


def test_every_address_is_in_it(client, db) -> None:
    paths = document(client)["paths"]
    assert set(paths) == {"/api/v1/search", "/api/v1/products/{id}/similar", "/api/v1/health"}
    assert set(paths["/api/v1/search"]) == {"get", "post"}


def test_it_names_exactly_the_parameters_that_are_accepted(client, db) -> None:
    found = document(client)
    for name in ("MultipartSearchRequest", "JsonSearchRequest"):
        assert set(found["components"]["schemas"][name]["properties"]) == set(PARAMETERS)
    by_get = found["paths"]["/api/v1/search"]["get"]["parameters"]
    assert {parameter["name"] for parameter in by_get} == set(SHAREABLE)


def test_answers_have_exactly_the_fields_that_it_names(client, db) -> None:
    schemas = document(client)["components"]["schemas"]
    assert set(schemas["SearchAnswer"]["properties"]) == KEYS
    assert set(schemas["SearchHit"]["properties"]) == HIT_KEYS | {"explain"}
