"""Things in a photo, a part that the shopper draws, and less like this, in a real browser."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_search import choose, settled, shoot, titles
from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room
from tests.search.shop import to_bytes

pytestmark = pytest.mark.browser


@pytest.fixture
def photo_page(tab, live_shop, tmp_path):
    live_shop.use(PAGE_SIZE=4, DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    path = tmp_path / "room.jpg"
    path.write_bytes(to_bytes(room(), "JPEG"))
    tab.goto("/search/")
    choose(tab, path)
    return tab


def chosen(tab) -> str:
    return tab.locator(".vs-parts [aria-pressed=true]").inner_text()


def test_a_thing_by_its_button_and_by_a_tap(photo_page, tmp_path) -> None:
    tab = photo_page
    assert chosen(tab) == "Whole photo"
    settled(tab, lambda: tab.get_by_role("button", name="2 sofa").press("Enter"))
    assert (chosen(tab), titles(tab)[0]) == ("2 sofa", "Green sofa")
    settled(tab, lambda: tab.locator("[data-vs-part='0'] text").click())
    assert (chosen(tab), titles(tab)[0]) == ("1 chair", "Red chair")
    shoot(tab, tmp_path, "parts-1280")
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth <= 390"), "nothing sticks out on a phone"
    shoot(tab, tmp_path, "parts-390")
    assert re.search(r"/search/#photo=[0-9a-z]+$", tab.url)
    assert tab.script_errors == []


def test_a_tap_on_what_was_not_numbered(tab, live_shop, tmp_path) -> None:
    rows = ROWS_OF_ROOM.copy()
    rows[0, 1, 4] = 0.1  # The sofa is faint: no button shows it.
    live_shop.use(PAGE_SIZE=4, DETECTOR=own_detector(tmp_path, rows))
    path = tmp_path / "room.jpg"
    path.write_bytes(to_bytes(room(), "JPEG"))
    tab.goto("/search/")
    choose(tab, path)
    assert tab.get_by_role("button", name="sofa").count() == 0
    assert tab.get_by_text("Tap a thing in the photo").is_visible()
    area = tab.locator("[data-vs-scene]").bounding_box()
    with tab.expect_navigation():
        tab.mouse.click(area["x"] + area["width"] * 0.75, area["y"] + area["height"] * 0.5)
    assert (chosen(tab), titles(tab)[0]) == ("Your selection", "Green sofa")
    shoot(tab, tmp_path, "tapped-1280")
    area = tab.locator("[data-vs-scene]").bounding_box()
    with tab.expect_navigation():
        tab.mouse.click(area["x"] + area["width"] * 0.2, area["y"] + area["height"] * 0.5)
    assert (chosen(tab), titles(tab)[0]) == ("1 chair", "Red chair"), "and again, on a thing that has a number"
    assert tab.script_errors == []


def test_a_double_tap_asks_once(photo_page) -> None:
    tab, sent = photo_page, []
    tab.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    area = tab.locator("[data-vs-scene]").bounding_box()
    with tab.expect_navigation():
        tab.mouse.dblclick(area["x"] + area["width"] * 0.75, area["y"] + area["height"] * 0.5)
    tab.wait_for_load_state("load")
    assert (chosen(tab), titles(tab)[0], len(sent)) == ("2 sofa", "Green sofa", 1)


def test_a_tap_leaves_the_form_as_it_was(photo_page) -> None:
    """Whoever stops it, or comes back by a page that the browser kept, must not ask the tapped part unknowingly."""
    tab = photo_page
    settled(tab, lambda: tab.get_by_role("button", name="2 sofa").press("Enter"))
    tab.route("**/search/", lambda route: None)  # It is never answered.
    area = tab.locator("[data-vs-scene]").bounding_box()
    with tab.expect_request(lambda request: request.method == "POST"):
        tab.mouse.click(area["x"] + area["width"] * 0.75, area["y"] + area["height"] * 0.5)
    told = "[...new FormData(document.querySelector('#vs-form')).keys()]"
    assert {"photo_token", "part", "image"} & set(tab.evaluate(told)) == {"photo_token"}
    assert tab.locator(".vs-sent[aria-busy=true]").count() == 1
    tab.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert tab.locator(".vs-sent, [data-vs-scene][aria-busy=true], #vs-form[aria-busy]").count() == 0
    assert not tab.locator("[data-vs-tray]").is_visible()
    tab.unroute("**/search/")
    settled(tab, lambda: tab.get_by_role("button", name="1 chair").press("Enter"))
    assert (chosen(tab), titles(tab)[0]) == ("1 chair", "Red chair")


def test_a_browser_that_lends_no_storage(tab, live_shop, tmp_path) -> None:
    live_shop.use(PAGE_SIZE=4, DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    tab.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    path = tmp_path / "room.jpg"
    path.write_bytes(to_bytes(room(), "JPEG"))
    tab.goto("/search/")
    choose(tab, path)
    assert not tab.get_by_text("Tap a thing in the photo").is_visible(), "its pixels aren't here"
    settled(tab, lambda: tab.locator("[data-vs-part='1'] rect").click())
    assert (chosen(tab), titles(tab)[0]) == ("2 sofa", "Green sofa")
    with tab.expect_navigation():
        tab.get_by_role("button", name="Remove", exact=True).click()
    assert tab.url.endswith("/search/")
    assert tab.script_errors == []


def test_a_part_drawn_with_the_pointer(photo_page, tmp_path) -> None:
    tab = photo_page
    tab.get_by_role("button", name="Select a part yourself").click()
    area = tab.locator("[data-vs-scene]").bounding_box()
    tab.mouse.move(area["x"] + area["width"] * 0.97, area["y"] + area["height"] * 0.95)
    tab.mouse.down()
    tab.mouse.move(area["x"] + area["width"] * 0.55, area["y"] + area["height"] * 0.2, steps=4)
    tab.mouse.up()
    shoot(tab, tmp_path, "crop-1280")
    with tab.expect_navigation():
        tab.get_by_role("button", name="Search this part").click()
    assert chosen(tab) in ("Your selection", "2 sofa")
    assert titles(tab)[0] == "Green sofa"
    assert tab.get_by_role("button", name="Select a part yourself").is_visible(), "and again"
    assert tab.script_errors == []


def test_a_part_by_keys_alone(photo_page) -> None:
    tab = photo_page
    tab.get_by_role("button", name="Select a part yourself").press("Enter")
    assert tab.evaluate("document.activeElement.className") == "vs-frame"
    for key, times in (("ArrowLeft", 10), ("ArrowUp", 12), ("Shift+ArrowLeft", 5), ("Shift+ArrowDown", 20)):
        for _ in range(times):
            tab.keyboard.press(key)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert chosen(tab) == "1 chair", "the frame lies where the chair was found"
    assert titles(tab)[0] == "Red chair"


def test_the_pixels_are_forgotten_with_the_photo(photo_page) -> None:
    tab = photo_page
    assert tab.evaluate("sessionStorage.getItem('visual-search-photo') !== null")
    tab.get_by_role("button", name="Remove", exact=True).click()
    tab.locator("h1", has_text="All products").wait_for()
    kept = tab.evaluate("JSON.stringify(sessionStorage)")
    assert "visual-search-photo" not in kept
    assert "photo_token" not in kept
    assert "data:image" not in kept
    tab.go_back()
    alert = tab.get_by_role("alert").filter(has_text="no longer kept")
    alert.wait_for()
    assert tab.script_errors == []


def test_less_like_this_and_back(tab, tmp_path) -> None:
    tab.goto("/search/?q=chair")
    settled(tab, lambda: tab.get_by_role("button", name=re.compile("Less like this.*Red chair")).click())
    assert "Red chair" not in titles(tab)
    assert "unlike=" in tab.url
    shoot(tab, tmp_path, "less-1280")
    settled(tab, lambda: tab.get_by_role("button", name="less like Red chair").click())
    assert "Red chair" in titles(tab)
    assert tab.script_errors == []


def test_a_room_has_a_shelf_for_each_thing_and_one_of_them_alone(tab, live_shop, tmp_path) -> None:
    live_shop.use(PAGE_SIZE=24, DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    path = tmp_path / "room.jpg"
    path.write_bytes(to_bytes(room(), "JPEG"))
    tab.goto("/search/")
    choose(tab, path)
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        shoot(tab, tmp_path, f"shelves-{width}")
    assert sorted(tab.locator(".vs-shelf h2").all_inner_texts()) == [
        "1 For the chair\nOnly this\n: chair",
        "2 For the sofa\nOnly this\n: sofa",
    ]
    settled(tab, lambda: tab.locator(".vs-shelf button", has_text="Only this").filter(has_text="sofa").click())
    assert (chosen(tab), titles(tab)[0]) == ("2 sofa", "Green sofa")
    assert tab.locator(".vs-shelf").count() == 0
    assert tab.script_errors == []
