"""`images:annotate`: what a photo finds, and what is said where it can't be asked."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from tests.features.compatibility.conftest import PLACE, SET, content, request_of
from tests.search.shop import draw, photo_of, to_bytes
from visual_search import wiring
from visual_search.errors import EngineUnavailable
from visual_search.features.compatibility.annotating import FEATURES, MOST_PHOTOS
from visual_search.signals import search_served


def titles(response) -> list[str]:
    (answer,) = response.json()["responses"]
    return [one["product"]["displayName"] for one in answer["productSearchResults"]["results"]]


def error(response) -> dict:
    (answer,) = response.json()["responses"]
    assert set(answer) == {"error"}
    return answer["error"]


def test_a_photo_finds_its_product_with_its_labels(annotate, shop) -> None:
    response = annotate(request_of(productCategories=["homegoods-v2"]))
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    found = response.json()["responses"][0]["productSearchResults"]
    best = found["results"][0]
    picture = shop.products["CHR-RED-01"].images.get()
    id = shop.id("CHR-RED-01")
    assert best["product"] == {
        "name": f"{PLACE}/products/{id}",
        "displayName": "Red chair",
        "description": "",
        "productCategory": "homegoods-v2",
        "productLabels": [
            {"key": "category", "value": "Home > Seating > Chairs"},
            {"key": "brand", "value": "Nordic"},
            {"key": "colour", "value": "red"},
            {"key": "price", "value": "49"},
            {"key": "in_stock", "value": "true"},
        ],
    }
    assert best["image"] == f"{PLACE}/products/{id}/referenceImages/{picture.pk}"
    scores = [one["score"] for one in found["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert found["indexTime"].endswith("Z")


@pytest.mark.parametrize("path", ["", "projects/other/", "projects/other/locations/asia/"])
def test_each_of_its_addresses_answers_in_the_place_of_the_product_set(shop, client, path) -> None:
    body = json.dumps({"requests": [request_of()], "parent": path.strip("/"), "labels": {"team": "web"}})
    response = client.post(f"/v1/{path}images:annotate?$alt=json;enum-encoding=int", body, "application/json")
    best = response.json()["responses"][0]["productSearchResults"]["results"][0]
    assert best["product"]["name"] == f"{PLACE}/products/{shop.id('CHR-RED-01')}"


def test_the_answer_stands_in_the_order_of_the_requests(annotate) -> None:
    photos = [("mug", "black"), ("sofa", "green"), ("chair", "blue")]
    response = annotate(*(request_of({"content": content(*photo)}) for photo in photos))
    found = [one["productSearchResults"]["results"][0] for one in response.json()["responses"]]
    assert [one["product"]["displayName"] for one in found] == ["Black mug", "Green sofa", "Blue chair"]


def test_names_in_snake_case_and_numbers_of_enums_are_read(annotate) -> None:
    request = {
        "image": {"content": content("chair", "red")},
        "features": [{"type": 12, "max_results": 2}],
        "image_context": {"product_search_params": {"product_set": SET, "product_categories": None}},
    }
    assert titles(annotate(request)) == ["Red chair", "Blue chair"]


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ("brand=Nordic", {"Red chair", "Blue chair"}),
        ("brand = Nordic AND colour = blue", {"Blue chair"}),
        ("(colour=red OR colour=blue) AND brand=Nordic", {"Red chair", "Blue chair"}),
        ('category="Home > Seating" AND (brand=Plain)', {"Green sofa"}),
        ("price=9", {"Black mug"}),
        ("in_stock=false", {"Brass lamp"}),
        ("brand=Nordic AND brand=Plain", set()),
    ],
)
def test_a_filter_holds(annotate, filter, found) -> None:
    response = annotate(request_of(filter=filter))
    assert set(titles(response)) == found


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        ("colour=red OR brand=Nordic", "isn't between values of one facet"),
        ("colour=red AND brand=Nordic OR brand=Plain", "brackets around each OR"),
        ("colour: red", "key=value"),
        ("size=XL", "There is no facet 'size'"),
        ("(colour=red", "isn't closed"),
        ("colour=red)", "a bracket too many"),
        ("colour=red AND", "lacks a comparison"),
        ("price=cheap", "must be a number"),
        ("(" * 9 + "colour=red" + ")" * 9, "brackets in one another"),
        (" AND ".join(["colour=red"] * 201), "more than 200"),
        ("not=red", "There is no facet 'not'"),
    ],
)
def test_a_filter_that_cant_be_asked_is_refused(annotate, filter, said) -> None:
    problem = error(annotate(request_of(filter=filter)))
    assert problem["code"] == 3
    assert said in problem["message"]


def two_chairs() -> bytes:
    """The red chair at the left, the blue one at the right: 400 x 200."""
    both = Image.new("RGB", (400, 200), "white")
    both.paste(draw("chair", "red"), (0, 0))
    both.paste(draw("chair", "blue"), (200, 0))
    return to_bytes(both)


@pytest.mark.parametrize(
    ("poly", "found"),
    [
        # Zeros are left out, as a protocol buffer does.
        ({"normalizedVertices": [{}, {"x": 0.5}, {"x": 0.5, "y": 1}, {"y": 1}]}, "Red chair"),
        ({"normalized_vertices": [{"x": 0.5}, {"x": 1, "y": 1}]}, "Blue chair"),
        ({"vertices": [{}, {"x": 200, "y": 200}]}, "Red chair"),
        ({"vertices": [{"x": 200}, {"x": 400, "y": 200}]}, "Blue chair"),
    ],
)
def test_a_polygon_chooses_the_part_of_the_photo(annotate, poly, found) -> None:
    image = {"content": base64.b64encode(two_chairs()).decode()}
    response = annotate(request_of(image, boundingPoly=poly))
    assert titles(response)[0] == found


def test_pixels_are_those_of_the_photo_as_it_was_sent_and_upright(annotate) -> None:
    with Image.open(io.BytesIO(two_chairs())) as both:
        large = both.resize((4000, 2000)).rotate(90, expand=True)  # Turned to the left, and told so:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    large.save(buffer, "JPEG", exif=exif)
    image = {"content": base64.b64encode(buffer.getvalue()).decode()}
    poly = {"vertices": [{"x": 2000}, {"x": 4000, "y": 2000}]}
    assert titles(annotate(request_of(image, boundingPoly=poly)))[0] == "Blue chair"


@pytest.mark.parametrize(
    "poly",
    [
        {"normalizedVertices": [{"x": 0.5, "y": 0.5}]},
        {"normalizedVertices": [{"x": -1}, {"x": 1, "y": 1}]},
        {"vertices": [{"x": 900}, {"x": 1000, "y": 100}]},
        {"vertices": [{"x": "1"}, {"y": 100}]},
        {"vertices": [{"x": 10**400}, {"y": 100}]},
        {"normalizedVertices": {"x": 1}},
        {"corners": []},
    ],
)
def test_a_polygon_outside_of_the_photo_is_refused(annotate, poly) -> None:
    problem = error(annotate(request_of(boundingPoly=poly)))
    assert problem["code"] == 3
    assert "boundingPoly" in problem["message"]


def test_things_in_the_photo_are_groups(annotate, settings) -> None:
    settings.VISUAL_SEARCH = {
        **settings.VISUAL_SEARCH,
        "DETECTOR": {"BACKEND": "tests.features.compatibility.halves.Halves", "OPTIONS": {}},
    }
    image = {"content": base64.b64encode(two_chairs()).decode()}
    poly = {"normalizedVertices": [{}, {"x": 0.5, "y": 1}]}
    found = annotate(request_of(image, boundingPoly=poly)).json()["responses"][0]["productSearchResults"]
    first, other = found["productGroupedResults"]
    assert first["boundingPoly"]["normalizedVertices"] == [
        {"x": 0.0, "y": 0.0}, {"x": 0.5, "y": 0.0}, {"x": 0.5, "y": 1.0}, {"x": 0.0, "y": 1.0},
    ]  # fmt: skip
    assert first["objectAnnotations"] == [{"name": "chair", "languageCode": "en", "score": 0.9}]
    assert first["results"] == found["results"]
    assert other["boundingPoly"]["normalizedVertices"][0] == {"x": 0.5, "y": 0.0}
    assert other["objectAnnotations"] == [{"name": "seat", "languageCode": "en", "score": 0.8}]
    assert "results" not in other


def test_base64_of_addresses_and_without_padding_is_read(annotate) -> None:
    text = base64.urlsafe_b64encode(photo_of("mug", "black")).decode().rstrip("=")
    assert titles(annotate(request_of({"content": text})))[0] == "Black mug"


@pytest.mark.parametrize(
    "source", [{"imageUri": "http://example.com/a.jpg"}, {"gcsImageUri": "gs://b/a.jpg"}, {"image_uri": "file:///etc"}]
)
def test_no_address_is_fetched_and_it_says_why(annotate, source) -> None:
    problem = error(annotate(request_of({"source": source})))
    assert problem["code"] == 3
    assert "fetches no addresses" in problem["message"]
    assert "image.content" in problem["message"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (request_of({"content": "bm8gcGljdHVyZQ=="}), "isn't a picture"),
        (request_of({"content": "*"}), "base64"),
        (request_of({}), "has no content"),
        (request_of(productSet="products"), "productSet is 'products'"),
        (
            request_of(productSet=f"{PLACE}/sets/products"),
            "it is written projects/PROJECT/locations/LOCATION/productSets/",
        ),
        (request_of(productSet=f"{SET}/more"), "with any project and location"),
        (request_of(productCategories="apparel"), "productCategories is 'apparel'; it must be a list"),
        (request_of(boundingPoly={"vertices": [{"z": 1}]}), 'Unknown name "z" at boundingPoly'),
        (request_of(productSet=f"{PLACE}/productSets/gadgets"), "There is no productSet 'gadgets'"),
        (request_of(productCategories=["cars"]), "productCategories has 'cars'"),
        (request_of(features=[]), "features is empty"),
        (request_of(features=[{"type": "MIND_READING"}]), "MIND_READING"),
        (request_of(features=[{"type": 12, "maxResults": "many"}]), "maxResults"),
        (request_of(prodcutSet=SET), 'Unknown name "prodcutSet"'),
    ],
)
def test_what_cant_be_answered_is_said_in_its_place(annotate, request_, said) -> None:
    good = annotate(request_of(), request_).json()["responses"]
    assert good[0]["productSearchResults"]["results"]
    assert said in good[1]["error"]["message"]
    assert good[1]["error"]["code"] == (5 if "There is no productSet" in said else 3)


@pytest.mark.parametrize("number", sorted(set(FEATURES) - {12}))
def test_other_features_are_named_beside_the_results(annotate, number) -> None:
    (answer,) = annotate(request_of(features=[{"type": number}, {"type": "PRODUCT_SEARCH"}])).json()["responses"]
    assert answer["productSearchResults"]["results"][0]["product"]["displayName"] == "Red chair"
    assert answer["error"]["code"] == 12
    assert FEATURES[number] in answer["error"]["message"]
    assert error(annotate(request_of(features=[{"type": FEATURES[number]}])))["code"] == 12


def test_at_most_so_many_photos(annotate) -> None:
    response = annotate(*[request_of()] * (MOST_PHOTOS + 1))
    assert response.status_code == 400
    assert response.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert f"at most {MOST_PHOTOS}" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", "null", '{"requests": {}}', '{"requests": [1]}', '{"request": []}', "{", '{"requests": NaN}'],
)
def test_a_body_that_isnt_as_documented_is_refused(shop, client, body) -> None:
    response = client.post("/v1/images:annotate", body, "application/json")
    assert response.status_code == 400
    problem = response.json()["error"]
    assert (problem["code"], problem["status"]) == (400, "INVALID_ARGUMENT")
    assert problem["message"]
    assert problem["details"][0]["fieldViolations"][0]["field"]


def test_a_body_over_the_limit_is_refused_unread(shop, client) -> None:
    shop.use(PICTURE_MAX_BYTES=100_000)
    response = client.post("/v1/images:annotate", "x" * 300_000, "application/json")
    assert response.status_code == 400
    assert "300,000 bytes" in response.json()["error"]["message"]


def test_maxresults_is_held(annotate) -> None:
    assert len(titles(annotate(request_of(features=[{"type": 12, "maxResults": 1}])))) == 1
    assert len(titles(annotate(request_of(features=[{"type": 12, "maxResults": 5000}])))) > 2


def test_the_search_is_announced_as_any_other(annotate) -> None:
    heard = []

    def listen(query, page, context, **kwargs) -> None:
        heard.append((query.collection, len(query.pictures), query.words, dict(context)))

    search_served.connect(listen)
    try:
        annotate(request_of())
    finally:
        search_served.disconnect(listen)
    assert heard == [("products", 1, "", {})]


def test_an_index_that_is_down_is_unavailable(annotate, monkeypatch) -> None:
    def down(*args):
        raise EngineUnavailable("The engine doesn't answer.", retry_after=7)

    monkeypatch.setattr(wiring.engine(), "search", down)
    response = annotate(request_of())
    assert response.status_code == 503
    assert response.json()["error"]["status"] == "UNAVAILABLE"
    assert response["Retry-After"] == "7"


def test_throttles_of_the_api_count_here_too(annotate, shop) -> None:
    shop.use(API_THROTTLES=["tests.features.compatibility.halves.Never"])
    response = annotate(request_of())
    assert response.status_code == 429
    assert response.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
