"""Looking on from a product: its pictures as photos, and the way through what is alike."""

from __future__ import annotations

import re

import pytest

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


def titles_of(tab) -> list[str]:
    return [text.strip() for text in tab.locator(".vs-tile-title").all_text_contents()]


def test_the_way_is_shown_and_leads_back(tab) -> None:
    tab.goto("/p/CHR-RED-01/")
    tab.locator(".vs-offered .vs-more").first.click()
    way = tab.get_by_role("navigation", name="The way you came")
    assert way.get_by_role("link").all_inner_texts() == ["Red chair", "Blue chair"]
    # The first is the red chair again.
    third = titles_of(tab)[1]
    tab.locator(".vs-more").nth(1).click()
    assert way.get_by_role("link").all_inner_texts() == ["Red chair", "Blue chair", third]
    way.get_by_role("link", name="Red chair").click()
    assert way.get_by_role("link").all_inner_texts() == ["Red chair"]
    assert tab.script_errors == []
