"""The results of a photo at their own address: found again by each way back, and not lost when the shop is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import chromium_path
from tests.browser.test_search import settled, shoot, titles
from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room
from tests.search.shop import to_bytes
from tests.shop import doubles
from visual_search.querying import uploads

pytestmark = pytest.mark.browser
WAITING = ".vs-opening, [aria-busy=true], [data-vs-tray]:not([hidden])"


def stands(tab) -> None:
    """Wait until the results of a photo stand."""
    tab.wait_for_function(
        f"document.querySelector('form#vs-form [name=photo_token]') && !document.querySelector('{WAITING}')"
    )


def place(tab) -> dict:
    """What a shopper sees: the photo, its part, the words, the filters, the order, the page, the hits and where it is scrolled to."""
    return tab.evaluate(
        """() => {
            const form = document.querySelector("#vs-form");
            const all = (css, read) => [...form.querySelectorAll(css)].map(read);
            return {
                photo: form.querySelector(".vs-asked-photo img")?.src,
                part: all(".vs-parts [aria-pressed=true]", (item) => item.textContent),
                words: all("[name=q][type=hidden]", (item) => item.value),
                filters: all(":checked[type=checkbox]", (item) => `${item.name}=${item.value}`),
                prices: all("[type=number]", (item) => item.value),
                sort: form.elements.sort.value,
                page: form.querySelector(".vs-pages span")?.textContent,
                hits: all(".vs-tile-title", (item) => item.textContent),
                unlike: all("[name=unlike][type=hidden]", (item) => item.value),
                scrolled: Math.round(scrollY),
            };
        }"""
    )


def unfolded(tab) -> None:
    if not tab.locator("#vs-sort").is_visible():
        tab.get_by_text("Filter and sort").evaluate(CLICK)


CLICK = "(item) => item.click()"  # Playwright's own click would scroll first, and the page be left from elsewhere.


def click(role: str, name: str | re.Pattern) -> Callable:
    def act(tab) -> None:
        settled(tab, lambda: tab.get_by_role(role, name=name).evaluate(CLICK))

    return act


def tick(name: str) -> Callable:
    def act(tab) -> None:
        unfolded(tab)
        settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile(f"^{name}")).evaluate(CLICK))

    return act


def words(tab) -> None:
    tab.locator("#vs-q").fill("wooden")
    settled(tab, lambda: tab.keyboard.press("Enter"))


def price(tab) -> None:
    unfolded(tab)
    tab.locator("[name='f.price.lte']").fill("250")
    settled(tab, lambda: tab.keyboard.press("Enter"))


def by_price(tab) -> None:
    unfolded(tab)
    settled(tab, lambda: tab.get_by_label("Sort by").select_option("price"))


def tap(x: float, y: float = 0.5) -> Callable:
    def act(tab) -> None:
        area = tab.locator("[data-vs-scene]")
        area.scroll_into_view_if_needed()
        edge = area.bounding_box()
        where = edge["x"] + edge["width"] * x, edge["y"] + edge["height"] * y
        if edge["width"] >= 200:
            settled(tab, lambda: tab.mouse.click(*where))
        else:  # On a phone a tap looks closer.
            tab.mouse.click(*where)
            settled(tab, lambda: tab.get_by_role("button", name="Search this part").click())

    return act


def draw(tab) -> None:
    tab.get_by_role("button", name="Select a part yourself").press("Enter")
    settled(tab, lambda: tab.keyboard.press("Enter"))


def scroll(tab) -> None:
    tab.evaluate("scrollTo(0, Math.min(260, document.documentElement.scrollHeight - innerHeight))")
    tab.wait_for_function("scrollY > 0")


def product(tab) -> None:
    with tab.expect_navigation(url="**/p/**"):
        tab.locator(".vs-tile-link").last.evaluate(CLICK)


def home(tab) -> None:
    tab.goto("/")


def back(tab) -> None:
    tab.evaluate("history.back()")


def forward(tab) -> None:
    tab.evaluate("history.forward()")


def reload(tab) -> None:
    tab.reload()


sofa, chair, whole = click("button", "2 sofa"), click("button", "1 chair"), click("button", "Whole photo")
page_2, page_1 = click("button", "Next"), click("button", "Previous")
less = click("button", re.compile("Less like this.*Red chair"))

# What is done until the results stand that must be found again; then what leads away from them, and back.
WAYS: dict[str, tuple[list[Callable], list[Callable]]] = {
    "reload": ([scroll], [reload]),
    "product and back": ([scroll], [product, back]),
    "product, back, reload": ([scroll], [product, back, reload]),
    "home and back": ([scroll], [home, back]),
    "part, back from a product": ([sofa, scroll], [product, back]),
    "part, another part, back": ([sofa, scroll], [chair, back]),
    "tapped part, reload": ([tap(0.75), scroll], [reload]),
    "drawn part, reload": ([draw, scroll], [reload]),
    "drawn part, product, back": ([draw, scroll], [product, back]),
    "drawn part, whole photo, back": ([draw, scroll], [whole, back]),
    "words, reload": ([words, scroll], [reload]),
    "words, filter, back": ([words, scroll], [tick("Nordic"), back]),
    "filter, product, back": ([tick("Nordic"), scroll], [product, back]),
    "filter, price, reload": ([tick("Nordic"), price, scroll], [reload]),
    "second page, product, back": ([page_2, scroll], [product, back]),
    "second page, reload, reload": ([page_2, scroll], [reload, reload]),
    "second page and back": ([scroll], [page_2, back]),
    "second page, back, forward": ([page_2, scroll], [back, forward]),
    "order, second page, product, back": ([by_price, page_2, scroll], [product, back]),
    "part, words, filter, order, reload": ([sofa, words, tick("Nordic"), by_price, scroll], [reload]),
    "less like this, product, back": ([less, scroll], [product, back]),
    "four steps back and forth": ([sofa, words, scroll], [by_price, page_2, back, back]),
    "by another photo and back": ([sofa, words, scroll], ["another photo", back]),
    "by words and back": ([sofa, scroll], ["words alone", back]),
}


@pytest.fixture
def room_photo(live_shop, tmp_path) -> str:
    live_shop.use(PAGE_SIZE=3, DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    path = tmp_path / "room.jpg"
    path.write_bytes(to_bytes(room(), "JPEG"))
    return str(path)


def upload(tab, path: str) -> None:
    with tab.expect_navigation():
        tab.set_input_files("[data-vs-file]", path)
    stands(tab)


def walk(tab, steps: list, path: str) -> None:
    for number, step in enumerate(steps):
        if step == "another photo":
            upload(tab, path)
        elif step == "words alone":
            tab.goto("/search/?q=table")
        else:
            step(tab)
            if step in (back, forward, reload) and steps[number + 1 : number + 2] != [back]:
                stands(tab)
            elif step in (back, forward):
                tab.wait_for_timeout(100)  # Two steps of a hurried shopper; each is one of the browser's own.


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_leads_back_to_the_same_page(tab, room_photo, way, width) -> None:
    there, away = WAYS[way]
    tab.set_viewport_size({"width": width, "height": 700})
    tab.goto("/")
    upload(tab, room_photo)
    walk(tab, there, room_photo)
    before, address = place(tab), tab.url
    assert before["scrolled"] > 0
    assert before["photo"]
    walk(tab, away, room_photo)
    assert place(tab) == before
    assert tab.url == address
    assert tab.script_errors == []


def test_the_address_opens_in_a_new_tab(tab, room_photo) -> None:
    tab.goto("/search/")
    upload(tab, room_photo)
    for step in (sofa, words, by_price):
        step(tab)
    tab.evaluate("scrollTo(0, 0)")
    before = place(tab)
    other = tab.context.new_page()
    other.goto(tab.url)
    stands(other)
    assert {**place(other), "scrolled": 0} == before
    # The photo is in that tab now, too, whatever becomes of the first one.
    tab.close()
    other.reload()
    stands(other)
    assert {**place(other), "scrolled": 0} == before


def test_an_address_whose_photo_is_in_no_tab_says_so(tab, room_photo) -> None:
    tab.goto("/search/#photo=mwz3om64umvk3dc8&q=chair")
    alert = tab.get_by_role("alert").filter(has_text="no longer kept")
    alert.wait_for()
    assert not tab.get_by_role("button", name="Try again").is_visible()
    assert tab.evaluate("document.activeElement.textContent") == "Close"
    tab.keyboard.press("Escape")
    assert not alert.is_visible()
    upload(tab, room_photo)
    assert tab.script_errors == []


def test_a_skip_link_loses_nothing(tab, room_photo) -> None:
    tab.goto("/search/")
    upload(tab, room_photo)
    sofa(tab)
    address, entries = tab.url, tab.evaluate("history.length")
    tab.locator("a.skip").evaluate(CLICK)
    tab.wait_for_function(
        "([address, entries]) => location.href === address && history.length > entries", arg=[address, entries]
    )
    tab.reload()
    stands(tab)
    assert place(tab)["part"] == ["2 sofa"]
    assert tab.script_errors == []


def test_words_and_a_photo_at_one_address_do_not_mix(tab, room_photo) -> None:
    """htmx keeps earlier pages of words by their address; that of a photo is never among them."""
    tab.goto("/search/")
    all_products = titles(tab)
    tick("Nordic")(tab)
    tab.go_back()
    tab.wait_for_function("!document.querySelector('[name=\"f.brand\"]:checked')")
    upload(tab, room_photo)
    photo = place(tab)
    tab.go_back()
    tab.wait_for_function("!document.querySelector('#vs-form [name=photo_token]')")
    assert titles(tab) == all_products
    tab.go_forward()
    stands(tab)
    assert place(tab) == photo
    assert "photo_token" not in (tab.evaluate("sessionStorage.getItem('htmx-history-cache')") or "")
    assert tab.script_errors == []


@pytest.fixture
def with_cache(browser, live_server, live_shop) -> Iterator[object]:
    """A tab of a browser that keeps whole pages for the way back, which Playwright switches off."""
    chromium = browser.browser_type.launch(
        executable_path=chromium_path(), args=list(ARGUMENTS), ignore_default_args=["--disable-back-forward-cache"]
    )
    # The policy would forbid what Playwright evaluates to wait for something.
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 700}, bypass_csp=True)
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    yield tab
    chromium.close()


def test_a_page_that_the_browser_kept_whole_is_as_it_was_left(with_cache, room_photo) -> None:
    tab = with_cache
    tab.goto("/")
    upload(tab, room_photo)
    for step in (sofa, words, scroll):
        step(tab)
    before = place(tab)
    tab.evaluate("addEventListener('pageshow', (event) => { window.vsPersisted = event.persisted; })")
    product(tab)
    back(tab)
    tab.wait_for_function("window.vsPersisted === true")
    assert place(tab) == before
    # It still answers other tabs, and its own steps still work.
    other = tab.context.new_page()
    other.goto(tab.url)
    stands(other)
    other.close()
    chair(tab)
    assert place(tab)["part"] == ["1 chair"]


# --- Waiting, and what goes wrong ---


def tray(tab):
    return tab.locator("[data-vs-tray]")


def never_answered(tab) -> list:
    waiting: list = []
    tab.route(
        "**/search/", lambda route: waiting.append(route) if route.request.method == "POST" else route.continue_()
    )
    return waiting


def drop(tab, data: bytes) -> None:
    tab.evaluate(
        """(data) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(data)], "photo.jpg", { type: "image/jpeg" }));
            document.querySelector("footer").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        list(data),
    )


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("end", ["button", "key", "stop"])
def test_the_tray_is_seen_wherever_the_photo_was_dropped(tab, room_photo, live_shop, end, width) -> None:
    tab.set_viewport_size({"width": width, "height": 700})
    tab.goto("/search/?q=chair")
    tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    before = place(tab)
    waiting = never_answered(tab)
    drop(tab, to_bytes(room(), "JPEG"))
    tab.get_by_role("status").filter(has_text="Sending").wait_for()
    box = tray(tab).bounding_box()
    assert box["y"] > 0
    assert box["y"] + box["height"] <= 700, "it is at the foot of the window"
    assert tab.locator("[data-vs-tray-photo]").evaluate("(image) => image.naturalWidth") > 0
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(tab, live_shop.folder, f"tray-{width}")
    if end == "button":
        tab.get_by_role("button", name="Cancel").click()
    elif end == "key":
        tab.keyboard.press("Escape")
    else:
        tab.evaluate("window.stop()")
    tray(tab).wait_for(state="hidden")
    assert len(waiting) == 1
    assert place(tab) == before
    assert tab.url.endswith("/search/?q=chair")
    assert tab.script_errors == []


