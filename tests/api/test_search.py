"""The REST API over HTTP, with everything behind it real."""

from __future__ import annotations

import base64
import json
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.search.shop import draw, photo_of, to_bytes
from tests.shop import doubles
from visual_search import wiring
from visual_search.api.requests import PARAMETERS
from visual_search.models import IndexEntry, State
from visual_search.querying import tokens

URL = "/api/v1/search"
KEYS = {
    "groups", "collection", "query_id", "took_ms", "total", "page", "page_size", "language", "hits", "facets", "photo_token", "warnings",
    "degraded", "notes", "redirect", "banners", "timings_ms", "seen", "box", "objects", "proposals", "pictures", "q", "q_not", "spelt",
    "did_you_mean", "understood", "narrower", "distant",
}  # fmt: skip
# What clients know a hit by, in this order. A card's new fields come by themselves (test_tiles.py).
HIT_KEYS = [
    "id", "sku", "title", "url", "image", "price", "in_stock", "score", "grade", "picture", "reason", "label_words",
    "because",
]  # fmt: skip


def upload(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def post_json(client, body, **more):
    return client.post(URL, body if isinstance(body, str | bytes) else json.dumps(body), "application/json", **more)


def skus(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [hit["sku"] for hit in response.json()["hits"]]


def problem(response, status: int, field: str | None = None, code: str | None = None) -> dict:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == status
    assert body["detail"]
    if field is not None:
        assert body["field"] == field
    if code is not None:
        assert body["code"] == code
    return body


def test_counts_beside_checkboxes(shop, client) -> None:
    asked = {
        "q": "chair",
        "filters": {"brand": ["Nordic"], "price": {"lte": 50}},
        "facets": ["brand", "price", "colour"],
    }
    plain, ticked = (post_json(client, {**asked, "disjunctive": each}).json() for each in (False, True))
    assert (
        (plain["total"], plain["distant"])
        == (ticked["total"], ticked["distant"])
        == ({"value": 1, "relation": "eq"}, 0)
    )
    assert [facet["objects"] for facet in plain["facets"]] == [1, 1, 1]
    brand, price, colour = ticked["facets"]
    assert price["range"] == {"min": 49.0, "max": 59.0}
    assert colour["items"] == [{"value": "red", "count": 1}]
    assert brand["items"] == [{"value": "Nordic", "count": 1}]
    assert price["objects"] == 2
    assert client.get(URL, {"q": "chair", "disjunctive": "perhaps"}).status_code == 400


# --- Answers ------------------------------------------------------------------------------------


def test_a_photo_as_multipart(shop, client) -> None:
    response = client.post(URL, {"image": upload(photo_of("chair", "red")), "page_size": "3"})
    assert skus(response)[0] == "CHR-RED-01"
    body = response.json()
    assert set(body) == KEYS
    assert all([key for key in hit if key in HIT_KEYS] == HIT_KEYS for hit in body["hits"])
    assert UUID(body["query_id"])
    assert body["total"] == {"value": 6, "relation": "eq"}
    assert (body["page"], body["page_size"], len(body["hits"])) == (1, 3, 3)
    assert body["hits"][0]["grade"] == "same item"
    assert body["hits"][0]["price"] == "€49.00"
    price = next(facet for facet in body["facets"] if facet["key"] == "price")
    assert price["range"] == {"min": 9.0, "max": 499.0}
    stock = next(facet for facet in body["facets"] if facet["key"] == "in_stock")
    assert {"value": True, "count": 5} in stock["items"]


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
def test_a_photo_as_json(shop, client, prefix) -> None:
    image = prefix + base64.b64encode(photo_of("chair", "red")).decode()
    assert skus(post_json(client, {"image": image}))[0] == "CHR-RED-01"


def test_base64_in_lines_is_read_as_mail_and_command_lines_write_it(shop, client) -> None:
    assert skus(post_json(client, {"image": base64.encodebytes(photo_of("chair", "red")).decode()}))[0] == "CHR-RED-01"


def test_a_token_repeats_the_photo_with_filters_and_pages(shop, client) -> None:
    first = client.post(URL, {"image": upload(photo_of("chair", "red"))})
    token = first.json()["photo_token"]
    again = post_json(client, {"photo_token": token})
    assert skus(again) == skus(first)
    assert again.json()["photo_token"]
    filtered = post_json(client, {"photo_token": token, "filters": {"category": ["Home > Seating"]}})
    assert skus(filtered) == [sku for sku in skus(first) if sku[:3] in ("CHR", "SOF")]
    second = post_json(client, {"photo_token": token, "page": 2, "page_size": 2})
    assert skus(second) == skus(first)[2:4]


def test_words_by_get_and_by_post_are_the_same(shop, client) -> None:
    by_get = client.get(URL, {"q": "red chair"})
    assert skus(by_get)[0] == "CHR-RED-01"
    assert by_get.json()["photo_token"] == ""
    assert skus(post_json(client, {"q": "red chair"})) == skus(by_get)
    form = client.post(URL, "q=red+chair", "application/x-www-form-urlencoded")
    assert skus(form) == skus(by_get)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"category": ["Home > Seating > Chairs", "Kitchen"]}, {"CHR-RED-01", "CHR-BLU-02", "MUG-BLK-05"}),
        ({"category": "Kitchen"}, {"MUG-BLK-05"}),
        ({"price": {"gte": 50, "lte": 100}}, {"CHR-BLU-02", "LMP-BRS-04"}),
        ({"price": {"lte": 9}}, {"MUG-BLK-05"}),
        ({"price": [9, 25]}, {"MUG-BLK-05", "GFT-CRD-07"}),
        ({"in_stock": False}, {"LMP-BRS-04"}),
        ({"brand": ["Nordic"], "colour": ["red", "green"]}, {"CHR-RED-01"}),
        ({"not": {"brand": ["Plain"]}}, {"CHR-RED-01", "CHR-BLU-02"}),
        ({"not": {"price": {"gte": 20}}}, {"MUG-BLK-05"}),
    ],
)
def test_filters(shop, client, filters, expected) -> None:
    for response in (post_json(client, {"filters": filters}), client.get(URL, {"filters": json.dumps(filters)})):
        assert set(skus(response)) == expected
        assert response.json()["total"]["value"] == len(expected)


