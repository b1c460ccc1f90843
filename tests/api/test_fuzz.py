"""Whatever is sent, the server answers with a page or says what is wrong; it never breaks."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.search.shop import photo_of
from visual_search.api.requests import PARAMETERS, SUGGEST

URL = "/api/v1/search"
ANSWERS = {200, 400, 404, 405, 406, 413, 415, 422}
fuzz = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

JPEG = photo_of("chair", "red")
# Letters that have broken parsers: NUL, half surrogates, direction marks, a ligature that normalises to 18 letters.
text = st.text(
    st.one_of(st.characters(), st.sampled_from("\x00\ud800\udfff\u202e\ufdfa\u0130\u200d ,=&%{}[]\"'")), max_size=30
)
plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-(10**25), 10**25), st.floats(), text,
    st.sampled_from(["1", "true", "price", "-price", "relevance", "Home", "red", "de", "{}", "[]", "1e999"]),
)  # fmt: skip
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=8
)
fields = st.sampled_from(["category", "brand", "colour", "price", "in_stock", "not", "weight", ""])
filters = st.dictionaries(
    fields,
    st.one_of(values, st.dictionaries(st.sampled_from(["gte", "lte", "not", "price"]), values, max_size=3)),
    max_size=4,
)
images = st.one_of(
    values,
    st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode()),
    st.tuples(st.integers(0, len(JPEG) - 1), st.integers(0, 255)).map(
        lambda change: base64.b64encode(JPEG[: change[0]] + bytes([change[1]]) + JPEG[change[0] + 1 :]).decode()
    ),
)
bodies = st.one_of(
    values,
    st.dictionaries(st.sampled_from(PARAMETERS) | text, values, max_size=5),
    st.fixed_dictionaries({}, optional={"q": text, "filters": filters, "sort": plain, "page": plain, "like": values}),
    st.fixed_dictionaries({"image": images}, optional={"q": text, "page_size": plain}),
)


def check(response) -> None:
    assert response.status_code in ANSWERS, (response.status_code, response.content[:500])
    body = json.loads(response.content)
    if response.status_code != 200:
        assert response["Content-Type"] == "application/problem+json"
        assert body["detail"]


@fuzz
@given(body=bodies)
def test_json(shop, client, body) -> None:
    check(client.post(URL, json.dumps(body), "application/json"))


@fuzz
@given(
    body=st.binary(max_size=300),
    content_type=st.one_of(
        st.sampled_from([
            "application/json", "application/json; charset=latin-1", "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b", "multipart/form-data", "multipart/form-data; boundary=", "text/html",
            "application/json; charset=unicode_escape", "image/jpeg", "/", ";", "",
        ]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    ),
)  # fmt: skip
def test_bytes(shop, client, body, content_type) -> None:
    check(client.generic("POST", URL, body, content_type))


@fuzz
@given(name=st.sampled_from(["image", "q", "filters", "like"]), filename=text, data=st.binary(max_size=200), head=text)
def test_multipart(shop, client, *, name, filename, data, head) -> None:
    def clean(value: str) -> bytes:
        return value.encode("utf-8", "replace").replace(b"\r", b"").replace(b"\n", b"").replace(b'"', b"")

    body = b"".join([
        b'--b\r\nContent-Disposition: form-data; name="', name.encode(), b'"; filename="', clean(filename), b'"\r\n',
        b"Content-Type: ", clean(head), b"\r\n\r\n", data, b"\r\n--b--\r\n",
    ])  # fmt: skip
    check(client.generic("POST", URL, body, "multipart/form-data; boundary=b"))


@fuzz
@given(
    query=st.dictionaries(
        st.sampled_from(PARAMETERS[:-2]) | text, text | st.sampled_from(["2", "price", "true"]), max_size=4
    )
)
def test_addresses(shop, client, query) -> None:
    encoded = {key.encode("utf-8", "replace"): value.encode("utf-8", "replace") for key, value in query.items()}
    check(client.get(URL, encoded))


@fuzz
@given(id=text.filter(lambda id: id not in ("", ".", "..")))
def test_ids(shop, client, id) -> None:
    check(client.get(f"/api/v1/products/{quote(id.encode('utf-8', 'replace'), safe='')}/similar"))


@pytest.mark.parametrize("depth", [300, 500, 700, 800, 900, 950])
@pytest.mark.parametrize("inside", ["filters", "q"])
def test_depth(shop, client, depth, inside) -> None:
    nested = '{"not":' * depth + "1" + "}" * depth
    check(client.post(URL, f'{{"{inside}": {nested}}}', "application/json"))
    check(client.post(URL, {inside: nested}))


@fuzz
@given(asked=st.dictionaries(st.sampled_from(SUGGEST), st.one_of(text, st.integers()), max_size=3))
def test_suggest(shop, client, asked) -> None:
    sent = {name: str(value).encode("utf-8", "surrogatepass") for name, value in asked.items()}
    check(client.get(f"/api/v1/suggest?{urlencode(sent)}"))
