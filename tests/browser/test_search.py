"""What a shopper does, in a real browser."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.search.shop import draw, photo_of, to_bytes
from visual_search import wiring
from visual_search.querying import uploads

pytestmark = pytest.mark.browser
SHOTS = Path(os.environ.get("SCREENSHOTS", ""))


def titles(tab) -> list[str]:
    tab.wait_for_load_state()  # A click waits until the answer begins, not until it is there.
    return [text.strip() for text in tab.locator("#vs-form .vs-tile-title").all_text_contents()]


def shoot(tab, tmp_path, name: str) -> None:
    folder = SHOTS if os.environ.get("SCREENSHOTS") else tmp_path
    tab.screenshot(path=str(folder / f"{name}.png"), full_page=True)


def choose(tab, path) -> None:
    with tab.expect_navigation():
        tab.set_input_files("[data-vs-file]", str(path))


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_of("chair", "red"))
    return path


def settled(tab, act) -> None:
    """Do something that loads new results in place, by htmx or with the photo, and wait until they stand."""
    tab.evaluate(
        """() => {
            window.vsSettled = false;
            for (const name of ["htmx:afterSettle", "vs:shown"])
                document.addEventListener(name, () => { window.vsSettled = true; }, { once: true });
        }"""
    )
    act()
    tab.wait_for_function("window.vsSettled")


def test_photo_filter_page(tab, photo, tmp_path) -> None:
    tab.goto("/search/")
    choose(tab, photo)
    assert titles(tab)[0] == "Red chair"
    assert tab.locator(".vs-asked-photo img").is_visible()
    address = tab.url
    assert re.fullmatch(r"/search/#photo=[0-9a-z]{10,20}", address.removeprefix(tab.evaluate("location.origin")))
    shoot(tab, tmp_path, "photo-1280")
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile("^Plain")).check())
    assert "Red chair" not in titles(tab)
    assert tab.locator(".vs-asked-photo img").is_visible(), "the photo must survive a filter"
    settled(tab, lambda: tab.locator("button[name=without][value^='f.brand']").click())
    settled(tab, lambda: tab.get_by_role("button", name="Next").click())
    assert len(titles(tab)) == 2
    assert tab.locator(".vs-asked-photo img").is_visible()
    assert tab.url == f"{address}&page=2", "nothing of a photo search goes to a server by the address"
    assert tab.script_errors == []


def test_enter_adds_words_to_the_photo(tab, photo) -> None:
    tab.goto("/search/")
    choose(tab, photo)
    tab.locator("#vs-q").fill("wooden")
    settled(tab, lambda: tab.keyboard.press("Enter"))
    assert tab.locator("h1").inner_text() == "Your photo and “wooden”"
    assert tab.locator(".vs-asked-photo img").is_visible(), "Enter isn't Remove"


def test_enter_in_a_field_asks_once(tab, photo) -> None:
    asked: list[str] = []

    def note(request) -> None:
        if request.headers.get("hx-request"):
            asked.append(request.post_data or request.url)

    tab.on("request", note)
    tab.goto("/search/?q=chair")
    tab.locator("#vs-refine").fill("table")
    settled(tab, lambda: tab.keyboard.press("Enter"))
    assert titles(tab)[0] == "Wooden table"
    settled(tab, lambda: tab.locator("#vs-refine").press("Enter"))
    assert len(asked) == 2, "who presses Enter on the same words asks them again"
    choose(tab, photo)
    tab.locator("#vs-q").fill("wooden")
    settled(tab, lambda: tab.keyboard.press("Enter"))
    tab.locator("[name='f.price.lte']").fill("100")
    settled(tab, lambda: tab.keyboard.press("Enter"))
    assert len(asked) == 5, "the photo, the words and the price"
    assert "Wooden table" not in titles(tab)


def test_another_question_takes_the_place_of_the_one_on_its_way(tab) -> None:
    tab.goto("/search/?q=chair")
    # Both in one go, so that the second is asked before the first is answered.
    settled(
        tab,
        lambda: tab.evaluate(
            """() => {
                for (const value of ["blue", "red"]) {
                    const box = document.querySelector(`#vs-form [name="f.colour"][value=${value}]`);
                    box.checked = true;
                    box.dispatchEvent(new Event("change", { bubbles: true }));
                }
            }"""
        ),
    )
    assert sorted(titles(tab)) == ["Blue chair", "Red chair"]


def test_words_filter_address_and_back(tab) -> None:
    tab.goto("/search/")
    tab.get_by_placeholder("Words, or a photo").fill("chair")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**q=chair**")
    assert set(titles(tab)[:2]) == {"Red chair", "Blue chair"}
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile("^red")).check())
    assert titles(tab) == ["Red chair"]
    assert "f.colour=red" in tab.url
    tab.reload()
    assert titles(tab) == ["Red chair"], "the address alone gives the same page"
    assert tab.get_by_role("checkbox", name=re.compile("^red")).is_checked()
    assert tab.script_errors == []


def test_the_count_is_announced_and_focus_stays_on_the_filter(tab) -> None:
    tab.goto("/search/?q=chair")
    box = tab.get_by_role("checkbox", name=re.compile("^blue"))
    box.focus()
    settled(tab, lambda: tab.keyboard.press("Space"))
    assert "1 result" in tab.locator("[data-vs-live]").text_content()
    assert tab.evaluate("[document.activeElement.name, document.activeElement.value]") == ["f.colour", "blue"]
    settled(tab, lambda: tab.locator("button[name=without][value='f.colour=blue']").click())
    assert tab.evaluate("document.activeElement.tagName") == "H1"


def test_on_a_phone_filters_stay_folded_until_they_are_wanted(tab, tmp_path) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto("/search/?q=chair&f.brand=Nordic")
    red = tab.get_by_role("checkbox", name=re.compile("^red"))
    assert tab.locator("button[name=without][value='f.brand=Nordic']").is_visible(), (
        "what is chosen is seen and taken back without unfolding"
    )
    assert not red.is_visible()
    assert tab.locator(".vs-tile").first.bounding_box()["y"] < 844, "the first hit is on the first screen"
    shoot(tab, tmp_path, "filtered-390")
    tab.get_by_text("Filter and sort").click()
    settled(tab, red.check)
    assert red.is_visible(), "who chooses several isn't made to unfold it each time"
    tab.set_viewport_size({"width": 1280, "height": 844})
    tab.reload()
    assert red.is_visible(), "beside the hits there is room"
    shoot(tab, tmp_path, "filtered-1280")


def test_by_keyboard_alone(tab, photo) -> None:
    tab.goto("/search/")
    tab.locator("#vs-q").focus()
    tab.keyboard.type("wooden table")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert titles(tab)[0] == "Wooden table"
    tab.locator("#vs-q").focus()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.matches('[data-vs-sheet-open]')")
    ring = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid", "the camera shows where the focus is"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.matches('[data-vs-upload]')")
    # The chooser itself opens in a window of the system, which headless Chromium has only for its first page.
    tab.evaluate(
        "window.vsClicked = []; addEventListener('click', (event) => { window.vsClicked.push(event.target.type) })"
    )
    tab.keyboard.press("Enter")
    assert "file" in tab.evaluate("window.vsClicked")
    choose(tab, photo)
    assert tab.locator("h1").inner_text() == "Your photo and “wooden table”"
    assert tab.script_errors == []


def test_without_javascript(browser, live_server, live_shop, photo) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    tab = context.new_page()
    tab.goto("/search/")
    tab.set_input_files("[data-vs-file]", str(photo))
    tab.get_by_role("button", name="Search with the chosen photo").click()
    assert titles(tab)[0] == "Red chair"
    if not tab.get_by_role("checkbox", name=re.compile("^Nordic")).is_visible():
        tab.get_by_text("Filter and sort").click()
    tab.get_by_role("checkbox", name=re.compile("^Nordic")).check()
    tab.get_by_role("button", name="Apply").click()
    assert titles(tab) == ["Red chair", "Blue chair"]
    tab.get_by_role("button", name=re.compile("Nordic")).click()
    tab.get_by_role("button", name="Next").click()
    assert len(titles(tab)) == 2
    context.close()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_photo_is_dropped_or_pasted_anywhere(tab, way) -> None:
    tab.goto("/")
    data = list(photo_of("chair", "red"))
    with tab.expect_navigation():
        tab.evaluate(
            """([data, way]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(data)], "photo.jpg", { type: "image/jpeg" }));
                const event = way === "drop"
                    ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
                    : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true });
                document.body.dispatchEvent(event);
            }""",
            [data, way],
        )
    assert titles(tab)[0] == "Red chair"


def test_a_large_photo_is_shrunk_before_it_is_sent(tab, tmp_path, monkeypatch) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(to_bytes(draw("chair", "red", size=3000)))
    tab.goto("/search/")
    arrived: list[bytes] = []
    photo = uploads.photo

    def noted(data: bytes, *, name: str = ""):
        arrived.append(data)
        return photo(data, name=name)

    monkeypatch.setattr(uploads, "photo", noted)
    choose(tab, path)
    assert titles(tab)[0] == "Red chair"
    [data] = arrived
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (1024, 1024))


def test_a_file_that_is_no_photo_is_explained(tab, tmp_path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_bytes(b"hello")
    tab.goto("/search/")
    tab.set_input_files("[data-vs-file]", str(path))
    alert = tab.get_by_role("alert")
    alert.filter(has_text="isn't a picture").wait_for()
    assert not tab.get_by_role("button", name="Try again").is_visible(), "it would be refused again"
    tab.get_by_role("button", name="Close").click()
    assert not alert.is_visible()
    assert titles(tab), "what stood there still does"


def test_an_outage_keeps_photo_and_form(tab, photo, monkeypatch) -> None:
    from tests.shop import doubles

    tab.goto("/search/")
    choose(tab, photo)
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    tab.get_by_role("checkbox", name=re.compile("^Plain")).check()
    alert = tab.get_by_role("alert")
    alert.wait_for()
    assert "will be back" in alert.text_content()
    assert tab.locator(".vs-asked-photo img").is_visible()
    monkeypatch.setattr(doubles.BreakableEngine, "down", False)
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile("^Nordic")).check())
    assert titles(tab)
    assert not tab.get_by_role("alert").is_visible()


def test_a_lost_connection_is_said(tab, photo) -> None:
    tab.goto("/search/")
    choose(tab, photo)
    tab.context.set_offline(True)
    tab.get_by_role("checkbox", name=re.compile("^Plain")).check()
    alert = tab.get_by_role("alert")
    alert.wait_for()
    assert "connection" in alert.text_content()
    tab.context.set_offline(False)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out(tab, photo, tmp_path, width) -> None:
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto("/search/")
    shoot(tab, tmp_path, f"browse-{width}")
    choose(tab, photo)
    shoot(tab, tmp_path, f"results-{width}")
    wider = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    small = tab.evaluate(
        """[...document.querySelectorAll("#vs-form button, .vs-box button, .vs-camera, .vs-choice")]
           .filter((item) => item.getBoundingClientRect().height && item.getBoundingClientRect().height < 24)
           .map((item) => item.outerHTML)"""
    )
    assert small == [], "a finger needs 24 px (WCAG 2.5.8)"
    tab.goto("/search/?q=zebra&f.colour=red&f.brand=Plain")
    shoot(tab, tmp_path, f"nothing-{width}")
    assert wiring.engine().health().ok


@pytest.mark.parametrize("width", [390, 1280])
def test_a_range_in_words_is_a_chip_that_can_be_taken_off(tab, tmp_path, width) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto("/search/?q=chair+under+50+euro")
    assert "Red chair" in titles(tab)
    assert "Blue chair" not in titles(tab)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(tab, tmp_path, f"understood-{width}")
    settled(tab, lambda: tab.locator(".vs-chips button", has_text="Price ≤ 50").click())
    assert "Blue chair" in titles(tab)
    assert tab.locator("#vs-refine").input_value() == "chair"
    tab.goto("/search/?q=chair+under+50+euro")
    settled(tab, lambda: tab.get_by_role("button", name="word for word").click())
    assert "Blue chair" in titles(tab)
    assert tab.locator("#vs-refine").input_value() == "chair under 50 euro"
    assert not tab.script_errors


@pytest.mark.parametrize("width", [390, 1280])
def test_a_category_is_offered_and_filters_when_tapped(tab, live_shop, tmp_path, width) -> None:
    for number in range(6):
        live_shop.add(f"DSK-{number}", f"Desk {number}", category="Office > Desks", price=20 + number)
    live_shop.add("DSK-SCREEN", "Screen for a desk", category="Office > Screens", price=30)
    live_shop.index()
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto("/search/?q=desk+under+100+euro")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(tab, tmp_path, f"narrower-{width}")
    settled(tab, lambda: tab.get_by_role("button", name="Only in Desks").click())
    assert tab.locator(".vs-chips button", has_text="Desks").count() == 1
    assert tab.get_by_role("button", name="Only in Desks").count() == 0
    assert not tab.script_errors