def test_orders(shop, client) -> None:
    assert skus(client.get(URL, {"sort": "price", "page_size": 2})) == ["MUG-BLK-05", "GFT-CRD-07"]
    assert skus(client.get(URL, {"sort": "-price", "page_size": 1})) == ["SOF-GRN-03"]


def test_a_chosen_language_chooses_the_title(shop, client) -> None:
    for tag in ("de", "de-AT", "DE_ch"):
        body = client.get(URL, {"q": "chair", "lang": tag}).json()
        assert {"Roter Stuhl", "Blauer Stuhl"} <= {hit["title"] for hit in body["hits"]}


def test_facets_and_explain(shop, client) -> None:
    body = client.get(URL, {"q": "chair", "facets": "brand,price", "explain": "true"}).json()
    assert [facet["key"] for facet in body["facets"]] == ["brand", "price"]
    assert set(body["hits"][0]["explain"]) == {"words", "meaning"}
    body = post_json(client, {"q": "chair", "facets": ["brand"], "explain": False}).json()
    assert [facet["key"] for facet in body["facets"]] == ["brand"]
    assert "explain" not in body["hits"][0]


def test_like(shop, client) -> None:
    response = post_json(client, {"like": [int(shop.id("CHR-RED-01"))]})
    assert skus(response)[0] == "CHR-BLU-02"
    similar = client.get(f"/api/v1/products/{shop.id('CHR-RED-01')}/similar", {"page_size": 2})
    assert skus(similar) == skus(response)[:2]
    assert "CHR-RED-01" not in skus(similar)


def test_an_empty_body_is_refused(shop, client) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        response = client.post(URL, b"", kind)
        assert (response.status_code, response.json()["code"]) == (400, "empty_body")


@pytest.mark.parametrize("body", [b"--x--\r\n", b"\xff\x00 noise"])
def test_a_form_whose_fields_were_lost_is_not_answered_with_the_whole_shop(shop, client, body) -> None:
    response = client.generic("POST", URL, body, "multipart/form-data; boundary=x")
    assert "boundary" in problem(response, 400, "body", "empty_body")["detail"]


def test_null_is_the_default_of_every_parameter_but_the_photo(shop, client) -> None:
    plain = post_json(client, {"q": "chair"}).json()
    names = set(PARAMETERS) - {"image", "pictures", "q"}
    asked = post_json(client, {"q": "chair", **dict.fromkeys(names)}).json()
    assert [hit["id"] for hit in asked["hits"]] == [hit["id"] for hit in plain["hits"]]
    assert asked["facets"] == plain["facets"] != []


def test_a_text_that_comes_as_a_file_is_named(shop, client) -> None:
    response = client.post(URL, {"q": SimpleUploadedFile("q.txt", b"chair")})
    assert problem(response, 400, "q")["detail"] == "q came as a file; send it as a field of text."


