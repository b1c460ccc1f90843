"""Objects, boxes, several photos and negatives over REST."""

from __future__ import annotations

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room, seen  # noqa: F401
from tests.search.shop import draw, to_bytes

URL = "/api/v1/search"


def post(client, body: dict):
    return client.post(URL, json.dumps(body), content_type="application/json")


def skus(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [hit["sku"] for hit in response.json()["hits"]]


def coded(image) -> str:
    return base64.b64encode(to_bytes(image, "JPEG")).decode()


def test_objects_are_listed_and_one_is_searched_by_the_token(seen, client) -> None:  # noqa: F811
    first = post(client, {"image": coded(room())}).json()
    assert [(item["id"], item["label"], item["selected"]) for item in first["objects"]] == [
        (0, "chair", False), (1, "sofa", False),
    ]  # fmt: skip
    assert first["box"] == [0.0, 0.0, 1.0, 1.0]
    assert all(0 <= corner <= 1 for item in first["objects"] for corner in item["box"])
    second = post(client, {"photo_token": first["photo_token"], "object": 1})
    assert skus(second)[0] == "SOF-GRN-03"
    assert [item["selected"] for item in second.json()["objects"]] == [False, True]
    third = client.post(URL, {"photo_token": second.json()["photo_token"], "box": "0,0,0.5,1"})
    assert skus(third)[0] == "CHR-RED-01"


def test_a_box_with_a_file(seen, client) -> None:  # noqa: F811
    photo = SimpleUploadedFile("room.jpg", to_bytes(room(), "JPEG"), "image/jpeg")
    assert skus(client.post(URL, {"image": photo, "box": "0.5,0,1,1"}))[0] == "SOF-GRN-03"


@pytest.mark.parametrize(("point", "sku"), [("0.75,0.5", "SOF-GRN-03"), ([0.2, 0.5], "CHR-RED-01")])
def test_a_tap_on_a_photo_finds_the_thing_there(seen, client, point, sku) -> None:  # noqa: F811
    response = post(client, {"image": coded(room()), "point": point})
    assert skus(response)[0] == sku
    token = post(client, {"image": coded(room())}).json()["photo_token"]
    assert skus(post(client, {"photo_token": token, "point": point}))[0] == sku, "what was found needs no second upload"


@pytest.mark.parametrize("point", [[0, 0.5], [0.5, 0], [1, 0.5], [0.5, 1], "0,0", "1,1"], ids=repr)
def test_a_tap_on_the_edge_is_a_tap(seen, client, point) -> None:  # noqa: F811
    assert post(client, {"image": coded(room()), "point": point}).status_code == 200


@pytest.mark.parametrize("point", [[-0.001, 0.5], [0.5, -0.001], [1.001, 0.5], [0.5, 1.001]], ids=repr)
def test_a_tap_beside_the_photo_is_refused(seen, client, point) -> None:  # noqa: F811
    refused = post(client, {"image": coded(room()), "point": point})
    assert (refused.status_code, refused.json()["field"]) == (400, "point")


def test_a_tap_where_nothing_was_found_needs_the_pixels(shop, client, tmp_path) -> None:
    rows = ROWS_OF_ROOM.copy()
    rows[0, 1, 4] = 0.1  # The sofa is faint: the token doesn't know it.
    shop.use(DETECTOR=own_detector(tmp_path, rows))
    assert post(client, {"image": coded(room())}).json()["proposals"] == [], "nobody asked for a closer look"
    answer = post(client, {"image": coded(room()), "proposals": True}).json()
    assert [(item["label"], item["score"]) for item in answer["proposals"]] == [("sofa", 0.1)]
    assert [item["label"] for item in answer["objects"]] == ["chair"]
    assert skus(post(client, {"image": coded(room()), "point": "0.75,0.5"}))[0] == "SOF-GRN-03"
    refused = post(client, {"photo_token": answer["photo_token"], "point": "0.75,0.5"})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "box_needs_photo", "point")


def test_several_photos_each_with_a_tap(seen, client) -> None:  # noqa: F811
    left, right = ({"image": coded(room()), "point": point} for point in ("0.2,0.5", [0.75, 0.5]))
    answer = post(client, {"pictures": [left, right]}).json()
    assert [[thing["selected"] for thing in each["objects"]] for each in answer["pictures"]] == [
        [True, False],
        [False, True],
    ]
    numbered = [{"image": coded(room()), "object": number} for number in (0, 1)]
    assert answer["hits"] == post(client, {"pictures": numbered}).json()["hits"]
    refused = post(client, {"pictures": [left, {**right, "point": ["nan", 0]}]})
    assert (refused.status_code, refused.json()["field"]) == (400, "pictures.1.point")
    assert "nan" in refused.json()["detail"]


