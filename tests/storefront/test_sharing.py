"""A photo that a phone shares with the shop: searched without a token, and nothing else that is sent counts."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.search.shop import photo_of
from tests.storefront.test_limits import _counter_is_awake, clock, limited  # noqa: F401
from tests.storefront.test_results import page, text_of
from visual_search import search

URL = "/search/share/"


def share(client, name: str = "image", **more):
    file = SimpleUploadedFile("IMG.jpg", photo_of("chair", "red"), "image/jpeg")
    return client.post(URL, {name: file, **more})


def test_a_shared_photo_is_searched_without_a_token(shop) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = share(strict)
    form = page(answer)
    assert form.titles[0] == "Red chair"
    assert dict(form.fields)["photo_token"]
    assert answer["Cache-Control"] == "private, no-store"
    assert strict.post("/search/", {"q": "chair"}).status_code == 403, "the other door still asks for one"


def test_of_all_that_is_sent_only_the_photo_is_read(shop, monkeypatch, admin_client) -> None:
    asked = []
    real = search.search
    monkeypatch.setattr(search, "search", lambda query: asked.append(query) or real(query))
    kept = shop.products["TAB-BRN-06"].images.count()
    answer = share(
        admin_client, q="table", shows=shop.id("TAB-BRN-06"), sort="price", taste="x", unlike=shop.id("CHR-RED-01")
    )
    assert page(answer).titles[0] == "Red chair"
    [query] = asked
    assert (query.words, query.sort, query.unlike, query.taste) == ("", "relevance", (), ())
    assert shop.products["TAB-BRN-06"].images.count() == kept, "nobody teaches the shop in the name of its staff"


def test_without_a_photo_it_says_what_to_do(shop, client) -> None:
    for answer in (client.post(URL, {"text": "look"}), share(client, "file")):
        assert answer.status_code == 400
        assert "No photo came along" in text_of(answer)
    assert client.get(URL).status_code == 405


def test_what_is_no_photo_and_what_is_too_large_is_refused_as_everywhere(shop, client) -> None:
    shop.use(PICTURE_MAX_BYTES=2000)
    for data, status in ((b"hello", 415), (b"\xff\xd8\xff" + bytes(5000), 413)):
        answer = client.post(URL, {"image": SimpleUploadedFile("a.jpg", data)})
        assert answer.status_code == status


def test_who_asks_too_often_is_told(limited, client) -> None:  # noqa: F811
    limited("12/min")
    told = [share(client).status_code for _ in range(13)]
    assert (told[0], told[-1]) == (200, 429)
