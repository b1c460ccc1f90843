"""Whatever is sent to the addresses that clients of other services know, the answer is one that these clients read."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.test_fuzz import fuzz, images, plain, text, values
from tests.features.compatibility.conftest import PLACE, SET, content
from visual_search.features.compatibility.annotating import _CONTEXT, _PARAMS, _REQUEST
from visual_search.features.compatibility.multisearch import ANSWERED, OF_FACET_SEARCH, REFUSED

GOOGLE = {200, 400, 404, 405, 501}
ALGOLIA = {200, 400, 404, 405, 406, 413}
PHOTO = content("chair", "red")
filters = st.lists(
    st.sampled_from(
        [
            "colour",
            "price",
            "brand",
            "category.lvl1",
            "=",
            ":",
            ">=",
            "<",
            "-",
            "10",
            "red",
            "AND",
            "OR",
            "NOT",
            "(",
            ")",
            "TO",
            '"',
            "'",
            " ",
            "\\",
            ",",
        ]
    ),
    max_size=16,
).map("".join) | st.lists(
    st.sampled_from(["colour=red", "price=10", "colour:red", "price>10", "AND", "OR", "NOT", "(", ")"]), max_size=12
).map(" ".join)
polys = st.fixed_dictionaries({}, optional={
    "vertices": values | st.lists(st.fixed_dictionaries({}, optional={"x": plain, "y": plain}), max_size=4),
    "normalizedVertices": values | st.lists(st.fixed_dictionaries({}, optional={"x": plain, "y": plain}), max_size=4),
})  # fmt: skip
params = st.fixed_dictionaries({"productSet": st.just(SET) | values}, optional={
    "filter": filters | values, "boundingPoly": polys | values, "productCategories": values,
})  # fmt: skip
requests = st.one_of(
    values,
    st.dictionaries(st.sampled_from(_REQUEST + _CONTEXT + _PARAMS) | text, values, max_size=4),
    st.fixed_dictionaries({
        "image": st.just({"content": PHOTO}) | st.fixed_dictionaries({"content": images}) | values,
        "features": st.just([{"type": 12}]) | st.lists(st.fixed_dictionaries({"type": plain}, optional={"maxResults": plain}), max_size=3) | values,
        "imageContext": st.fixed_dictionaries({"productSearchParams": params}) | values,
    }),
)  # fmt: skip
# All but one part is as it should be, so that the odd one gets as far as it can.
nearly_requests = st.one_of(
    st.fixed_dictionaries({"filter": filters}), st.fixed_dictionaries({"boundingPoly": polys}),
    st.fixed_dictionaries({"productCategories": values}), st.just({}),
).map(lambda odd: {
    "image": {"content": PHOTO}, "features": [{"type": 12}],
    "imageContext": {"productSearchParams": {"productSet": SET, **odd}},
})  # fmt: skip
names = st.sampled_from(ANSWERED + OF_FACET_SEARCH + REFUSED) | text
questions = st.one_of(
    values,
    st.fixed_dictionaries(
        {"indexName": st.sampled_from(["products", "products_price_desc"]) | text},
        optional={
            "params": st.dictionaries(names, values, max_size=5) | text | values,
            "type": st.sampled_from(["facet", "default"]) | plain,
            "facet": st.sampled_from(["brand", "price"]) | plain,
            "facetName": plain,
            "query": text,
            "filters": filters,
            "facetFilters": st.lists(filters | st.lists(filters, max_size=3), max_size=3) | filters,
            "numericFilters": st.lists(filters, max_size=3) | filters,
            "attributesToRetrieve": values,
            "highlightPreTag": text,
            "page": plain,
            "hitsPerPage": plain,
        },
    ),
)
nearly_questions = st.fixed_dictionaries({
    "indexName": st.sampled_from(["products", "products_price_desc"]),
    "params": st.one_of(
        st.dictionaries(names, values, max_size=1),
        st.fixed_dictionaries({"query": text, "highlightPreTag": text, "facets": st.lists(text | st.just("brand"), max_size=2)}),
        st.fixed_dictionaries({"filters": filters}), st.fixed_dictionaries({"facetName": st.just("colour"), "facetQuery": text}),
        st.fixed_dictionaries({"facetFilters": st.lists(filters, max_size=1)}), st.dictionaries(text, values, max_size=3),
    ),
})  # fmt: skip


def check_google(response) -> None:
    assert response.status_code in GOOGLE, (response.status_code, response.content[:500])
    body = json.loads(response.content)
    if response.status_code != 200:
        assert body["error"]["code"] == response.status_code
        assert body["error"]["message"]
        assert body["error"]["status"] in {"INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED"}


def check_algolia(response) -> None:
    assert response.status_code in ALGOLIA, (response.status_code, response.content[:500])
    body = json.loads(response.content)
    if response.status_code != 200:
        assert body["status"] == response.status_code
        assert body["message"]


@fuzz
@given(body=st.lists(nearly_requests | requests, max_size=2).map(lambda listed: {"requests": listed}) | values)
def test_annotate(shop, client, body) -> None:
    response = client.post("/v1/images:annotate", json.dumps(body), "application/json")
    check_google(response)
    if response.status_code == 200:
        answered = response.json()["responses"]
        assert len(answered) == len(body["requests"])
        assert all(set(one) & {"productSearchResults", "error"} for one in answered)


@fuzz
@given(body=st.lists(nearly_questions | questions, max_size=2) | values)
def test_queries(shop, client, body) -> None:
    response = client.post("/1/indexes/*/queries", json.dumps(body), "text/plain")
    check_algolia(response)
    if response.status_code == 200:
        assert len(response.json()["results"]) == len(
            body.get("requests") or [] if isinstance(body, dict) else body or []
        )


@fuzz
@given(index=text.filter(lambda name: name not in ("", ".", "..")), body=st.dictionaries(names, values, max_size=4))
def test_one_index(shop, client, index, body) -> None:
    path = quote(index.encode("utf-8", "replace"), safe="")
    check_algolia(client.post(f"/1/indexes/{path}/query", json.dumps(body), "application/json"))


@fuzz
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(["text/plain", "application/json; charset=latin-1", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "", "/"]),
)  # fmt: skip
def test_bytes(shop, client, body, kind) -> None:
    check_google(client.generic("POST", "/v1/images:annotate", body, kind))
    check_algolia(client.generic("POST", "/1/indexes/*/queries", body, kind))


@fuzz
@given(
    parts=st.lists(st.sampled_from(["products", "productSets", "referenceImages", "1", "products.1", ":import"]) | text, min_size=1, max_size=4),
    query=st.dictionaries(st.sampled_from(["pageSize", "pageToken", "$alt", "format"]) | text, text, max_size=2),
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
)  # fmt: skip
def test_resources(shop, client, *, parts, query, method) -> None:
    path = "/".join(quote(part.encode("utf-8", "replace"), safe=":") for part in parts if part not in (".", ".."))
    asked = {key.encode("utf-8", "replace"): value.encode("utf-8", "replace") for key, value in query.items()}
    check_google(client.generic(method, f"/v1/{PLACE}/{path}", QUERY_STRING=urlencode(asked)))


@pytest.mark.parametrize("depth", [10, 17, 100, 900, 5000])
def test_depth(shop, client, depth) -> None:
    nested = "[" * depth + "]" * depth
    check_algolia(
        client.post("/1/indexes/*/queries", f'[{{"indexName": "products", "facetFilters": {nested}}}]', "text/plain")
    )
    check_google(client.post("/v1/images:annotate", f'{{"requests": [{{"image": {nested}}}]}}', "application/json"))
