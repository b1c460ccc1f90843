"""The search pages as plain forms, the way a browser without JavaScript uses them."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from PIL import Image

from tests.search.shop import photo_of, to_bytes
from tests.shop import doubles

URL = "/search/"


class Form(HTMLParser):
    """The fields of the results form as a browser would send them, its buttons, and the titles of the tiles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.method, self.inside = "", False
        self.fields: list[tuple[str, str]] = []
        self.choices: dict[str, list[str]] = {}
        self.buttons: list[tuple[str, str]] = []
        self.titles: list[str] = []
        self.images: list[dict] = []
        self._select, self._title = "", False
        self.feed(html)

    def handle_starttag(self, tag, attributes) -> None:
        given = dict(attributes)
        if tag == "form" and given.get("id") == "vs-form":
            self.inside, self.method = True, given["method"]
        if tag == "img":
            self.images.append(given)
        self._title = given.get("class") == "vs-tile-title"
        if not self.inside:
            return
        if tag == "input" and given.get("name"):
            if given.get("type") != "checkbox" or "checked" in given:
                self.fields.append((given["name"], given.get("value", "")))
            if given.get("type") == "checkbox":
                self.choices.setdefault(given["name"], []).append(given["value"])
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and "selected" in given:
            self.fields.append((self._select, given["value"]))
        if tag == "button" and given.get("name"):
            self.buttons.append((given["name"], given["value"]))

    def handle_data(self, data) -> None:
        if self._title:
            self.titles.append(data)
            self._title = False

    def handle_endtag(self, tag) -> None:
        if tag == "form":
            self.inside = False

    def submit(self, client, *more: tuple[str, str], without: tuple[str, ...] = ()):
        data: dict[str, list[str]] = {}
        for name, value in (*[field for field in self.fields if field[0] not in without], *more):
            data.setdefault(name, []).append(value)
        return (client.post if self.method == "post" else client.get)(URL, data)


def page(response, status: int = 200) -> Form:
    assert response.status_code == status, response.content
    return Form(response.content.decode())


def text_of(response) -> str:
    """The page's visible text, in one line."""
    html = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def upload(client, data: bytes, **more):
    return client.post(URL, {"image": SimpleUploadedFile("photo.jpg", data, "image/jpeg"), **more})


@pytest.fixture
def photo_page(shop, client):
    return upload(client, photo_of("chair", "red"))


# --- A photo ------------------------------------------------------------------------------------


def test_a_photo_stays_on_its_page_and_travels_as_a_token(photo_page) -> None:
    form = page(photo_page)
    fields = dict(form.fields)
    assert form.titles[0] == "Red chair"
    assert form.method == "post"
    assert fields["photo_token"]
    assert fields["preview"].startswith("data:image/jpeg;base64,")
    assert any(image.get("src") == fields["preview"] for image in form.images)
    assert photo_page["Cache-Control"] == "private, no-store"


def test_filters_sort_and_pages_need_no_second_upload(shop, client, photo_page) -> None:
    filtered = page(page(photo_page).submit(client, ("f.category", "Home > Seating")))
    assert filtered.titles == ["Red chair", "Blue chair", "Green sofa"]
    assert dict(filtered.fields)["preview"]
    ordered = page(filtered.submit(client, ("sort", "-price"), without=("sort",)))
    assert ordered.titles == ["Green sofa", "Blue chair", "Red chair"]
    shop.use(PAGE_SIZE=2)
    first = page(filtered.submit(client))
    assert first.titles == ["Red chair", "Blue chair"]
    assert first.buttons[-1] == ("page", "2")
    second = page(first.submit(client, first.buttons[-1]))
    assert second.titles == ["Green sofa"]


def test_words_can_be_added_to_the_photo_and_taken_away(client, photo_page) -> None:
    both = page(page(photo_page).submit(client, ("q", "table"), without=("q",)))
    assert both.titles.index("Wooden table") < both.titles.index("Black mug")
    assert ("without", "q=table") in both.buttons
    alone = page(both.submit(client, ("without", "q=table")))
    assert alone.titles == page(photo_page).titles
    assert "q" not in dict(alone.fields)


