"""The OpenAPI document is complete, valid and true."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from django.test.utils import override_script_prefix
from drf_spectacular.validation import validate_schema
from rest_framework import serializers

from tests.api.test_search import HIT_KEYS, KEYS
from tests.api.test_suggest import KEYS as SUGGEST_KEYS
from visual_search import errors
from visual_search.api import openapi
from visual_search.api.requests import GROUPED, PARAMETERS, SHAREABLE, SHAREABLE_GROUPED, SIMILAR, SUGGEST
from visual_search.errors import PictureRefused, VisualSearchError
from visual_search.querying.likes import MOST_LIKED
from visual_search.querying.negatives import MOST_NEGATIVES
from visual_search.querying.parsing import MOST_WEIGHT, PICTURES
from visual_search.ranking.taste import MAX_BYTES, MAX_EVENTS
from visual_search.suggesting import LIMIT, MOST_LINES
from visual_search.types import Grade

# Below the folder in which a shop includes them; those of features come beside.
ADDRESSES = (
    "search", "search/grouped", "suggest", "{collection}/{id}/similar", "health", "health/live", "health/ready",
)  # fmt: skip
OF_FEATURES = ("events", "help", "recommendations", "{collection}/{id}/related")

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


def test_it_is_valid(client, db) -> None:
    validate_schema(document(client))


def test_it_says_what_it_describes(client, db) -> None:
    found = document(client)
    assert found["info"]["title"] == "Visual search"
    assert found["info"]["version"] == version("django-visual-search")
    assert "No key is needed." in found["info"]["description"]
    assert "servers" not in found  # Addresses begin at the root, if nothing is said.


def test_it_says_how_a_key_is_sent_and_where_one_is_needed(client, settings, db) -> None:
    open_door = document(client)
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "API_KEYS_REQUIRED": True}
    closed = document(client)
    assert "A key is needed. Send it as `Authorization: Bearer" in closed["info"]["description"]
    for found, ways in ((open_door, [{}, {"bearer": []}, {"header": []}]), (closed, [{"bearer": []}, {"header": []}])):
        schemes = found["components"]["securitySchemes"]
        assert (schemes["bearer"]["scheme"], schemes["header"]["name"]) == ("bearer", "X-Api-Key")
        for path, methods in found["paths"].items():
            for said in methods.values():
                open_to_all = path.endswith(("health/live", "health/ready"))
                assert said["security"] == ([] if open_to_all else ways), path
                assert ({"401", "403"} <= said["responses"].keys()) != open_to_all, path
                limited = "health" not in path
                assert ("429" in said["responses"]) == limited, path
                if limited:
                    assert set(said["responses"]["429"]["headers"]) == {
                        "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
                    }  # fmt: skip


def test_a_project_below_a_path_says_so(client, db) -> None:
    with override_script_prefix("/shop/"):
        found = document(client)
    assert found["servers"] == [{"url": "/shop"}]
    assert "/api/v1/search" in found["paths"]


def test_addresses_are_those_of_the_project(client, db, settings) -> None:
    settings.ROOT_URLCONF = "tests.api.urls_elsewhere"
    response = client.get("/de/find/openapi.json")
    assert set(response.json()["paths"]) == {f"/de/find/{name}" for name in ADDRESSES}


def test_a_photo_is_sent_as_it_is_and_a_problem_has_its_own_content_type(client, db) -> None:
    found = document(client)
    asked = found["paths"]["/api/v1/search"]["post"]
    reference = asked["requestBody"]["content"]["multipart/form-data"]["schema"]["$ref"]
    assert reference == "#/components/schemas/MultipartSearchRequest"
    form = found["components"]["schemas"]["MultipartSearchRequest"]["properties"]
    assert (form["image"]["type"], form["image"]["format"]) == ("string", "binary")
    assert {name: form[name]["type"] for name in ("filters", "pictures", "taste")} == dict.fromkeys(
        ("filters", "pictures", "taste"), "string"
    )
    for path in found["paths"].values():
        for said in path.values():
            for status, answer in said["responses"].items():
                kinds = ["application/problem+json" if int(status) >= 400 else "application/json"]
                if status == "503" and said["operationId"] in ("health", "ready"):
                    # They say what isn't well. Without a database there is no looking for a key either.
                    kinds = ["application/json", *(kinds if said["operationId"] == "health" else [])]
                assert list(answer.get("content", kinds)) == kinds, (said["operationId"], status)


def test_it_is_served_to_those_who_ask_for_openapi(client, db) -> None:
    response = client.get("/api/v1/openapi.json", headers={"accept": "application/vnd.oai.openapi+json"})
    assert response["Content-Type"] == "application/vnd.oai.openapi+json"
    assert response.json() == document(client)


def test_every_address_is_in_it(client, db) -> None:
    paths = document(client)["paths"]
    assert set(paths) == {f"/api/v1/{name}" for name in (*ADDRESSES, *OF_FEATURES)}
    assert set(paths["/api/v1/search"]) == set(paths["/api/v1/search/grouped"]) == {"get", "post"}


LINK = "image_url"  # in the document only where the shop takes links


def test_it_names_exactly_the_parameters_that_are_accepted(client, db) -> None:
    found = document(client)
    for name in ("MultipartSearchRequest", "JsonSearchRequest"):
        assert set(found["components"]["schemas"][name]["properties"]) == set(PARAMETERS) - {LINK}
    by_get = found["paths"]["/api/v1/search"]["get"]["parameters"]
    assert {parameter["name"] for parameter in by_get} == set(SHAREABLE)
    for name in ("MultipartGroupedRequest", "JsonGroupedRequest"):
        assert set(found["components"]["schemas"][name]["properties"]) == set(GROUPED) - {LINK}
    of_several = found["paths"]["/api/v1/search/grouped"]["get"]["parameters"]
    assert {parameter["name"] for parameter in of_several} == set(SHAREABLE_GROUPED)
    resembling = found["paths"]["/api/v1/{collection}/{id}/similar"]["get"]["parameters"]
    assert {parameter["name"] for parameter in resembling} == {"collection", "id", *SIMILAR}
    while_typing = found["paths"]["/api/v1/suggest"]["get"]["parameters"]
    assert {parameter["name"] for parameter in while_typing} == set(SUGGEST)


def described(found: dict, name: str) -> list[tuple[dict, str]]:
    """Schema and description of a parameter wherever the document has it: in bodies and in addresses."""
    schemas = found["components"]["schemas"]
    bodies = [schemas[body]["properties"].get(name) for body in ("MultipartSearchRequest", "JsonSearchRequest")]
    asked = [one for path in found["paths"].values() for one in path.get("get", {}).get("parameters", ())]
    inside = [(body, body.get("description", "")) for body in bodies if body]
    return inside + [(one["schema"], one.get("description", "")) for one in asked if one["name"] == name]


def test_limits_that_a_shop_sets_are_in_it_at_once(shop, client) -> None:
    before = document(client)
    shop.use(PAGE_SIZE=12, PAGE_SIZE_MAX=50, QUERY_MAX_CHARS=80, PICTURE_MAX_BYTES=2_000_000)
    found = document(client)
    sizes = described(found, "page_size")
    assert len(sizes) == 5  # both bodies, searching one and several by address, what is similar
    assert {(schema["minimum"], schema["maximum"], schema["default"]) for schema, _ in sizes} == {(1, 50, 12)}
    assert {text for _, text in sizes} == {"1 to 50."}
    assert {text for _, text in described(before, "page_size")} == {"1 to 100."}
    words = [text for _, text in described(found, "q")]
    assert len(words) == 5  # suggestions have no page, but words
    assert all(text.endswith("Cut after 80 characters.") for text in words)
    assert all("2,000,000 bytes" in text for _, text in described(found, "image"))
    assert client.get("/api/v1/search", {"q": "chair", "page_size": 50}).status_code == 200
    assert client.get("/api/v1/search", {"q": "chair", "page_size": 51}).status_code == 400


def test_limits_that_no_shop_sets_are_those_that_hold(client, db) -> None:
    found = document(client)
    asked = found["paths"]["/api/v1/suggest"]["get"]["parameters"]
    ((limit, text),) = [(one["schema"], one["description"]) for one in asked if one["name"] == "limit"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, MOST_LINES, LIMIT)
    assert text == f"1 to {MOST_LINES}, default {LIMIT}."
    weights = described(found, "q_weight")
    assert {(schema["minimum"], schema["maximum"], schema["default"]) for schema, _ in weights} == {(0, MOST_WEIGHT, 1)}
    for name, said in {
        "pictures": f"Up to {PICTURES} photos",
        "taste": f"at most {MAX_EVENTS} entries and {MAX_BYTES // 1024} KiB",
        "like": f"at most {MOST_LIKED}",
        "unlike": f"at most {MOST_NEGATIVES}",
        "q_not": f"at most {MOST_NEGATIVES} phrases",
    }.items():
        texts = [text for _, text in described(found, name)]
        assert texts
        assert all(said in text for text in texts), (name, texts)


def test_values_that_the_shop_decides_are_those_that_it_has(client, db) -> None:
    found = document(client)
    schemas = found["components"]["schemas"]
    # The products' facets, and those of the second collection, "gadgets".
    facets = ["category", "brand", "colour", "price", "in_stock", "maker", "tags"]
    orders = ["relevance", "price", "-price"]
    ((order, _), *_others) = described(found, "sort")
    assert order["enum"] == orders
    body = schemas["JsonSearchRequest"]["properties"]
    assert body["sort"]["enum"] == [*orders, None]
    assert body["facets"]["anyOf"][1]["items"]["enum"] == facets
    assert list(body["filters"]["properties"]) == [*facets, "not"]
    assert list(body["filters"]["properties"]["not"]["properties"]) == facets
    assert body["filters"]["properties"]["in_stock"]["anyOf"][0] == {"type": "boolean"}
    assert body["filters"]["properties"]["price"]["anyOf"][2]["properties"].keys() == {"gte", "lte"}
    similar = found["paths"]["/api/v1/{collection}/{id}/similar"]["get"]["parameters"]
    assert (
        similar[0]["schema"]["enum"]
        == schemas["JsonGroupedRequest"]["properties"]["collections"]["anyOf"][1]["items"]["enum"]
        == ["products", "gadgets"]
    )


def test_lists_are_lists_in_json_and_texts_elsewhere(client, db) -> None:
    schemas = document(client)["components"]["schemas"]
    in_json, in_form = (schemas[name]["properties"] for name in ("JsonSearchRequest", "FormSearchRequest"))
    for name, most in {"like": MOST_LIKED, "unlike": MOST_NEGATIVES, "q_not": MOST_NEGATIVES}.items():
        assert [one["type"] for one in in_json[name]["anyOf"]] == ["string", "array"]
        assert in_json[name]["anyOf"][1]["maxItems"] == most
        assert in_form[name]["type"] == "string"
    assert (in_json["pictures"]["type"], in_json["pictures"]["maxItems"]) == ("array", PICTURES)
    for name, count in {"box": 4, "point": 2}.items():
        shares = in_json[name]["anyOf"][0]
        assert (shares["minItems"], shares["maxItems"], shares["items"]["maximum"]) == (count, count, 1)
        assert in_form[name]["type"] == "string"
    assert (
        schemas["Events"]["properties"]["events"]["minItems"],
        schemas["Events"]["properties"]["events"]["maxItems"],
    ) == (1, 50)


def test_what_is_refused_is_not_in_it(shop, client) -> None:
    schemas = document(client)["components"]["schemas"]
    bodies = {name: schema for name, schema in schemas.items() if name.endswith("Request")}
    assert len(bodies) == 6
    assert all(schema["additionalProperties"] is False for schema in bodies.values())
    assert all(("minProperties" in schema) != name.startswith("Json") for name, schema in bodies.items())
    assert client.post("/api/v1/search", {"colour": "red"}, "application/json").status_code == 400
    # Null is the same as nothing, but a lost photo isn't.
    body = schemas["JsonSearchRequest"]["properties"]
    null = {name for name, one in body.items() if any("nullable" in part for part in (one, *one.get("anyOf", ())))}
    assert set(PARAMETERS) - null == {"image", "pictures", LINK}
    assert client.post("/api/v1/search", dict.fromkeys(null), "application/json").status_code == 200
    for name in ("image", "pictures"):
        assert client.post("/api/v1/search", {name: None}, "application/json").status_code == 400


def test_every_answer_says_in_it_which_headers_it_has(client, db) -> None:
    for path, methods in document(client)["paths"].items():
        for said in methods.values():
            for status, answer in said["responses"].items():
                headers = set(answer.get("headers", ()))
                assert ("RateLimit-Remaining" in headers) == ("health" not in path), (path, status)
                # Who watches the shop asks again in its own time.
                waits = status in ("429", "503") and not path.endswith("/ready")
                assert ("Retry-After" in headers) == waits, (path, status)
                assert ("WWW-Authenticate" in headers) == (status == "401"), (path, status)
            assert "406" in said["responses"], path


def test_what_may_be_empty_in_an_address_may_be_so_in_the_document(shop, client) -> None:
    named = document(client)["paths"]["/api/v1/search"]["get"]["parameters"]
    empty = [one["name"] for one in named if one["schema"]["type"] == "string"]
    assert {"q", "filters", "lang", "sort"} <= set(empty)
    assert all("minLength" not in one["schema"] for one in named)
    assert client.get("/api/v1/search", dict.fromkeys(empty, "")).status_code == 200


def test_answers_have_exactly_the_fields_that_it_names(shop, client) -> None:
    schemas = document(client)["components"]["schemas"]
    assert set(schemas["SearchAnswer"]["properties"]) == KEYS
    assert set(schemas["Group"]["properties"]) == {"label", *KEYS}
    assert set(schemas["SuggestAnswer"]["properties"]) == SUGGEST_KEYS
    hit = client.get("/api/v1/search", {"q": "chair", "explain": "true"}).json()["hits"][0]
    assert list(schemas["SearchHit"]["properties"]) == list(hit)
    assert set(schemas["SearchHit"]["required"]) == set(hit) - {"explain"}


def test_a_field_of_a_kind_that_it_does_not_know_is_named() -> None:
    class Duration(serializers.Serializer[dict[str, object]]):
        length = serializers.DurationField()

    with pytest.raises(NotImplementedError, match="DurationField"):
        openapi._reference(Duration, {})


def test_the_page_for_people_is_complete() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/reference/rest-api.md").read_text()
    names = {*PARAMETERS, *GROUPED, *SUGGEST, *SUGGEST_KEYS, *KEYS, *HIT_KEYS, *(grade.value for grade in Grade)}
    assert [name for name in sorted(names) if f"`{name}`" not in page and f'"{name}"' not in page] == []


@pytest.mark.parametrize("error", CODES, ids=lambda error: error.__name__)
def test_every_code_of_an_error_is_on_it(error) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/reference/rest-api.md").read_text()
    assert f"`{error.code}`" in page
