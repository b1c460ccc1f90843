"""From the products to another collection and back, in a real browser."""

from __future__ import annotations

import pytest

from tests.browser.test_search import choose, photo, settled, shoot, titles  # noqa: F401
from tests.search.shop import add_gadgets

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _gadgets(live_shop) -> None:
    add_gadgets()
    live_shop.use(PAGE_SIZE=4, ALSO_SEARCH=["gadgets"])


def sort_by_price(tab) -> None:
    if not tab.locator("#vs-sort").is_visible():
        tab.locator("details.vs-facets summary").click()
    settled(tab, lambda: tab.locator("#vs-sort").select_option("price"))


@pytest.mark.parametrize("width", [390, 1280])
def test_words_lead_to_the_other_collection(tab, tmp_path, width) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto("/search/?q=red+chair")
    shoot(tab, tmp_path, f"also-{width}")
    assert tab.locator(".vs-also h2").inner_text() == "Gadgets"
    settled(tab, lambda: tab.get_by_role("button", name="All results in Gadgets").click())
    assert titles(tab)[0] == "Red chair cover"
    assert "/search/gadgets/?" in tab.url, "the address can be shared"
    assert tab.locator(".vs-also").count() == 0
    sort_by_price(tab)
    assert "/search/gadgets/?" in tab.url
    tab.reload()
    assert titles(tab)[0] == "Chair glider"
    assert tab.script_errors == []


def test_a_photo_goes_along(tab, photo, tmp_path) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    with tab.expect_navigation():
        tab.get_by_role("button", name="All results in Gadgets").click()
    assert titles(tab)[0] == "Red chair cover"
    assert "/search/gadgets/#photo=" in tab.url
    assert tab.locator(".vs-asked-photo img").is_visible()
    sort_by_price(tab)
    assert titles(tab)[0] != "Red chair", "another order stays in the collection"
    assert tab.script_errors == []
