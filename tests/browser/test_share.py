"""Links to what a photo found: copied in one browser, opened in another, with the token in no address that a server sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.signals import request_started

from tests.browser.test_search import choose, photo, settled, shoot, titles  # noqa: F401
from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room
from tests.search.shop import to_bytes
from tests.shop import doubles
from visual_search.features.query_log import collecting, options
from visual_search.features.query_log.models import LoggedQuery
from visual_search.privacy import sealing
from visual_search.querying import tokens

pytestmark = pytest.mark.browser
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def copied(tab) -> str:
    """The link that the button copies."""
    tab.context.grant_permissions(CLIPBOARD)
    tab.get_by_role("button", name="Copy link to these results").click()
    tab.locator("[data-vs-share-said]", has_text="Copied").wait_for()
    return tab.evaluate("navigator.clipboard.readText()")


def ids(tab) -> list[str]:
    return [tile.get_attribute("data-vs-id") for tile in tab.locator("#vs-form .vs-tile").all()]


def told(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).fragment)


@pytest.fixture
def stranger(browser, live_server, live_shop) -> Iterator[object]:
    """A tab of another browser, on a phone: no cookie, no history, nothing kept."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, base_url=live_server.url,
        bypass_csp=True,  # as in `tab`: the policy forbids what Playwright evaluates when it has to look twice
    )  # fmt: skip
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    tab.script_errors = []
    tab.on("pageerror", lambda error: tab.script_errors.append(str(error)))
    yield tab
    context.close()


def opened(tab, link: str) -> list[str]:
    """Open the link and wait for what it leads to. Gives the bodies that were posted."""
    sent: list = []
    tab.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    with tab.expect_response(lambda response: response.request.method == "POST"):
        tab.goto(link, wait_until="commit")
    # What else stands at that address isn't shown until the answer takes its place.
    tab.wait_for_function("document.readyState === 'complete' && !document.querySelector('.vs-opening, [aria-busy]')")
    return [request.post_data for request in sent]


@pytest.fixture
def environs() -> Iterator[list[dict[str, str]]]:
    """What the server is told beside the bodies: addresses and headers."""
    seen: list[dict[str, str]] = []

    def note(environ, **_kwargs) -> None:
        seen.append({name: value for name, value in environ.items() if isinstance(value, str)})

    request_started.connect(note)
    yield seen
    request_started.disconnect(note)


@pytest.fixture
def logged(live_shop):
    live_shop.settings.VISUAL_SEARCH = {
        **live_shop.settings.VISUAL_SEARCH,
        "QUERY_LOG": {"MODE": "anonymous", "KEY_FOLDER": live_shop.folder / "keys", "IN_BACKGROUND": False},
    }
    options.forget()
    yield live_shop
    collecting.buffer.flush()
    options.forget()


def test_a_link_works_in_another_browser_and_no_address_holds_the_token(
    logged,
    tab,
    stranger,
    photo,  # noqa: F811
    environs,
) -> None:
    tab.goto("/search/")
    choose(tab, photo)
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile("^Plain")).check())
    tab.locator("#vs-q").fill("wooden")
    settled(tab, lambda: tab.keyboard.press("Enter"))
    settled(tab, lambda: tab.get_by_label("Sort by").select_option("price"))
    tab.locator("#vs-q").evaluate("(input) => { input.value = 'typed but not asked'; }")
    link = copied(tab)
    shoot(tab, logged.folder, "share-1280")
    (token,) = told(link)["photo"]
    assert told(link) == {"photo": [token], "q": ["wooden"], "f.brand": ["Plain"], "sort": ["price"]}
    assert urlsplit(link).path == "/search/"
    assert urlsplit(link).query == ""
    assert told(tab.url) == {**told(link), "photo": told(tab.url)["photo"]}
    assert len(told(tab.url)["photo"][0]) < 20, "the sender's own address has a name in the token's place"

    addresses: list[str] = []
    stranger.on("request", lambda request: addresses.append(f"{request.url} {request.headers.get('referer')}"))
    del environs[:]
    opened(stranger, link)
    assert titles(stranger) == titles(tab) != []
    assert stranger.locator("#vs-sort").input_value() == "price"
    assert stranger.locator("[data-vs-chips] button").filter(has_text="“wooden”").is_visible()
    assert len(told(stranger.url)["photo"][0]) < 20, "the token doesn't stay in the address"
    assert stranger.locator("#vs-form .vs-asked img").count() == 0, "the picture is never in a link"
    assert stranger.locator("h1").inner_text() == "A photo and “wooden”", "it isn't the photo of whoever looks"
    assert stranger.script_errors == tab.script_errors == []
    shoot(stranger, logged.folder, "shared-390")
    stranger.set_viewport_size({"width": 1280, "height": 844})
    shoot(stranger, logged.folder, "shared-1280")

    named = [text.split("#")[0] for text in addresses]
    assert {"POST", "GET"} <= {environ["REQUEST_METHOD"] for environ in environs}
    assert not any(token[:40] in text for text in named)
    assert not any(token[:40] in value for environ in environs for value in environ.values())
    collecting.buffer.flush()
    rows = LoggedQuery.objects.filter(kind="hybrid", object_ids=ids(stranger))
    asked = list(rows.values("language", "results", "object_ids", "masked", "text", "application", "collection"))
    assert len(asked) >= 2
    assert all(row == asked[0] for row in asked), "who opens a link leaves the row that any question by token leaves"
    assert not any(token[:40] in str(vars(row)) for row in LoggedQuery.objects.all())


