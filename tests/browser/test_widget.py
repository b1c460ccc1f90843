"""The element <visual-search> in a page of the shop under its policy, and in a page of another site with a key."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser.test_search import shoot
from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room
from tests.search.shop import photo_of, to_bytes
from visual_search.models import ApiKey
from visual_search.storefront.integrity import integrity

pytestmark = pytest.mark.browser
SCRIPT = Path(__file__).parents[2] / "visual_search/static/visual_search/widget.js"
EVENTS = ("open", "upload", "crop", "search", "click", "basket")
# Notes what the widget tells, and keeps the page where it is.
NOTING = """
window.told = [];
for (const name of NAMES) addEventListener("visual-search:" + name, (event) => {
  window.told.push([name, event.detail]);
  if (name === "click") event.preventDefault();
});
""".replace("NAMES", json.dumps(EVENTS))


@pytest.fixture
def page(settings, tab):
    settings.ROOT_URLCONF = "tests.browser.urls_widget"
    tab.goto("/widget-page/")
    return tab


def box(tab):
    return tab.locator("visual-search").first


def titles(tab) -> list[str]:
    box(tab).locator("li b").first.wait_for()
    return box(tab).locator("li b").all_inner_texts()


def told(tab) -> list:
    return tab.evaluate("window.told")


def add_photo(tab, data: bytes) -> None:
    file = {"name": "room.jpg", "mimeType": "image/jpeg", "buffer": data}
    box(tab).locator("input[type=file]").set_input_files(file)


with_the_policy = pytest.mark.parametrize("tab", ["with the policy"], indirect=True)


@with_the_policy
def test_it_works_under_the_shop_s_policy_and_its_script_is_the_one_that_is_meant(page) -> None:
    assert page.locator("script[type=module]").count() == 1
    assert page.locator("script[type=module]").get_attribute("integrity") == integrity("visual_search/widget.js")
    box(page).get_by_role("searchbox").fill("red chair")
    box(page).get_by_role("button", name="Search", exact=True).click()
    assert titles(page)[0] == "Red chair"
    add_photo(page, photo_of("chair", "red"))
    box(page).locator(".scene img").first.wait_for()
    assert box(page).locator(".scene img").evaluate("image => image.complete && image.naturalWidth > 0")
    # The style is there, though no inline style is allowed.
    assert box(page).locator("form").evaluate("form => getComputedStyle(form).display") == "flex"
    assert page.script_errors == []


def test_photo_thing_click_and_basket_are_told_as_events(page, live_shop, tmp_path) -> None:
    live_shop.use(DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    page.evaluate(NOTING)
    add_photo(page, to_bytes(room(), "JPEG"))
    assert set(titles(page)[:2]) == {"Red chair", "Green sofa"}
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shoot(page, tmp_path, f"widget-{width}")
    box(page).get_by_role("button", name="2 sofa").click()
    box(page).locator(".thing[aria-pressed=true]").wait_for()
    assert titles(page)[0] == "Green sofa"
    box(page).locator("li a").first.click()
    box(page).get_by_role("button", name="Add to basket: Green sofa").click()
    assert [name for name, _ in told(page)] == ["open", "upload", "search", "crop", "search", "click", "basket"]
    details = dict(told(page))
    assert details["crop"] == {"object": 1}
    assert (details["click"]["id"], details["click"]["position"]) == (live_shop.id("SOF-GRN-03"), 1)
    assert details["basket"]["hit"]["title"] == "Green sofa"
    assert re.fullmatch(r"[0-9a-f-]{36}", details["click"]["query_id"])
    assert page.url.endswith("/widget-page/")
    box(page).get_by_role("button", name="Whole photo").click()
    box(page).locator(".thing[aria-pressed=true]").wait_for(state="detached")
    box(page).get_by_role("searchbox").press("Escape")
    assert box(page).locator("li").count() == 0
    assert page.script_errors == []


def test_a_page_can_stop_what_it_hears_of(page) -> None:
    page.evaluate("addEventListener('visual-search:upload', (event) => event.preventDefault())")
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    add_photo(page, photo_of("chair", "red"))
    page.wait_for_timeout(300)
    assert not [url for url in sent if "/api/" in url]


def test_a_refusal_is_said_and_what_an_answer_holds_is_never_markup(page, live_shop) -> None:
    product = live_shop.products["CHR-RED-01"]
    text = product.texts.get(language="en")
    text.title = "<img src=x onerror=document.title='hacked'>"
    text.save()
    live_shop.index()
    add_photo(page, b"no picture")
    box(page).get_by_text("isn't a picture that we can read").wait_for()
    add_photo(page, photo_of("chair", "red"))
    assert "<img src=x" in titles(page)[0]
    assert page.title() == "Blog"


class Blog(BaseHTTPRequestHandler):
    """Another site: a page with a policy of its own, and its copy of the script."""

    html, policy = "", ""

    def do_GET(self) -> None:
        is_script = self.path == "/widget.js"
        body = SCRIPT.read_bytes() if is_script else self.html.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", self.policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def blog() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Blog)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_page_of_another_site_searches_with_a_key_of_its_own(browser, blog, live_server, live_shop) -> None:
    live_shop.use(API_KEYS_REQUIRED=True)
    _key, secret = ApiKey.objects.issue("Blog", ["search"], origins=[blog])
    shop = live_server.url
    Blog.policy = f"default-src 'none'; script-src 'self'; connect-src {shop}; img-src {shop} blob: data:"
    Blog.html = f"""<!doctype html><html lang="de"><title>Blog</title><link rel="icon" href="data:,">
      <script type="module" src="/widget.js" integrity="{integrity("visual_search/widget.js")}"></script>
      <visual-search api="{shop}/api/v1/" key="{secret}"></visual-search></html>"""
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    errors: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.goto(f"{blog}/")
    box(tab).get_by_role("searchbox").fill("roter Stuhl")
    box(tab).get_by_role("searchbox").press("Enter")
    assert titles(tab)[0] == "Roter Stuhl"
    add_photo(tab, photo_of("chair", "red"))
    box(tab).locator(".scene img").first.wait_for()
    assert box(tab).locator("li a").first.get_attribute("href").startswith(f"{shop}/")
    assert errors == []
    Blog.html = Blog.html.replace(secret, "vs_wrong")
    tab.goto(f"{blog}/")
    box(tab).get_by_role("searchbox").fill("chair")
    box(tab).get_by_role("searchbox").press("Enter")
    box(tab).get_by_text("failed").wait_for()  # Without a right key the browser reads no answer.
    context.close()
