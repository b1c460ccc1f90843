"""Parts of a photo and composed questions on the page, all of it as plain forms."""

from __future__ import annotations

import re

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.querying.test_scenes import own_detector, room, seen  # noqa: F401
from tests.search.shop import to_bytes
from visual_search.querying import tokens

URL = "/search/"


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def titles(page: str) -> list[str]:
    return re.findall(r'class="vs-tile-title">([^<]+)<', page)


def pressed(page: str) -> list[str]:
    return re.findall(r'aria-pressed="true">([^<]+)<', page)


@pytest.fixture
def page(seen, client) -> str:  # noqa: F811
    photo = SimpleUploadedFile("room.jpg", to_bytes(room(), "JPEG"), "image/jpeg")
    return client.post(URL, {"image": photo, "shot": "abc123"}).content.decode()


def test_the_things_in_a_photo_are_buttons(page) -> None:
    choices = page[page.index('<fieldset class="vs-parts"') : page.index("</fieldset>")]
    assert re.findall(r'name="part" value="([^"]+)"[^>]*>([^<]+)<', choices) == [
        ("all", "Whole photo"), ("0", "1 chair"), ("1", "2 sofa"),
    ]  # fmt: skip
    assert pressed(page) == ["Whole photo"]
    assert page.count("<rect ") == 2
    assert hidden(page, "shot") == "abc123"
    # The preview's room is there before the picture is, so that nothing below it moves.
    assert re.search(r'alt="Your photo"\s+width="320" height="160"', page)


def test_another_thing_by_its_button_alone(page, client) -> None:
    form = {"photo_token": hidden(page, "photo_token"), "preview": hidden(page, "preview"), "q": ""}
    sofa = client.post(URL, {**form, "part": "1"}).content.decode()
    assert titles(sofa)[0] == "Green sofa"
    assert pressed(sofa) == ["2 sofa"]
    # A filter or a page later it is still the sofa.
    again = client.post(URL, {**form, "photo_token": hidden(sofa, "photo_token"), "page": "1"}).content.decode()
    assert pressed(again) == ["2 sofa"]
    chair = client.post(URL, {**form, "photo_token": hidden(again, "photo_token"), "part": "0"}).content.decode()
    assert titles(chair)[0] == "Red chair"
    whole = client.post(URL, {**form, "photo_token": hidden(chair, "photo_token"), "part": "all"}).content.decode()
    assert pressed(whole) == ["Whole photo"]


def test_a_part_that_was_drawn(seen, client) -> None:  # noqa: F811
    photo = SimpleUploadedFile("room.jpg", to_bytes(room(), "JPEG"), "image/jpeg")
    page = client.post(URL, {"image": photo, "part": "0.1,0.05,0.4,0.6"}).content.decode()
    assert pressed(page) == ["Your selection"]
    assert page.count("<rect ") == 3


@pytest.mark.parametrize(("part", "status"), [("9", 400), ("x", 400), ("0,0,3,1", 400), ("0.3,0.3,0.6,0.6", 422)])
def test_parts_that_are_none(page, client, part, status) -> None:
    response = client.post(URL, {"photo_token": hidden(page, "photo_token"), "part": part})
    assert response.status_code == status


def test_no_buttons_where_there_is_one_thing_to_see(shop, client) -> None:
    from tests.search.shop import draw

    photo = SimpleUploadedFile("chair.jpg", to_bytes(draw("chair", "red"), "JPEG"), "image/jpeg")
    shop.use(DETECTOR=None)
    assert 'name="part"' not in client.post(URL, {"image": photo}).content.decode()


def test_less_like_this(shop, client) -> None:
    red = shop.id("CHR-RED-01")
    page = client.get(URL, {"q": "chair"}).content.decode()
    assert f'name="unlike" value="{red}"' in page, "a button on the tile"
    less = client.get(URL, {"q": "chair", "unlike": red}).content.decode()
    assert "Red chair" not in titles(less)
    assert "less like Red chair" in less
    back = client.get(URL, {"q": "chair", "unlike": red, "without": f"unlike={red}"}).content.decode()
    assert "Red chair" in titles(back)


def test_what_is_kept_out_is_said_and_can_be_undone(shop, client) -> None:
    page = client.get(URL, {"q": "chair -red"}).content.decode()
    assert titles(page)[0] == "Blue chair"
    assert "not red" in page
    assert hidden(page, "q_not") == "red"
    back = client.get(URL, {"q": "chair", "q_not": "red", "without": "q_not=red"}).content.decode()
    assert "Red chair" in titles(back)


def test_what_is_gone_has_no_chip(shop, client) -> None:
    assert "less like" not in client.get(URL, {"q": "chair", "unlike": "424242"}).content.decode()


def test_a_shot_that_is_not_ours_is_not_shown(page, client) -> None:
    again = client.post(URL, {"photo_token": hidden(page, "photo_token"), "shot": '"><script>'}).content.decode()
    assert hidden(again, "shot") == ""


def cut_out(box) -> SimpleUploadedFile:
    """The part of the room that a browser cuts out."""
    image = room()
    corners = [round(share * side) for share, side in zip(box, image.size * 2, strict=True)]
    return SimpleUploadedFile("photo.jpg", to_bytes(image.crop(corners), "JPEG"), "image/jpeg")


