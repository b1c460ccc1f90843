"""A photo's token ends a day after the photo was sent, whatever is asked with it until then and wherever."""

from __future__ import annotations

import json
import re
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.querying.test_scenes import room, seen  # noqa: F401
from tests.search.shop import draw, photo_of, to_bytes
from visual_search.privacy import sealing
from visual_search.querying import tokens

URL = "/api/v1/search"
PAGE = "/search/"
HOUR, DAY = 3600, 86_400


@pytest.fixture
def later(monkeypatch):
    """Moves the sealer's clock on."""
    begin = time.time()

    def move(seconds: int) -> None:
        monkeypatch.setattr(sealing.time, "time", lambda: begin + seconds)

    return move


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", data, "image/jpeg")


def post(client, **body):
    return client.post(URL, json.dumps(body), content_type="application/json")


def held(response) -> list[str]:
    """All that an answer holds: its own, and those of several photos."""
    assert response.status_code == 200, response.content
    answer = response.json()
    return [answer["photo_token"], *(picture["photo_token"] for picture in answer["pictures"])]


def expired(response) -> bool:
    return response.status_code == 400 and response.json()["code"] == "token_expired"


def ends(token: str) -> list[int]:
    """The expiry of each of a token's parts."""
    sealer = tokens._sealer()
    parts = zip(token.split("."), ("photo", "photo's objects"), strict=False)
    return [sealer.open(part, purpose=purpose).expires for part, purpose in parts]


def test_a_token_made_from_a_token_ends_with_the_first(shop, client, later) -> None:
    later(0)
    (first,) = held(client.post(URL, {"image": upload(photo_of("chair", "red"))}))
    later(23 * HOUR)
    (second,) = held(post(client, photo_token=first, q="chair"))
    (third,) = held(post(client, photo_token=second))
    assert ends(third) == ends(second) == ends(first)
    later(DAY + 1)
    assert all(expired(post(client, photo_token=token)) for token in (first, second, third))


def test_a_photo_that_is_sent_again_begins_anew(shop, client, later) -> None:
    later(0)
    (first,) = held(client.post(URL, {"image": upload(photo_of("chair", "red"))}))
    later(23 * HOUR)
    (second,) = held(client.post(URL, {"image": upload(photo_of("chair", "red"))}))
    assert ends(second)[0] - ends(first)[0] == 23 * HOUR


def test_neither_another_part_nor_other_photos_prolong_it(seen, client, later) -> None:  # noqa: F811
    later(0)
    (first,) = held(client.post(URL, {"image": upload(to_bytes(room(), "JPEG"))}))
    assert len(ends(first)) == 2, "the photo, and the things in it"
    later(23 * HOUR)
    made = held(post(client, photo_token=first, object=1))
    young = held(client.post(URL, {"image": [upload(photo_of("chair", "red")), upload(photo_of("mug", "black"))]}))[0]
    made += held(post(client, pictures=[{"photo_token": first}, {"photo_token": young}]))[:2]
    of_both = held(post(client, pictures=[{"photo_token": young}, {"photo_token": first}]))
    made.append(of_both[2])
    assert {end for token in made for end in ends(token)} == set(ends(first))
    assert ends(of_both[0])[0] == ends(young)[0] > ends(first)[0]
    later(DAY + 1)
    assert all(expired(post(client, photo_token=token)) for token in made)
    assert held(post(client, photo_token=young))


def test_the_things_of_an_old_token_stay_old_behind_a_young_one(seen, client, later) -> None:  # noqa: F811
    later(0)
    (old,) = held(client.post(URL, {"image": upload(to_bytes(room(), "JPEG"))}))
    later(23 * HOUR)
    (young,) = held(client.post(URL, {"image": upload(to_bytes(draw("chair", "red"), "JPEG"))}))
    mixed = f"{young.split('.')[0]}.{old.split('.')[1]}"
    (made,) = held(post(client, photo_token=mixed, object=1))
    assert set(ends(made)) == set(ends(old))


def test_a_shorter_life_holds_for_tokens_that_are_out(shop, client, later) -> None:
    later(0)
    (first,) = held(client.post(URL, {"image": upload(photo_of("chair", "red"))}))
    shop.use(PHOTO_TOKEN_SECONDS=60)
    (second,) = held(post(client, photo_token=first))
    later(61)
    assert expired(post(client, photo_token=second))
    assert held(post(client, photo_token=first))


def test_the_pages_of_the_shop_prolong_nothing_and_say_what_is_left(shop, client, later) -> None:
    def opened(**form) -> tuple[str, str]:
        page = client.post(PAGE, form).content.decode()
        left = re.search(r"It expires (.+?) after this search", page)[1]
        return re.search(r'name="photo_token" value="([^"]+)"', page)[1], left.replace("\xa0", " ")

    later(0)
    first, left = opened(image=upload(photo_of("chair", "red")))
    assert left == "1 day"
    later(20 * HOUR)
    second, left = opened(photo_token=first, q="chair")
    assert left == "4 hours"
    third, _ = opened(photo_token=second, page="1")
    assert ends(third) == ends(second) == ends(first)
    later(DAY + 1)
    assert "has expired" in client.post(PAGE, {"photo_token": third}).content.decode()
