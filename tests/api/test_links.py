"""A link in place of a photo, over REST and from the storefront's form. What is fetched how: tests/querying/test_fetching.py."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from tests.querying.test_fetching import PUBLIC, Net, answer
from tests.search.shop import photo_of
from visual_search.querying import fetching

URL = "/api/v1/search"
LINK = "https://shop.example/chair.jpg"


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    """What is behind names for the whole server. http, because a socket pair has no certificate."""
    net = Net()
    monkeypatch.setattr(fetching, "_resolved", net.resolve)
    monkeypatch.setattr(fetching.socket, "create_connection", net.connect)
    return net


@pytest.fixture
def linked(shop: Any) -> Any:
    shop.use(PHOTO_LINKS=True, PHOTO_LINKS_HTTP=True)
    return shop


def ask(client: Any, link: object = "http://shop.example/chair.jpg", **more: Any) -> Any:
    return client.post(URL, json.dumps({"image_url": link, **more}), content_type="application/json")


def test_the_photo_behind_a_link_is_searched_as_one_that_is_sent(linked, client, net) -> None:
    net.answers = [answer(body=photo_of("chair", "red"))]
    found = ask(client, read=False)
    assert found.status_code == 200
    assert found.json()["hits"][0]["title"] == "Red chair"
    assert found.json()["photo_token"]
    assert net.asked == [(PUBLIC, 80)]


def test_a_part_of_it_can_be_chosen_and_forms_have_it_too(linked, client, net) -> None:
    net.answers = [answer(body=photo_of("chair", "red"))] * 2
    assert ask(client, box="0,0,1,1").json()["box"] == [0, 0, 1, 1]
    assert client.post(URL, {"image_url": "http://shop.example/chair.jpg", "q": "red"}).status_code == 200
    net.answers = [answer(body=photo_of("chair", "red"))]
    several = client.post(f"{URL}/grouped", {"image_url": "http://shop.example/chair.jpg"})
    assert several.status_code == 200


def test_a_shop_that_takes_no_links_says_so_and_asks_nobody(shop, client, net) -> None:
    problem = ask(client)
    assert (problem.status_code, problem.json()["code"], problem.json()["field"]) == (400, "links_off", "image_url")
    page = client.post("/search/", {"image_url": LINK})
    assert page.status_code == 400
    assert (net.resolved, net.asked) == ([], [])


def test_http_needs_a_setting_of_its_own(shop, client, net) -> None:
    shop.use(PHOTO_LINKS=True)
    assert ask(client).json()["code"] == "link_wrong"
    assert net.resolved == []


@pytest.mark.parametrize(
    "link", [7, ["http://shop.example/"], {"a": 1}, True, "x", "http://10.0.0.1/", "http://inside.example/"]
)
def test_what_is_no_link_is_a_problem_that_names_the_parameter(linked, client, net, link: object) -> None:
    net.names["inside.example"] = ["10.0.0.1"]
    problem = ask(client, link)
    assert 400 <= problem.status_code < 500
    assert problem.json()["field"] == "image_url"
    assert net.asked == []


def test_what_is_behind_it_is_opened_as_carefully_as_a_photo(linked, client, net) -> None:
    net.answers = [answer(body=b"GIF89a" + bytes(40))]
    problem = ask(client)
    assert (problem.status_code, problem.json()["code"], problem.json()["field"]) == (
        415, "format_not_allowed", "image_url",
    )  # fmt: skip


@pytest.mark.parametrize("beside", [{"image": "aGk="}, {"photo_token": "x"}, {"pictures": []}])
def test_a_link_comes_alone(linked, client, net, beside: dict[str, object]) -> None:
    assert ask(client, **beside).json()["field"] == "image_url"
    assert net.resolved == []


def test_an_address_is_never_followed_from_an_address(linked, client, net) -> None:
    assert client.get(URL, {"image_url": LINK}).json()["code"] == "post_only"
    assert client.get("/search/", {"image_url": LINK}).status_code == 200
    assert net.resolved == []


def test_a_link_is_charged_before_it_is_followed(linked, client, net) -> None:
    linked.use(PHOTO_LINKS=True, PHOTO_LINKS_HTTP=True, LIMITS={"search": "20/h"}, PROXIES=0)
    net.answers = [answer(body=photo_of("chair", "red"))]
    first = ask(client, read=False)
    assert (first.status_code, first["RateLimit-Remaining"]) == (200, "0")
    assert ask(client).status_code == 429
    linked.use(PHOTO_LINKS=True, PHOTO_LINKS_HTTP=True, LIMITS={"search": "10/min"}, PROXIES=0)
    net.resolved.clear()
    assert ask(client).status_code == 429  # One for the question, ten for the link.
    assert client.post("/search/", {"image_url": LINK}).status_code == 429
    assert net.resolved == []


def field(words: str | None = None) -> str:
    request = RequestFactory().get("/")
    context = Context({"request": request, "words": words, "csrf_token": "t0ken", "mark": ""})
    return Template('{% include "visual_search/sheet/link.html" %}').render(context)


def test_the_storefront_s_field_is_a_plain_form_that_works_without_scripts(linked, client, net) -> None:
    html = field("red <b>")
    assert re.search(r'<form [^>]*action="/search/" method="post"', html)
    assert 'value="red &lt;b&gt;"' in html
    assert re.search(r'type="url" name="image_url"[^>]*required', html)
    assert 'value=""' in field()
    net.answers = [answer(body=photo_of("chair", "red"))]
    page = client.post("/search/", {"image_url": "http://shop.example/chair.jpg", "q": ""})
    text = page.content.decode()
    assert page.status_code == 200
    assert "Red chair" in text
    assert 'name="photo_token"' in text
    assert "shop.example" not in text  # The page needs the link no more.


def test_a_shop_that_takes_no_links_has_no_field(shop) -> None:
    assert field().strip() == ""


def test_the_document_says_whether_links_are_taken(shop, client) -> None:
    def named() -> dict[str, object]:
        found = client.get("/api/v1/openapi.json").json()
        return found["components"]["schemas"]["JsonSearchRequest"]["properties"]

    assert "image_url" not in named()
    shop.use(PHOTO_LINKS=True)
    assert "in place of `image`" in named()["image_url"]["description"]


def test_neither_link_nor_host_is_logged(linked, client, net, caplog: pytest.LogCaptureFixture) -> None:
    net.answers = [answer("500 Oh", b"")]
    with caplog.at_level("DEBUG"):
        assert ask(client, "http://shop.example/secret-path").status_code == 422
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("visual_search")]
    assert not [message for message in ours if "secret-path" in message or "shop.example" in message]
