"""What a phone shows first beside a photo, the sheet in which a part is cut out, and the sheet of the filters."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_parts import chosen
from tests.browser.test_search import choose, settled, shoot, titles
from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room
from tests.search.shop import to_bytes

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("width", [390, 1280])


@pytest.fixture
def room_page(tab, live_shop, tmp_path):
    live_shop.use(PAGE_SIZE=4, DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    path = tmp_path / "room.jpg"
    path.write_bytes(to_bytes(room(), "JPEG"))

    def opened(width: int):
        tab.set_viewport_size({"width": width, "height": 844})
        tab.goto("/search/")
        choose(tab, path)
        return tab

    return opened


def place(tab) -> list[int]:
    """Left, top, width and height of the frame as the page speaks them, in hundredths of the photo."""
    return [int(number) for number in re.findall(r"\d+", tab.locator("[data-vs-frame-at]").inner_text())]


def at(tab, x: float, y: float) -> tuple[float, float]:
    area = tab.locator("[data-vs-scene]").bounding_box()
    return area["x"] + area["width"] * x, area["y"] + area["height"] * y


def drag(tab, start: tuple[float, float], end: tuple[float, float]) -> None:
    tab.mouse.move(*at(tab, *start))
    tab.mouse.down()
    tab.mouse.move(*at(tab, *end), steps=4)
    tab.mouse.up()


def test_a_phone_shows_the_first_result_at_once(room_page, tmp_path) -> None:
    tab = room_page(390)
    edge = tab.locator("#vs-form .vs-tile-picture").first.bounding_box()
    shoot(tab, tmp_path, "fold-390")
    assert edge["y"] + edge["height"] <= 844, "its whole picture can be seen without scrolling"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.goto("/search/?q=chair")
    edge = tab.locator("#vs-form .vs-tile-picture").first.bounding_box()
    assert edge["y"] + edge["height"] <= 844


@BOTH
def test_a_part_is_cut_by_corners_taps_buttons_and_keys(room_page, tmp_path, width) -> None:
    tab = room_page(width)
    tab.get_by_role("button", name="Select a part yourself").click()
    sheet = tab.get_by_role("dialog", name="Select a part of the photo")
    shoot(tab, tmp_path, f"closer-{width}")
    assert place(tab) == [20, 20, 60, 60]
    drag(tab, (0.2, 0.2), (0.5, 0.1))
    assert place(tab) == [50, 10, 30, 70], "a corner was moved, and the opposite one stayed"
    drag(tab, (0.65, 0.4), (0.45, 0.4))
    assert place(tab) == [30, 10, 30, 70], "the frame was moved"
    tab.mouse.click(*at(tab, 0.7, 0.5))
    assert place(tab) == [55, 15, 30, 70], "a tap says its middle: no drag is needed"
    sheet.get_by_role("button", name="Smaller").click()
    assert place(tab) == [58, 22, 24, 56]
    sheet.get_by_role("button", name="Larger").click()
    tab.locator(".vs-frame").focus()
    tab.keyboard.press("ArrowLeft")
    assert place(tab) == [53, 15, 30, 70]
    for kind, cursor in (("nw", "nwse-resize"), ("ne", "nesw-resize"), ("sw", "nesw-resize"), ("se", "nwse-resize")):
        assert tab.locator(f".vs-{kind}").evaluate("(one) => getComputedStyle(one).cursor") == cursor
        edge = tab.locator(f".vs-{kind}").bounding_box()
        assert min(edge["width"], edge["height"]) >= 24
    with tab.expect_navigation():
        sheet.get_by_role("button", name="Search this part").click()
    assert titles(tab)[0] == "Green sofa"
    assert tab.script_errors == []


@BOTH
def test_the_buttons_of_the_sheet_stay_in_sight_and_escape_puts_the_photo_back(room_page, width) -> None:
    tab = room_page(width)
    tab.set_viewport_size({"width": width, "height": 420})  # a phone that lies on its side
    tab.get_by_role("button", name="Select a part yourself").press("Enter")
    edge = tab.get_by_role("button", name="Search this part").bounding_box()
    assert edge["y"] + edge["height"] <= 420
    tab.keyboard.press("Escape")
    tab.locator(".vs-asked-photo > [data-vs-scene] img").wait_for()  # The browser tells of Escape a moment later.
    assert not tab.locator(".vs-frame").is_visible()
    assert tab.evaluate("document.activeElement.textContent") == "Select a part yourself"
    assert tab.script_errors == []


def test_a_tap_on_the_small_photo_of_a_phone_looks_closer(room_page) -> None:
    tab = room_page(390)
    tab.mouse.click(*at(tab, 0.25, 0.5))
    assert tab.get_by_role("dialog", name="Select a part of the photo").is_visible()
    left, _, wide, _ = place(tab)
    assert left + wide <= 50, "the frame lies around the chair, which was tapped"
    settled(tab, lambda: tab.get_by_role("button", name="Search this part").click())
    assert (chosen(tab), titles(tab)[0]) == ("1 chair", "Red chair")


def test_filters_are_a_sheet_on_a_phone(room_page, tmp_path) -> None:
    tab = room_page(390)
    tab.get_by_text("Filter and sort").click()
    done = tab.get_by_role("button", name="Show the results")
    edge = done.bounding_box()
    assert edge["y"] + edge["height"] <= 844, "its button is in sight, however long the list"
    settled(tab, tab.get_by_role("checkbox", name="red").first.check)
    shoot(tab, tmp_path, "filters-390")
    assert done.is_visible(), "several can be ticked one after the other"
    done.click()
    assert not done.is_visible()
    assert tab.evaluate("document.activeElement.tagName") == "SUMMARY"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Escape")
    assert not done.is_visible()
    assert tab.script_errors == []