def test_nothing_is_asked_so_everything_is_shown(shop, client) -> None:
    assert len(skus(post_json(client, {}))) == 7
    assert len(skus(client.get(URL))) == 7


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"colour": "red"}, 400, "colour"),
        ({"q": 5}, 400, "q"),
        ({"q": ["a"]}, 400, "q"),
        ({"page": 0}, 400, "page"),
        ({"page": "two"}, 400, "page"),
        ({"page": 1.5}, 400, "page"),
        ({"page": True}, 400, "page"),
        ({"page": 10**9}, 400, "page"),
        ({"page_size": 101}, 400, "page_size"),
        ({"sort": "newest"}, 400, "sort"),
        ({"lang": "klingon"}, 400, "lang"),
        ({"lang": 5}, 400, "lang"),
        ({"explain": "perhaps"}, 400, "explain"),
        ({"facets": ["weight"]}, 400, "weight"),
        ({"facets": {"a": 1}}, 400, "facets"),
        ({"filters": []}, 400, "filters"),
        ({"filters": "{"}, 400, "filters"),
        ({"filters": "[" * 5000}, 400, "filters"),
        ({"filters": {"weight": [5]}}, 400, "weight"),
        ({"filters": {"price": "cheap"}}, 400, "filters.price"),
        ({"filters": {"price": None}}, 400, "filters.price"),
        ({"filters": {"price": {"gt": 5}}}, 400, "filters.price"),
        ({"filters": {"price": {"gte": "x"}}}, 400, "filters.price"),
        ({"filters": {"price": {}}}, 400, "filters.price"),
        ({"filters": {"brand": {"gte": 5}}}, 400, "brand"),
        ({"filters": {"brand": 5}}, 400, "filters.brand"),
        ({"filters": {"brand": []}}, 400, "filters.brand"),
        ({"filters": {"brand": ["\x00"]}}, 400, "filters.brand"),
        ({"filters": {"brand": ["\ud800"]}}, 400, "filters.brand"),
        ({"filters": {"in_stock": "maybe"}}, 400, "filters.in_stock"),
        ({"filters": {"not": {"not": {"brand": ["x"]}}}}, 400, "filters.not"),
        ({"filters": {"not": ["brand"]}}, 400, "filters"),
        ({"filters": {"\ud800": 1}}, 400, "?"),
        ({"like": "999999"}, 404, "like"),
        ({"like": "\ud800"}, 404, "like"),
        ({"like": [True]}, 400, "like"),
        ({"like": {"id": 1}}, 400, "like"),
        ({"like": ",".join(map(str, range(60)))}, 400, "like"),
        ({"image": 5}, 400, "image"),
        ({"image": "not base64!"}, 400, "image"),
        ({"image": "aGVsbG8="}, 415, "image"),
        ({"image": "aGVs*bG8="}, 400, "image"),
        ({"image": "data:image/jpeg;base64"}, 400, "image"),
        ({"image": None}, 400, "image"),
        ({"photo_token": "abc"}, 400, "photo_token"),
        ({"photo_token": "A" * 60000}, 400, "photo_token"),
        ({"photo_token": "A", "image": "aGVsbG8="}, 400, "photo_token"),
        ({"\ud800": 1}, 400, "?"),
    ],
)  # fmt: skip
def test_what_is_not_as_documented_is_refused_with_its_name(shop, client, body, status, field) -> None:
    problem(post_json(client, body), status, field)


def test_an_unknown_parameter_is_answered_with_the_known_ones(shop, client) -> None:
    detail = problem(client.get(URL, {"query": "chair"}), 400, "query", "unknown_parameter")["detail"]
    assert "'query'" in detail
    assert "filters" in detail


def test_a_value_is_quoted(shop, client) -> None:
    assert "'cheap'" in problem(post_json(client, {"filters": {"price": "cheap"}}), 400)["detail"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 200, None),
        (b"hello", 415, "not_a_picture"),
        (b"GIF89a" + bytes(50), 415, "format_not_allowed"),
        (to_bytes(draw("chair", "red"), "JPEG")[:300], 422, "truncated"),
        (to_bytes(Image.new("RGB", (4, 4))), 422, "too_small"),
    ],
    ids=["empty", "text", "gif", "cut", "tiny"],
)
def test_a_file_that_is_no_photo(shop, client, data, status, code) -> None:
    response = client.post(URL, {"image": upload(data)})
    if status == 200:
        # A form without a chosen file looks the same to the server as an empty one.
        status, code = 400, "empty"
    problem(response, status, "image", code)