def lost(tab, monkeypatch) -> None:
    tab.context.set_offline(True)


def dead(tab, monkeypatch) -> None:
    tab.route("**/search/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())


def away(tab, monkeypatch) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)


def busy(tab, monkeypatch) -> None:
    answer = '<div id="vs-form"><p data-vs-message>Many photos at once</p></div>'
    tab.route("**/search/", lambda route: route.fulfill(status=429, body=answer, content_type="text/html") if route.request.method == "POST" else route.continue_())  # fmt: skip


def broken(tab, monkeypatch) -> None:
    tab.route("**/search/", lambda route: route.fulfill(status=500, body="no") if route.request.method == "POST" else route.continue_())  # fmt: skip


def well(tab, monkeypatch) -> None:
    tab.context.set_offline(False)
    tab.unroute("**/search/")
    monkeypatch.setattr(doubles.BreakableEngine, "down", False)


TROUBLES = {
    "lost": (lost, "connection"),
    "dead": (dead, "can not be reached"),
    "away": (away, "will be back"),
    "busy": (busy, "Many photos"),
    "broken": (broken, "can not be reached"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_with_an_upload_keeps_the_photo(tab, room_photo, live_shop, monkeypatch, trouble) -> None:
    begin, said = TROUBLES[trouble]
    tab.goto("/")
    begin(tab, monkeypatch)
    tab.set_input_files("[data-vs-file]", room_photo)
    alert = tab.get_by_role("alert").filter(has_text=said)
    alert.wait_for()
    assert tab.locator("[data-vs-tray-photo]").is_visible()
    assert tab.evaluate("document.activeElement.textContent") == "Try again"
    shoot(tab, live_shop.folder, f"trouble-{trouble}-1280")
    well(tab, monkeypatch)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    stands(tab)
    assert place(tab)["photo"]
    assert place(tab)["part"] == ["Whole photo"]


STEPS = {"filter": tick("Nordic"), "words": words, "part": sofa, "page": page_2, "tap": tap(0.75), "drawn": draw}


@pytest.mark.parametrize(("step", "width"), [(step, width) for step in STEPS for width in (390, 1280)])
def test_trouble_with_a_step_keeps_what_stands_and_repeats_it(  # noqa: PLR0917
    tab, room_photo, live_shop, monkeypatch, step, width
) -> None:
    tab.set_viewport_size({"width": width, "height": 700})
    tab.goto("/search/")
    upload(tab, room_photo)
    STEPS[step](tab)
    expected = {**place(tab), "scrolled": 0}
    tab.go_back()
    stands(tab)
    before = titles(tab), tab.url
    dead(tab, monkeypatch)
    monkeypatch.setattr("tests.browser.test_photos.settled", lambda tab, act: act())
    STEPS[step](tab)
    tab.get_by_role("alert").filter(has_text="can not be reached").wait_for()
    assert (titles(tab), tab.url) == before
    assert tab.locator(".vs-asked-photo img").is_visible()
    assert tab.locator("[data-vs-scene].vs-sent").count() == 0
    shoot(tab, live_shop.folder, f"trouble-{step}-{width}")
    well(tab, monkeypatch)
    with tab.expect_navigation():
        tab.get_by_role("button", name="Try again").click()
    stands(tab)
    assert {**place(tab), "scrolled": 0} == expected
    tab.reload()
    stands(tab)
    assert {**place(tab), "scrolled": 0} == expected


def test_the_way_back_needs_no_server(tab, room_photo, monkeypatch) -> None:
    tab.goto("/search/")
    upload(tab, room_photo)
    sofa(tab)
    scroll(tab)
    before = place(tab)
    page_2(tab)
    dead(tab, monkeypatch)
    back(tab)
    stands(tab)
    assert place(tab) == before
    product(tab)
    back(tab)
    stands(tab)
    assert place(tab) == before


def test_a_reload_while_search_is_away_shows_what_stood_there(tab, room_photo, monkeypatch) -> None:
    tab.goto("/search/")
    upload(tab, room_photo)
    sofa(tab)
    before = place(tab)
    dead(tab, monkeypatch)
    tab.reload()
    tab.get_by_role("alert").filter(has_text="can not be reached").wait_for()
    assert {**place(tab), "scrolled": 0} == {**before, "scrolled": 0}
    well(tab, monkeypatch)
    tab.get_by_role("button", name="Try again").click()
    tray(tab).wait_for(state="hidden")
    stands(tab)
    assert {**place(tab), "scrolled": 0} == {**before, "scrolled": 0}


def test_a_tap_that_is_refused_loses_nothing(tab, room_photo, live_shop) -> None:
    tab.goto("/search/")
    upload(tab, room_photo)
    sofa(tab)
    before = titles(tab), tab.url, place(tab)["part"]
    answer = '<div id="vs-form"><p data-vs-message>There is nothing to recognise in this part of the photo.</p></div>'
    tab.route("**/search/", lambda route: route.fulfill(status=422, body=answer, content_type="text/html"))
    edge = tab.locator("[data-vs-scene]").bounding_box()
    tab.mouse.click(edge["x"] + edge["width"] * 0.75, edge["y"] + edge["height"] * 0.5)
    tab.get_by_role("alert").filter(has_text="nothing to recognise").wait_for()
    assert not tab.get_by_role("button", name="Try again").is_visible()
    assert (titles(tab), tab.url, place(tab)["part"]) == before
    tab.get_by_role("button", name="Close").click()
    tab.unroute("**/search/")
    chair(tab)
    assert place(tab)["part"] == ["1 chair"]


def test_what_the_token_knows_is_asked_without_pixels_and_the_rest_by_the_cut_out(tab, room_photo, monkeypatch) -> None:
    arrived: list[tuple[int, int]] = []
    photo = uploads.photo

    def noted(data: bytes, *, name: str = ""):
        picture = photo(data, name=name)
        arrived.append(picture.image.size)
        return picture

    monkeypatch.setattr(uploads, "photo", noted)
    tab.goto("/search/")
    upload(tab, room_photo)
    assert arrived == [(400, 200)]
    tap(0.75)(tab)
    assert place(tab)["part"] == ["2 sofa"]
    assert len(arrived) == 1, "the token knows the sofa"
    draw(tab)
    assert arrived[1:] == [(240, 120)], "a frame of three fifths of each side"
    assert place(tab)["part"] == ["Your selection"]
    tap(0.25)(tab)
    assert place(tab)["part"] == ["1 chair"]
    assert len(arrived) == 2
    tap(0.25)(tab)
    assert arrived[2:] == [(280, 140)], "a tap on what is chosen already means something in it"


def test_words_that_do_not_arrive_are_sent_again(tab, monkeypatch) -> None:
    tab.goto("/search/?q=chair")
    tab.route("**/search/?**", lambda route: route.abort())
    tab.get_by_role("button", name=re.compile("Less like this.*Red chair")).click()
    tab.get_by_role("alert").filter(has_text="can not be reached").wait_for()
    tab.unroute("**/search/?**")
    settled(tab, lambda: tab.get_by_role("button", name="Try again").click())
    assert "Red chair" not in titles(tab)
    assert "unlike=" in tab.url


@pytest.mark.parametrize("width", [390, 1280])
def test_the_tray_covers_no_focus_and_keeps_to_the_shops_colours(tab, room_photo, live_shop, width) -> None:
    tab.set_viewport_size({"width": width, "height": 700})
    tab.emulate_media(color_scheme="dark", reduced_motion="reduce")
    tab.goto("/search/")
    upload(tab, room_photo)
    tab.add_style_tag(
        content=":root { --vs-paper: #16181c; --vs-ink: #eceff3; --vs-line: #3a4048; --vs-accent: #7db7e8; color-scheme: dark }"
    )
    unfolded(tab)
    box = tab.get_by_role("checkbox", name=re.compile("^Plain"))
    box.evaluate("(item) => scrollTo(0, scrollY + item.getBoundingClientRect().top - innerHeight + 30)")
    never_answered(tab)
    box.focus()
    tab.keyboard.press("Space")
    tab.get_by_role("status").filter(has_text="Searching").wait_for()
    assert box.bounding_box()["y"] + box.bounding_box()["height"] <= tray(tab).bounding_box()["y"]
    style = "(item) => [getComputedStyle(item).backgroundColor, getComputedStyle(item).color]"
    assert tray(tab).evaluate(style) == ["rgb(22, 24, 28)", "rgb(236, 239, 243)"]
    moves = "getComputedStyle(document.querySelector('[data-vs-tray-now]'), '::after').animationName"
    assert tab.evaluate(moves) == "none"
    shoot(tab, live_shop.folder, f"tray-dark-{width}")


def test_a_filter_that_was_cancelled_is_off_again(tab, room_photo) -> None:
    tab.goto("/search/")
    upload(tab, room_photo)
    waiting = never_answered(tab)
    box = tab.get_by_role("checkbox", name=re.compile("^Nordic"))
    box.check()
    tab.get_by_role("button", name="Cancel").click()
    assert len(waiting) == 1
    assert not box.is_checked(), "the hits don't hold to it"
    assert tab.evaluate("document.activeElement.value") == "Nordic", "the focus goes back to where it was"


def test_the_same_photo_can_be_chosen_again_after_cancel(tab, room_photo) -> None:
    tab.goto("/search/")
    never_answered(tab)
    tab.set_input_files("[data-vs-file]", room_photo)
    tab.get_by_role("button", name="Cancel").click()
    tab.unroute("**/search/")
    upload(tab, room_photo)
    assert place(tab)["photo"]


@pytest.mark.parametrize("server", ["there", "gone"])
def test_without_javascript_each_step_is_a_form(browser, live_server, room_photo, monkeypatch, server) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    tab = context.new_page()
    tab.goto("/search/")
    assert not tray(tab).is_visible()
    tab.set_input_files("[data-vs-file]", room_photo)
    tab.get_by_role("button", name="Search with the chosen photo").click()
    tab.get_by_role("button", name="2 sofa").click()
    tab.locator("#vs-q").fill("wooden")
    if server == "gone":
        monkeypatch.setattr(doubles.BreakableEngine, "down", True)
        tab.locator("[data-vs-go]").click()
        assert "will be back" in tab.get_by_role("alert").text_content()
        monkeypatch.setattr(doubles.BreakableEngine, "down", False)
        tab.get_by_role("button", name="Try again").click()
    else:
        tab.locator("[data-vs-go]").click()
    assert tab.locator(".vs-parts [aria-pressed=true]").inner_text() == "2 sofa"
    assert tab.locator("[data-vs-chips] button").filter(has_text="“wooden”").is_visible()
    assert tab.locator(".vs-asked-photo img").is_visible()
    context.close()