def test_the_chosen_part_and_the_page_are_in_the_link(tab, stranger, live_shop, tmp_path) -> None:
    live_shop.use(PAGE_SIZE=2, DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    path = tmp_path / "room.jpg"
    path.write_bytes(to_bytes(room(), "JPEG"))
    tab.goto("/search/")
    choose(tab, path)
    settled(tab, lambda: tab.get_by_role("button", name="2 sofa").click())
    settled(tab, lambda: tab.get_by_role("button", name="Next").click())
    link = copied(tab)
    opened(stranger, link)
    assert titles(stranger) == titles(tab)
    assert stranger.locator(".vs-parts [aria-pressed=true]").inner_text() == "2 sofa"
    assert not stranger.get_by_role("button", name="Select a part yourself").is_visible(), "there are no pixels to cut"
    shoot(stranger, tmp_path, "shared-part-390")

    # A token that old messengers would cut goes without the other things; the part that was chosen stays.
    tab.locator("[name=photo_token]").evaluate("(input) => { input.value = input.value + 'A'.repeat(8000); }")
    (short,) = told(copied(tab))["photo"]
    assert "not the other things" in tab.locator("[data-vs-share-said]").inner_text()
    assert short == told(link)["photo"][0].split(".")[0]
    stranger.goto("about:blank")
    opened(stranger, link.replace(told(link)["photo"][0], short))
    assert titles(stranger) == titles(tab)
    assert stranger.locator(".vs-parts").count() == 0


def test_of_a_strangers_link_only_the_question_is_believed(tab, photo, live_shop) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    link = copied(tab)
    # Over the page that is open already, where only the part behind # changes.
    (body,) = opened(
        tab,
        link + f"&shows={live_shop.id('MUG-BLK-05')}&preview=data:image/jpeg;base64,AAAA&taste=%5B%5D&f.brand=Nordic",
    )
    fields = re.findall(r'name="([^"]+)"\r\n\r\n([^\r]*)', body)
    assert {name for name, value in fields if value} == {"csrfmiddlewaretoken", "photo_token", "f.brand"}
    assert titles(tab) == ["Red chair", "Blue chair"]


def test_an_expired_link_says_so(tab, stranger, photo, monkeypatch) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    link = copied(tab)
    clock = sealing.time.time
    monkeypatch.setattr(sealing.time, "time", lambda: clock() + 86_401)
    opened(stranger, link)
    assert "This photo link has expired" in stranger.get_by_role("alert").text_content()
    assert stranger.url.endswith("/search/")
    monkeypatch.undo()
    (token,) = told(link)["photo"]
    opened(stranger, link.replace(token, f"{token[:100]}{'B' if token[100] == 'A' else 'A'}{token[101:]}"))
    stranger.get_by_role("alert").filter(has_text="This photo link was changed").wait_for()
    assert stranger.url.endswith("/search/"), "a link that is pasted over that page is opened, too"


def test_trying_again_opens_the_link_that_was_kept(tab, stranger, photo, monkeypatch) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    link = copied(tab)
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    posts: list = []
    stranger.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    assert stranger.goto(link).status == 503
    assert stranger.url == link
    assert posts == [], "a search that is away isn't asked twice"
    monkeypatch.setattr(doubles.BreakableEngine, "down", False)
    with stranger.expect_response(lambda response: response.request.method == "POST"):
        stranger.get_by_role("link", name="Try again").click()
    stranger.wait_for_function(
        "document.readyState === 'complete' && !document.querySelector('.vs-opening, [aria-busy]')"
    )
    assert titles(stranger) == titles(tab) != []
    assert len(told(stranger.url)["photo"][0]) < 20


def test_trying_again_sends_the_photo_again(tab, photo, monkeypatch) -> None:  # noqa: F811
    tab.goto("/search/")
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", True)
    tab.set_input_files("[data-vs-file]", str(photo))
    tab.get_by_role("alert").filter(has_text="will be back").wait_for()
    assert tab.locator("[data-vs-tray-photo]").is_visible()
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", False)
    with tab.expect_navigation():
        tab.get_by_role("button", name="Try again").click()
    assert titles(tab)[0] == "Red chair"
    assert tab.locator(".vs-asked-photo img").is_visible()


def test_a_page_without_a_clipboard_shows_the_link(tab, photo) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    tab.get_by_role("button", name="Copy link to these results").click()
    field = tab.get_by_label("Link to these results", exact=True)
    link = field.input_value()
    assert tokens.photo_from_token(told(link)["photo"][0]).vectors
    assert field.evaluate("(input) => [input.selectionStart, input.selectionEnd]") == [0, len(link)]
    assert tab.locator("[data-vs-share-said]").inner_text() == "Copy the link from the field."


def test_a_phone_hands_the_link_to_its_own_sheet(stranger, photo) -> None:  # noqa: F811
    # Headless Chromium has no such sheet; this notes what it would be given.
    stranger.add_init_script("navigator.share = async (what) => { window.vsShared = what; };")
    stranger.goto("/search/")
    choose(stranger, photo)
    stranger.get_by_role("button", name="Share a link to these results").click()
    stranger.wait_for_function("window.vsShared")
    assert list(told(stranger.evaluate("window.vsShared.url"))) == ["photo"]


def test_without_a_photo_there_is_nothing_to_copy(tab) -> None:
    tab.goto("/search/?q=chair")
    assert tab.locator("[data-vs-share]").count() == 0
    assert titles(tab)
    assert tab.script_errors == []