@pytest.mark.parametrize("size", [10 * 1024 * 1024 + 1, 13_000_000, 20_000_000])
def test_a_photo_that_is_too_large_is_refused_with_its_size(shop, client, size) -> None:
    """Between 12 MB (Django's memory handler gives up there) and the limit nothing may be dropped silently."""
    body = problem(client.post(URL, {"image": upload(b"\xff\xd8\xff" + bytes(size - 3))}), 413, "image", "too_large")
    assert f"{size / 1e6:.1f} MB" in body["detail"]


def test_a_flood_is_refused_unread(shop, client) -> None:
    response = client.generic(
        "POST", URL, b"x", "multipart/form-data; boundary=b", CONTENT_LENGTH=str(100 * 1024 * 1024)
    )
    problem(response, 413, code="too_large")


def test_json_that_is_too_large(shop, client) -> None:
    image = base64.b64encode(bytes(11 * 1024 * 1024)).decode()
    problem(post_json(client, {"image": image}), 413, "image", "too_large")
    problem(post_json(client, {"q": "x" * 15_500_000}), 413, "image", "too_large")


def test_a_photo_in_base64_that_is_too_large_is_refused_with_the_size_of_the_photo(shop, client) -> None:
    image = base64.b64encode(bytes(11_000_000)).decode()
    assert "11.0 MB" in problem(post_json(client, {"image": image}), 413, "image", "too_large")["detail"]


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_the_limit_is_the_largest_photo_that_is_read(shop, client, more, status) -> None:
    """The same file as an upload and in base64: at the limit it is read, one byte above it isn't."""
    data = photo_of("chair", "red")
    shop.use(PICTURE_MAX_BYTES=len(data))
    sent = data + bytes(more)
    assert client.post(URL, {"image": upload(sent)}).status_code == status
    assert post_json(client, {"image": base64.b64encode(sent).decode()}).status_code == status


def test_a_photo_of_the_largest_allowed_size_is_read(shop, client) -> None:
    data = photo_of("chair", "red")
    padded = data + bytes(10 * 1024 * 1024 - len(data))  # Cameras pad, too; what stands behind the end is ignored.
    response = client.post(URL, {"image": upload(padded)})
    assert skus(response)[0] == "CHR-RED-01"


def test_many_files_are_not_kept(shop, client) -> None:
    data = {"image": upload(photo_of("chair", "red"))} | {f"f{n}": upload(bytes(5_000_000)) for n in range(4)}
    problem(client.post(URL, data), 400, code="unknown_parameter")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'"q"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"q": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 100_000, "application/json", 400),
        (b'{"page": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"{}", "application/json; charset=hex", 415),
        (b"{}", "application/json; charset=zlib", 415),
        (b"{}", "application/json; charset=utf-16", 415),
        (b"q=a", "application/x-www-form-urlencoded; charset=rot13", 415),
        (b"{}", "text/plain", 415),
        (b"<q/>", "application/xml", 415),
        (b"x", "", 415),
        (b"x", "multipart/form-data", 400),
        (b"x" * 10, "multipart/form-data; boundary=" + "b" * 300, 415),
        (b"&".join(b"q%d=a" % n for n in range(3000)), "application/x-www-form-urlencoded", 400),
    ],
    ids=range(19),
)
def test_a_body_that_can_not_be_read(shop, client, body, content_type, status) -> None:
    problem(client.generic("POST", URL, body, content_type), status)


def test_a_photo_can_not_travel_in_an_address(shop, client) -> None:
    problem(client.get(URL, {"image": "abc"}), 400, "image", "post_only")
    problem(client.get(URL, {"photo_token": "abc"}), 400, "image", "post_only")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods(shop, client, method) -> None:
    problem(getattr(client, method)(URL), 405, code="method_not_allowed")


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nothing", "/api/v1/search/", "/api/v1/products/5"])
def test_addresses_that_are_not_there(shop, client, path) -> None:
    for method in (client.get, client.post):
        problem(method(path), 404, code="not_found")


def test_a_client_that_wants_another_form(shop, client) -> None:
    problem(client.get(URL, headers={"accept": "text/html"}), 406)


@pytest.mark.parametrize("id", ["999999", "x", "9" * 60, "%00", "%ff", "-1"])
def test_similar_to_nothing(shop, client, id) -> None:
    problem(client.get(f"/api/v1/products/{id}/similar"), 404, "like")