def test_the_photo_can_be_removed(client, photo_page) -> None:
    both = page(page(photo_page).submit(client, ("q", "table"), without=("q",)))
    words = page(both.submit(client, ("without", "photo_token=")))
    assert words.titles[0] == "Wooden table"
    assert words.method == "get"
    assert "photo_token" not in dict(words.fields)


def test_chips_remove_one_filter_each(client, photo_page) -> None:
    two = page(page(photo_page).submit(client, ("f.colour", "red"), ("f.colour", "blue"), ("f.price.gte", "50")))
    assert two.titles == ["Blue chair"]
    chips = [value for name, value in two.buttons if name == "without" and value.startswith("f.")]
    assert chips == ["f.colour=red", "f.colour=blue", "f.price.gte=50"]
    one = page(two.submit(client, ("without", "f.price.gte=50")))
    assert one.titles == ["Red chair", "Blue chair"]
    none = page(one.submit(client, ("without", "f.colour=blue")))
    assert none.titles == ["Red chair"]


def test_the_grade_stands_in_words_on_the_tile(photo_page) -> None:
    assert "Red chair" in text_of(photo_page)
    assert "same item" in text_of(photo_page).lower()


def test_nothing_close_is_said_once_and_the_nearest_follow(shop, client) -> None:
    response = upload(client, to_bytes(Image.new("RGB", (64, 64), (5, 5, 12))))
    assert page(response).titles
    assert "Nothing close. The nearest we have:" in text_of(response)
    assert "6 results" not in text_of(response)


def test_a_blank_photo_is_said_to_show_nothing(shop, client) -> None:
    response = upload(client, to_bytes(Image.new("RGB", (640, 480), "white"), "JPEG"))
    assert "There is nothing to recognise in this photo. Take one that shows the thing." in text_of(response)
    assert "Nothing close. The nearest we have:" in text_of(response)
    assert "similar style" not in text_of(response).lower()


def test_the_preview_carries_no_metadata(shop, client) -> None:
    import base64
    import io

    image = Image.open(io.BytesIO(photo_of("chair", "red")))
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    assert b"SecretCamera" in buffer.getvalue()
    preview = dict(page(upload(client, buffer.getvalue())).fields)["preview"]
    raw = base64.b64decode(preview.partition(",")[2])
    assert b"SecretCamera" not in raw
    assert max(Image.open(io.BytesIO(raw)).size) <= 320


@pytest.mark.parametrize("preview", ["javascript:alert(1)", 'x" onerror="alert(1)', "data:text/html;base64,PHNjcmlwdD4=",
                                     "https://example.org/track.gif", "data:image/jpeg;base64,a\n"])  # fmt: skip
def test_a_preview_that_is_not_ours_is_not_shown(client, photo_page, preview) -> None:
    form = page(page(photo_page).submit(client, ("preview", preview), without=("preview",)))
    assert dict(form.fields)["preview"] == ""
    assert all(image.get("src") != preview for image in form.images)


def test_nothing_of_the_photo_is_kept(shop, client, settings) -> None:
    before = {path for path in shop.folder.rglob("*") if path.is_file()}
    from visual_search.models import Embedding

    rows = Embedding.objects.count()
    page(upload(client, photo_of("sofa", "red")))
    assert {path for path in shop.folder.rglob("*") if path.is_file() and "-" not in path.suffix} <= before
    assert Embedding.objects.count() == rows


# --- Words --------------------------------------------------------------------------------------


def test_words_make_an_address_to_share(shop, client) -> None:
    response = client.get(URL, {"q": "red chair", "f.price.lte": "50", "sort": "relevance"})
    form = page(response)
    assert form.titles[0] == "Red chair"
    assert "Blue chair" not in form.titles
    assert form.method == "get"
    assert dict(form.fields)["q"] == "red chair"