def test_a_cut_out_is_searched_as_a_part_of_the_whole_photo(page, client) -> None:
    form = {name: hidden(page, name) for name in ("photo_token", "preview", "shot")}
    cut = {"image": cut_out((0.55, 0.1, 0.95, 0.6)), "cut": "0.55,0.1,0.95,0.6", "part": "all"}
    part = client.post(URL, {**form, **cut}).content.decode()
    assert titles(part)[0] == "Green sofa"
    assert pressed(part) == ["Your selection"]
    assert hidden(part, "preview") == form["preview"], "the page goes on with the whole photo"
    own = re.search(r'vs-chosen" data-vs-part="">\s*<rect x="([\d.]+)%" y="([\d.]+)%"\s+width="([\d.]+)%" height="([\d.]+)%"', part)  # fmt: skip
    assert [float(number) for number in own.groups()] == [55, 10, 40, 50]
    # A filter later, and by its own button, it is still that part; the photo's other things are there as before.
    form["photo_token"] = hidden(part, "photo_token")
    for more in ({"page": "1"}, {"part": ""}):
        again = client.post(URL, {**form, **more}).content.decode()
        assert (pressed(again), titles(again)) == (["Your selection"], titles(part))
    chair = client.post(URL, {**form, "part": "0"}).content.decode()
    assert (pressed(chair), titles(chair)[0]) == (["1 chair"], "Red chair")
    whole = client.post(URL, {**form, "part": "all"}).content.decode()
    assert titles(whole) == titles(client.post(URL, {**form, "photo_token": hidden(page, "photo_token"), "part": "all"}).content.decode())  # fmt: skip


def test_a_tap_in_a_cut_out_is_told_in_the_whole_photo(page, client) -> None:
    # The detector of this shop sees a chair in the left half of whatever it is shown.
    form = {name: hidden(page, name) for name in ("photo_token", "preview", "shot")}
    cut = {"image": cut_out((0.2, 0, 0.8, 1)), "cut": "0.2,0,0.8,1", "part": "0.2,0.5"}
    part = client.post(URL, {**form, **cut}).content.decode()
    x, _, width, _ = (float(number) for number in re.search(r'vs-chosen" data-vs-part="">\s*<rect x="([\d.]+)%" y="([\d.]+)%"\s+width="([\d.]+)%" height="([\d.]+)%"', part).groups())  # fmt: skip
    assert (x, width) == (20, 30)


def test_a_cut_out_prolongs_no_token(page, client) -> None:
    form = {name: hidden(page, name) for name in ("photo_token", "preview")}
    until = tokens.photo_from_token(form["photo_token"]).expires
    cut = {"image": cut_out((0.5, 0, 1, 1)), "cut": "0.5,0,1,1", "part": "all"}
    part = client.post(URL, {**form, **cut}).content.decode()
    assert tokens.photo_from_token(hidden(part, "photo_token")).expires == until


@pytest.mark.parametrize(
    ("token", "cut"), [("", "0.5,0,0.4,1"), ("", "left"), ("x", "0.5,0,1,1")], ids=["no box", "words", "no token"]
)
def test_a_cut_out_of_nowhere(page, client, token, cut) -> None:
    form = {"photo_token": token or hidden(page, "photo_token"), "image": cut_out((0.5, 0, 1, 1)), "cut": cut}
    assert client.post(URL, form).status_code == 400


def test_a_room_is_answered_in_a_shelf_for_each_thing(page) -> None:
    shelves = re.findall(
        r'<section class="vs-shelf">\s*<h2>\s*([^<]*?)\s*<button type="submit" name="part" value="(\d)"', page
    )
    assert sorted(shelves) == [("1 For the chair", "0"), ("2 For the sofa", "1")]
    first = re.findall(r'<section class="vs-shelf">.*?vs-tile-title">([^<]+)<', page, re.DOTALL)
    assert sorted(first) == ["Green sofa", "Red chair"]
    assert len(titles(page)) == len(set(titles(page)))


def test_a_thing_that_is_not_sure_has_no_name_on_its_shelf(seen, client, tmp_path) -> None:  # noqa: F811
    unsure = np.array([[[0, 0, 160, 160, 0.9, 0], [160, 0, 320, 160, 0.4, 1]]])
    seen.use(DETECTOR=own_detector(tmp_path, unsure))
    photo = SimpleUploadedFile("room.jpg", to_bytes(room(), "JPEG"), "image/jpeg")
    html = client.post(URL, {"image": photo}).content.decode()
    assert "1 For the chair" in html
    assert "2 For this" in html
    assert "For the sofa" not in html


def test_the_answer_over_rest_has_the_groups_too(seen, client) -> None:  # noqa: F811
    photo = SimpleUploadedFile("room.jpg", to_bytes(room(), "JPEG"), "image/jpeg")
    found = client.post("/api/v1/search", {"image": photo}, headers={"Accept-Language": "de"}).json()
    groups = {group["object"]: group for group in found["groups"]}
    assert {number: group["label"] for number, group in groups.items()} == {0: "Stuhl", 1: ""}
    assert groups[0]["box"] == found["objects"][0]["box"]
    ids = [hit["id"] for hit in found["hits"]]
    assert {groups[0]["hits"][0], groups[1]["hits"][0]} == set(ids[:2])
    assert all(id in ids for group in groups.values() for id in group["hits"])
    words = client.get("/api/v1/search", {"q": "chair"}).json()
    assert words["groups"] == []
