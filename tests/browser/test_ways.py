"""Looking on from a product: its pictures as photos, and the way through what is alike."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_search import titles

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_a_picture_of_a_product_is_searched_and_the_product_stays_out(tab) -> None:
    tab.goto("/p/CHR-RED-01/")
    tab.get_by_role("button", name=re.compile("^Find similar")).click()
    tab.get_by_role("heading", name="Similar to this picture").wait_for()
    assert titles(tab)[0] == "Blue chair"
    assert "Red chair" not in titles(tab)
    assert "#photo=" in tab.url
    tab.reload()
    tab.get_by_role("heading", name="Similar to this picture").wait_for()
    assert "Red chair" not in titles(tab), "its address says so, too"
    assert tab.script_errors == []


def came(tab, *names: str) -> None:
    """The way that is shown becomes this one; a click waits for no answer."""
    links = tab.get_by_role("navigation", name="The way you came").get_by_role("link")
    expect(links).to_have_text(names)


def test_the_way_is_shown_and_leads_back(tab) -> None:
    tab.goto("/p/CHR-RED-01/")
    tab.locator(".vs-offered .vs-more").first.click()
    came(tab, "Red chair", "Blue chair")
    # The first is the red chair again.
    third = tab.locator(".vs-tile-title").nth(1).inner_text().strip()
    tab.locator(".vs-more").nth(1).click()
    came(tab, "Red chair", "Blue chair", third)
    tab.get_by_role("navigation", name="The way you came").get_by_role("link", name="Red chair").click()
    came(tab, "Red chair")
    assert tab.script_errors == []
