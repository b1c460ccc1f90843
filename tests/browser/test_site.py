"""The documentation's site in a real browser: its search finds pages, and nothing comes from another host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.conftest import site  # noqa: F401

pytestmark = pytest.mark.browser


def test_its_search_finds_a_page_and_asks_no_other_host(browser, site: Path) -> None:  # noqa: F811
    context = browser.new_context()
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((site / "search.html").as_uri() + "?q=photo_token_seconds")
    found = tab.locator("#search-results li a").first
    found.wait_for()
    titles = tab.locator("#search-results li a").all_text_contents()
    assert "Settings" in titles
    tab.goto((site / "index.html").as_uri())
    tab.get_by_role("link", name="Search in your own shop").first.click()
    assert tab.locator("h1").inner_text().startswith("Search in your own shop")
    context.close()
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
