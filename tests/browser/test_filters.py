"""Filters in a real browser: the slider by keys and by pointer, and lists that stay unfolded."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.browser.test_search import settled, titles

pytestmark = pytest.mark.browser


def test_the_slider_works_by_keys_and_keeps_the_focus(tab) -> None:
    tab.goto("/search/?q=chair")
    thumb = tab.get_by_role("slider", name="Price from")
    thumb.focus()
    settled(tab, lambda: [tab.keyboard.press("ArrowRight") for _ in range(4)])
    typed = tab.locator("[name='f.price.gte']").input_value()
    assert float(typed) > float(thumb.get_attribute("min"))
    assert f"f.price.gte={typed}" in tab.url
    assert tab.evaluate("document.activeElement.id") == "vs-price-gte"
    settled(tab, lambda: tab.keyboard.press("Home"))
    assert tab.locator("[name='f.price.gte']").input_value() == "", "at its end it limits nothing"
    assert tab.script_errors == []


def test_the_thumbs_do_not_pass_each_other(tab) -> None:
    tab.goto("/search/")
    upper = tab.get_by_role("slider", name="Price up to")
    upper.focus()
    settled(tab, lambda: tab.keyboard.press("Home"))
    lower = tab.get_by_role("slider", name="Price from")
    lower.focus()
    tab.keyboard.press("End")
    assert float(lower.input_value()) <= float(upper.input_value())
    assert tab.script_errors == []


def test_without_javascript_numbers_are_typed(browser, live_server, live_shop) -> None:
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    tab = context.new_page()
    tab.goto("/search/?q=chair")
    assert not tab.locator("[data-vs-slider]").is_visible()
    tab.locator("[name='f.price.gte']").fill("55")
    tab.get_by_role("button", name="Apply").click()
    assert titles(tab)[0] == "Blue chair"
    assert "Red chair" not in titles(tab)
    context.close()


def test_a_long_list_unfolds_and_stays_so(tab, live_shop) -> None:
    for number in range(20):
        live_shop.add(f"MANY-{number}", f"Thing {number}", colour=f"shade {number:02}", price=Decimal(5), stock=1)
    live_shop.index()
    tab.goto("/search/")
    last = tab.get_by_role("checkbox", name=re.compile("^shade 19"))
    assert not last.is_visible()
    tab.get_by_text("Show all 26").click()
    settled(tab, last.check)
    assert last.is_checked()
    assert tab.get_by_role("checkbox", name=re.compile("^shade 18")).is_visible()
    tab.get_by_text("Show fewer").click()
    assert last.is_visible(), "what is ticked stays in sight"
    assert not tab.get_by_role("checkbox", name=re.compile("^shade 18")).is_visible()
    assert tab.script_errors == []