def test_similar_refuses_what_it_does_not_know(shop, client) -> None:
    problem(client.get(f"/api/v1/products/{shop.id('CHR-RED-01')}/similar", {"q": "x"}), 400, "q")


# --- Tokens -------------------------------------------------------------------------------------


@pytest.fixture
def token(shop, client) -> str:
    return client.post(URL, {"image": upload(photo_of("chair", "red"))}).json()["photo_token"]


def test_a_changed_token(client, token) -> None:
    place = len(token) // 2
    changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    problem(post_json(client, {"photo_token": changed}), 400, "photo_token")


def test_an_expired_token(client, token, monkeypatch) -> None:
    monkeypatch.setattr("visual_search.privacy.sealing.time.time", lambda: 4e9)
    assert "expired" in problem(post_json(client, {"photo_token": token}), 400, "photo_token")["detail"]


def test_a_token_of_another_shop(client, token, settings) -> None:
    settings.SECRET_KEY = "another"
    problem(post_json(client, {"photo_token": token}), 400, "photo_token")
    settings.SECRET_KEY_FALLBACKS = ["tests-only"]
    assert skus(post_json(client, {"photo_token": token}))


def test_a_token_of_another_encoder(shop, client, token) -> None:
    shop.use(ENCODER={"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"flavour": "b"}})
    refused = problem(post_json(client, {"photo_token": token}), 400, "photo_token", "token_outdated")
    assert "Add the photo again" in refused["detail"]


def test_a_token_holds_no_photo_and_tells_nothing(shop, token) -> None:
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(raw) < 1000
    picture = tokens.photo_from_token(token)
    assert picture.image is None
    assert set(picture.vectors) == {wiring.encoder().card.image.name}


# --- Outages ------------------------------------------------------------------------------------


def test_the_engine_is_down(shop, client, monkeypatch, settings) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    response = client.get(URL, {"q": "chair"})
    body = problem(response, 503, code="engine_unavailable")
    assert int(response["Retry-After"]) > 0
    assert "engine doesn't answer" not in body["detail"].lower()
    settings.DEBUG = True
    assert "The engine doesn't answer" in problem(client.get(URL, {"q": "chair"}), 503)["detail"]


def test_the_encoder_is_down(shop, client, monkeypatch) -> None:
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", True)
    response = client.post(URL, {"image": upload(photo_of("chair", "red"))})
    problem(response, 503, code="encoder_unavailable")
    assert response["Retry-After"]
    words = client.get(URL, {"q": "red chair"})
    assert skus(words)[0] == "CHR-RED-01"
    assert words.json()["degraded"] == ["encoder"]


def test_an_index_of_another_encoder(shop, client) -> None:
    shop.use(ENCODER={"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"flavour": "b"}})
    problem(client.post(URL, {"image": upload(photo_of("chair", "red"))}), 503, code="schema_mismatch")
    words = client.get(URL, {"q": "red chair"})
    assert skus(words)[0] == "CHR-RED-01"
    assert words.json()["degraded"] == ["encoder"]


def test_health(shop, client) -> None:
    body = client.get("/api/v1/health").json()
    assert body["ok"] is True
    assert body["documents"]["products"] == 7
    assert (body["pending"], body["failed"]) == (0, 0)
    assert body["encoder"] == "thumbnail-a"
    IndexEntry.objects.filter(object_id=shop.id("CHR-RED-01")).update(state=State.PENDING)
    IndexEntry.objects.filter(object_id=shop.id("CHR-BLU-02")).update(state=State.FAILED)
    body = client.get("/api/v1/health").json()
    assert (body["pending"], body["failed"]) == (1, 1)


def test_health_without_a_database(shop, client, monkeypatch) -> None:
    from django.db import OperationalError

    def gone(*args, **kwargs):
        raise OperationalError("no connection to 10.0.0.5")

    monkeypatch.setattr("visual_search.api.views.IndexEntry.objects.filter", gone)
    response = client.get("/api/v1/health")
    assert response.status_code == 503
    assert response.json()["ok"] is False
    assert "10.0.0.5" not in response.content.decode()


@pytest.mark.parametrize(
    ("said", "explained"), [("True", True), ("true", True), ("1", True), ("False", False), ("", False)]
)
def test_a_form_says_yes_and_no_as_python_and_javascript_write_them(shop, client, said, explained) -> None:
    hit = client.post(URL, {"q": "chair", "explain": said}).json()["hits"][0]
    assert ("explain" in hit) == explained