def test_the_count_tells_what_is_close_from_what_is_not(shop, client) -> None:
    assert "2 results, and 5 less similar" in text_of(client.get(URL, {"q": "red chair"}))
    assert " 1 result " in text_of(client.get(URL, {"q": "chair", "f.colour": "red"}))
    assert "7 results" in text_of(client.get(URL))


def test_words_are_shown_escaped(shop, client) -> None:
    response = client.get(URL, {"q": "<script>alert(1)</script>"})
    assert b"<script>alert" not in response.content
    assert "<script>alert(1)</script>" in unescape(response.content.decode())


def test_facets_show_their_counts(shop, client) -> None:
    response = client.get(URL)
    form = page(response)
    assert set(form.choices["f.brand"]) == {"Plain", "Nordic"}
    assert "Home > Seating > Chairs" in form.choices["f.category"]
    assert "Plain 5" in text_of(response)


def test_a_comma_is_a_decimal_point(shop, client) -> None:
    assert page(client.get(URL, {"f.price.lte": "9,5"})).titles == ["Black mug"]


def test_nothing_matches_all_filters(shop, client) -> None:
    response = client.get(URL, {"f.colour": "red", "f.brand": "Plain"})
    assert page(response).titles == []
    assert "Remove a filter" in text_of(response)
    assert ("without", "f.colour=red") in page(response).buttons


def test_a_page_beyond_the_end_leads_back_to_the_last(shop, client) -> None:
    shop.use(PAGE_SIZE=4)
    assert ("page", "2") in page(client.get(URL, {"page": "900"})).buttons
    assert "There is no page 9; the last one is" in text_of(client.get(URL, {"q": "chair", "page": 9}))
    assert "Nothing matches" not in text_of(client.get(URL, {"q": "chair", "page": 9}))
    assert "Nothing matches" in text_of(client.get(URL, {"f.price.gte": "90000"}))


def test_titles_are_in_the_language_of_the_page(shop, client) -> None:
    form = page(client.get(URL, {"q": "Stuhl"}, headers={"accept-language": "de"}))
    assert set(form.titles[:2]) == {"Roter Stuhl", "Blauer Stuhl"}


def test_long_words_are_cut_and_the_page_says_so(shop, client) -> None:
    assert "Only the first part" in text_of(client.get(URL, {"q": "chair " * 200}))


# --- Refusals and outages -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        (b"hello", 415, "isn't a picture"),
        (photo_of("chair", "red")[:400], 422, "broken off"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), 413, "10.5 MB"),
        (b"\xff\xd8\xff" + bytes(14_000_000), 413, "14.0 MB"),
        (b"", 400, "empty"),
    ],
    ids=["text", "cut", "over the limit", "over Django's memory limit", "empty"],
)
def test_a_refused_photo_says_why_in_the_page(shop, client, data, status, says) -> None:
    response = upload(client, data)
    assert response.status_code == status
    assert says in text_of(response)
    assert "Search by image" in text_of(response)


def test_a_flood_is_refused_unread(shop, client) -> None:
    response = client.generic("POST", URL, b"x", "multipart/form-data; boundary=b", CONTENT_LENGTH=str(10**8))
    assert response.status_code == 413
    assert "100.0 MB" in text_of(response)


def test_a_form_that_can_not_be_read(shop, client) -> None:
    response = client.generic("POST", URL, b"x", "multipart/form-data")
    assert response.status_code == 400
    assert "try again" in text_of(response)


def test_an_expired_photo_asks_for_it_again(shop, client, photo_page, monkeypatch) -> None:
    monkeypatch.setattr("visual_search.privacy.sealing.time.time", lambda: 4e9)
    response = page(photo_page).submit(client)
    assert response.status_code == 400
    assert "Add the photo again" in text_of(response)


def test_the_engine_is_down(shop, client, monkeypatch) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    response = client.get(URL, {"q": "chair"})
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "Try again" in text_of(response)
    assert "engine" not in text_of(response).lower()