def test_several_photos_and_their_tokens(shop, client) -> None:
    pictures = [{"image": coded(draw("chair", "red")), "weight": 3}, {"image": coded(draw("sofa", "green"))}]
    response = post(client, {"pictures": pictures})
    assert skus(response)[0] == "CHR-RED-01"
    seen_in = response.json()["pictures"]
    assert [item["weight"] for item in seen_in] == [3.0, 1.0]
    again = [{"photo_token": item["photo_token"], "weight": item["weight"]} for item in seen_in]
    assert skus(post(client, {"pictures": again})) == skus(response), "no second upload"


def test_several_files_in_one_form(shop, client) -> None:
    files = [
        SimpleUploadedFile(f"{colour}.jpg", to_bytes(draw("chair", colour), "JPEG"), "image/jpeg")
        for colour in ("red", "blue")
    ]
    response = client.post(URL, {"image": files})
    assert {"CHR-RED-01", "CHR-BLU-02"} == set(skus(response)[:2])
    assert len(response.json()["pictures"]) == 2


@pytest.mark.parametrize("part", [{"box": "0,0,1,1"}, {"object": "0"}, {"point": "0.5,0.5"}, {"photo_token": "abc"}])
def test_what_belongs_to_one_photo_is_refused_with_several(shop, client, part) -> None:
    """It would be left out, and the shopper would take the answer for that part of the photo."""
    files = [SimpleUploadedFile(f"{n}.jpg", to_bytes(draw("chair", "red"), "JPEG"), "image/jpeg") for n in range(2)]
    refused = client.post(URL, {"image": files, **part})
    assert (refused.status_code, refused.json()["field"]) == (400, "image")
    assert "go with one photo" in refused.json()["detail"]


def test_less_like_and_words_kept_out(shop, client) -> None:
    red = shop.id("CHR-RED-01")
    assert "CHR-RED-01" not in skus(post(client, {"q": "chair", "unlike": [red]}))
    assert skus(post(client, {"q": "chair", "q_not": ["red"]}))[0] == "CHR-BLU-02"
    response = client.get(URL, {"q": "chair -red", "unlike": shop.id("SOF-GRN-03")})
    assert skus(response)[0] == "CHR-BLU-02"
    assert (response.json()["q"], response.json()["q_not"]) == ("chair", ["red"])
    weighted = post(client, {"like": [{"id": red, "weight": 2}, {"id": shop.id("SOF-GRN-03"), "weight": 0}]})
    assert skus(weighted)[0] == "CHR-BLU-02"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"box": "0,0,1,1"}, 400, "box"),
        ({"object": 0, "q": "chair"}, 400, "object"),
        ({"image": "PHOTO", "box": [0, 0, 2, 1]}, 400, "box"),
        ({"point": "0.5,0.5"}, 400, "point"),
        ({"image": "PHOTO", "point": "0.5"}, 400, "point"),
        ({"image": "PHOTO", "point": [0.5, 2]}, 400, "point"),
        ({"image": "PHOTO", "point": ["nan", 0]}, 400, "point"),
        ({"image": "PHOTO", "point": [True, 0]}, 400, "point"),
        ({"image": "PHOTO", "object": 99}, 400, "object"),
        ({"image": "PHOTO", "object": "first"}, 400, "object"),
        ({"pictures": "x"}, 400, "pictures"),
        ({"pictures": [1]}, 400, "pictures"),
        ({"pictures": [{"weight": 1}]}, 400, "pictures.0"),
        ({"pictures": [{"image": "PHOTO", "weight": "heavy"}]}, 400, "pictures.0.weight"),
        ({"pictures": [{"image": "PHOTO", "colour": 1}]}, 400, "pictures.0.colour"),
        ({"pictures": [{"image": "PHOTO"}] * 5}, 400, "pictures"),
        ({"pictures": [{"image": "PHOTO"}], "image": "PHOTO"}, 400, "pictures"),
        ({"pictures": [{"image": "PHOTO", "box": "1"}]}, 400, "pictures.0.box"),
        ({"like": [{"weight": 1}]}, 400, "like"),
        ({"like": [{"id": "1", "weight": 99}]}, 400, "like.weight"),
        ({"q": "chair", "q_weight": -1}, 400, "q_weight"),
        ({"q": "chair", "unlike": list("123456789")}, 400, "unlike"),
    ],
)
def test_what_is_wrong_is_named(shop, client, body, status, field) -> None:
    photo = coded(draw("chair", "red"))
    text = json.dumps(body).replace('"PHOTO"', json.dumps(photo))
    response = client.post(URL, text, content_type="application/json")
    assert (response.status_code, response.json()["field"]) == (status, field), response.json()


def test_a_part_of_a_photo_stays_out_of_addresses(shop, client) -> None:
    assert client.get(URL, {"q": "chair", "box": "0,0,1,1"}).json()["code"] == "post_only"
