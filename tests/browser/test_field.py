"""One field for words and photo, in a real browser: what stands in it, and what leaves it."""

from __future__ import annotations

import pytest

from tests.browser.test_photos import stands
from tests.browser.test_search import choose, photo, settled, shoot, titles  # noqa: F401

pytestmark = pytest.mark.browser


def held(tab) -> list[str]:
    """What the field holds, as a shopper reads it."""
    return tab.locator(
        "[data-vs-chips] button:not([hidden]) > span:not([aria-hidden]):not(.vs-hidden)"
    ).all_inner_texts()


def add(tab, words: str) -> None:
    tab.locator("#vs-q").fill(words)
    settled(tab, lambda: tab.keyboard.press("Enter"))


@pytest.mark.parametrize("width", [390, 1280])
def test_words_join_the_photo_and_each_has_a_way_off(tab, photo, live_shop, width) -> None:  # noqa: F811
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto("/search/")
    choose(tab, photo)
    assert held(tab) == ["photo"]
    assert tab.locator("[data-vs-chips] img").evaluate("(image) => image.complete && image.naturalWidth > 0")
    assert not tab.locator("#vs-refine").is_visible(), "one field"
    add(tab, "wooden")
    add(tab, "not leather")
    assert held(tab) == ["photo", "“wooden”", "not leather"]
    assert tab.locator("#vs-q").input_value() == ""
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(tab, live_shop.folder, f"field-{width}")
    settled(tab, lambda: tab.locator("[data-vs-chips] button", has_text="wooden").click())
    assert held(tab) == ["photo", "not leather"]
    tab.go_back()
    stands(tab)
    assert held(tab) == ["photo", "“wooden”", "not leather"], "the field goes back with its page"
    tab.reload()
    stands(tab)
    assert held(tab) == ["photo", "“wooden”", "not leather"]
    with tab.expect_navigation():
        tab.locator("[data-vs-chips] button", has_text="photo").click()
    assert held(tab) == []
    assert tab.locator("#vs-q").input_value() == "wooden"
    assert "q=wooden" in tab.url
    assert "q_not=leather" in tab.url
    assert tab.script_errors == []


def test_a_new_photo_keeps_the_words(tab, photo) -> None:  # noqa: F811
    tab.goto("/")
    tab.locator("#vs-q").fill("wooden")
    choose(tab, photo)
    stands(tab)
    assert held(tab) == ["photo", "“wooden”"], "typed, and not asked yet"
    tab.set_input_files("[data-vs-file]", str(photo))
    tab.wait_for_function("(address) => location.href !== address", arg=tab.url)
    stands(tab)
    assert held(tab) == ["photo", "“wooden”"]
    assert tab.locator("h1").inner_text() == "Your photo and “wooden”"


def test_a_suggestion_beside_a_photo_joins_it(tab, photo, live_shop) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    tab.route(
        "**/suggest?**",
        lambda route: route.fulfill(
            json={"suggestions": [{"kind": "query", "title": "wooden", "parts": [], "url": "/search/?q=wooden"}]}
        ),
    )
    tab.locator("#vs-q").press_sequentially("woo")
    tab.get_by_role("option", name="wooden").wait_for()
    tab.keyboard.press("ArrowDown")
    settled(tab, lambda: tab.keyboard.press("Enter"))
    assert held(tab) == ["photo", "“wooden”"]
    assert tab.locator("#vs-suggestions").is_hidden()


def test_the_weight_is_moved_by_keys(tab, photo, live_shop) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    assert tab.get_by_role("slider", name="What counts more").count() == 0
    add(tab, "mug")
    tab.get_by_text("More", exact=True).click()
    slider = tab.get_by_role("slider", name="What counts more")
    slider.focus()
    settled(tab, lambda: tab.keyboard.press("End"))
    assert titles(tab)[0] == "Black mug"
    assert "mix=90" in tab.url
    assert tab.evaluate("document.activeElement.id") == "vs-mix", "the focus stays on what is moved"
    settled(tab, lambda: tab.keyboard.press("Home"))
    assert titles(tab)[0] == "Red chair"
    tab.reload()
    stands(tab)
    assert tab.locator("#vs-mix").input_value() == "10"
    shoot(tab, live_shop.folder, "weight-1280")
    with tab.expect_navigation():
        tab.locator("[data-vs-chips] button", has_text="photo").click()
    assert "mix" not in tab.url
    assert tab.script_errors == []


def test_without_javascript_the_field_is_the_same(browser, live_server, live_shop, photo) -> None:  # noqa: F811
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    tab = context.new_page()
    tab.goto("/search/?q=wooden")
    tab.set_input_files("[data-vs-file]", str(photo))
    tab.get_by_role("button", name="Search with the chosen photo").click()
    assert held(tab) == ["photo", "“wooden”"]
    tab.locator("#vs-q").fill("table")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert held(tab) == ["photo", "“wooden”", "“table”"]
    tab.get_by_text("More", exact=True).click()
    tab.get_by_role("slider", name="What counts more").press("End")
    tab.locator("[data-vs-go]").click()
    assert titles(tab)[0] == "Wooden table"
    tab.locator("[data-vs-chips] button", has_text="wooden").click()
    assert held(tab) == ["photo", "“table”"]
    tab.locator("[data-vs-chips] button", has_text="photo").click()
    assert tab.locator("#vs-q").input_value() == "table"
    context.close()