def test_trying_again_sends_the_same_form(shop, client, admin_client, photo_page, monkeypatch) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    asked = (("q", 'a "wooden" table'), ("f.brand", "Plain"), ("f.brand", "Nordic"), ("shows", shop.id("MUG-BLK-05")))
    form = page(photo_page)
    failed = form.submit(admin_client, *asked, without=("q",))
    assert failed.status_code == 503
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', failed.content.decode().split("<h1")[1])
    fields = [(name, unescape(value)) for name, value in kept]
    token = next(pair for pair in form.fields if pair[0] == "photo_token")
    assert {*asked[:-1], token} <= set(fields)
    names = [name for name, _ in fields]
    assert (names.count("shows"), names.count("csrfmiddlewaretoken")) == (0, 1)
    monkeypatch.setattr(doubles.BreakableEngine, "down", False)
    form.fields = fields
    assert page(form.submit(client)).titles == page(page(photo_page).submit(client, *asked[:-1], without=("q",))).titles


def test_the_encoder_is_down(shop, client, monkeypatch) -> None:
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", True)
    response = client.get(URL, {"q": "chair"})
    assert page(response).titles
    assert "less good than usual" in text_of(response)
    assert upload(client, photo_of("chair", "red")).status_code == 503


def test_a_forged_form_is_refused(shop) -> None:
    careful = Client(enforce_csrf_checks=True)
    assert upload(careful, photo_of("chair", "red")).status_code == 403
    home = careful.get(URL)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', home.content.decode()).group(1)
    assert page(upload(careful, photo_of("chair", "red"), csrfmiddlewaretoken=token)).titles[0] == "Red chair"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods(shop, client, method) -> None:
    assert getattr(client, method)(URL).status_code == 405


# --- Similar products ---------------------------------------------------------------------------


def test_similar_is_a_page_and_a_fragment(shop, client) -> None:
    url = reverse("visual_search:similar", args=[shop.id("CHR-RED-01")])
    whole = client.get(url)
    assert page(whole).titles[0] == "Blue chair"
    assert b"<html" in whole.content
    part = client.get(url, headers={"hx-request": "true"})
    assert page(part).titles[0] == "Blue chair"
    assert b"<html" not in part.content
    assert "HX-Request" in whole["Vary"]
    assert "HX-Request" in part["Vary"]


def test_a_shop_with_django_htmx_decides_what_htmx_asks(shop, client, settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_htmx.middleware.HtmxMiddleware"]
    url = reverse("visual_search:similar", args=[shop.id("CHR-RED-01")])
    part = client.get(url, headers={"hx-request": "true"})
    assert "<html" not in part.content.decode()
    assert "<html" in client.get(url).content.decode()


def test_similar_to_nothing(shop, client) -> None:
    assert client.get("/search/similar/999999/").status_code == 404
    assert client.get("/search/similar/999999/", headers={"hx-request": "true"}).status_code == 204


def test_similar_without_pictures_still_goes_by_title(shop, client) -> None:
    assert client.get(f"/search/similar/{shop.id('GFT-CRD-07')}/").status_code == 200


# --- In any shop --------------------------------------------------------------------------------


def test_the_pages_stand_without_the_reference_shop(shop, client) -> None:
    shop.use(BASE_TEMPLATE="visual_search/base.html")
    for response in (client.get(URL, {"q": "chair"}), upload(client, photo_of("chair", "red"))):
        assert "Search by image" in text_of(response)
        assert page(response).titles


def test_the_search_box_needs_one_tag() -> None:
    request = RequestFactory().get("/", {"q": 'a "chair"'})
    html = Template("{% load visual_search %}{% search_box %}").render(Context({"request": request, "csrf_token": "T"}))
    assert 'value="a &quot;chair&quot;"' in html
    assert 'value="T"' in html
    assert 'type="file"' in html
    assert "capture" not in html
    assert "never stored" in html
    assert "<script>" not in html
