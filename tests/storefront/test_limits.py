"""The pages of who asks too often: words in the shop's layout, and the status 429."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.access.conftest import _counter_is_awake, clock  # noqa: F401
from tests.search.shop import photo_of
from visual_search.models import Spent

ME = {"REMOTE_ADDR": "203.0.113.7"}
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def limited(shop, clock):  # noqa: F811
    def use(rate: str, **more):
        shop.use(PROXIES=0, LIMITS={"search": rate}, **more)
        return shop

    return use


def test_the_page_says_it_in_words(limited, client) -> None:
    limited("1/min")
    assert client.get("/search/", {"q": "chair"}, **ME).status_code == 200
    page = client.get("/search/", {"q": "chair"}, **ME)
    assert page.status_code == 429
    words = page.content.decode()
    assert "More was asked from your network than we can answer. Please try again in 30 seconds." in words
    assert "Try again</a>" in words
    assert 'role="alert"' in words
    assert (page["Retry-After"], page["RateLimit-Limit"]) == ("30", "1")
    assert client.get("/search/", {"q": "chair"}, REMOTE_ADDR="203.0.113.8").status_code == 200


class Untouched:
    def read(self, *args):
        raise AssertionError("the form was read")

    readline = read


def test_a_photo_is_refused_before_it_is_received(limited, client) -> None:
    limited("1/min")
    client.get("/search/", **ME)
    body = {"wsgi.input": Untouched(), "CONTENT_LENGTH": "5000000"}
    page = client.generic("POST", "/search/", content_type="multipart/form-data; boundary=x", **body, **ME)
    assert page.status_code == 429
    assert "Try again</a>" not in page.content.decode(), "the address alone asks for nothing"


def test_a_photo_counts_ten(limited, client) -> None:
    limited("15/min")
    photo = SimpleUploadedFile("chair.jpg", photo_of("chair", "red"), "image/jpeg")
    assert client.post("/search/", {"image": photo}, **ME).status_code == 200
    assert Spent.objects.get().used == 10
    photo.seek(0)
    refused = client.post("/search/", {"image": photo}, **ME)
    assert refused.status_code == 429
    assert "Please try again" in refused.content.decode()


def test_collections_below_the_products_are_questions_too(limited, client, gadgets) -> None:
    limited("9/min", ALSO_SEARCH=["gadgets"])
    assert client.get("/search/", {"q": "chair"}, **ME).status_code == 200
    assert Spent.objects.get().used == 2


def test_a_product_page_is_good_without_its_strip(limited, client) -> None:
    shop = limited("1/min")
    address = f"/search/similar/{shop.id('CHR-RED-01')}/"
    assert client.get(address, **ME, **HTMX).status_code == 200
    assert client.get(address, **ME, **HTMX).status_code == 204
    assert client.get(address, **ME).status_code == 429


def test_the_page_of_the_memory_is_limited_too(shop, client) -> None:
    shop.use(PROXIES=0, LIMITS={"write": "1/min"})
    assert client.post("/memory/shown", {"taste": "[]"}, **ME).status_code == 200
    assert client.post("/memory/shown", {"taste": "[]"}, **ME).status_code == 429
