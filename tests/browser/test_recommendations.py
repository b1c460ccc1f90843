"""Shelves in a browser, at both widths: nobody is kept out, nothing moves, nothing is wider than the page, and keys reach all."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.browser.test_search import shoot
from tests.features.recommendations.lists import furnish, orders, pairs, popular
from visual_search.features.recommendations import facts, lists, nearest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
MOVED = """() => new Promise((tell) => {
  let sum = 0;
  new PerformanceObserver((seen) => { for (const one of seen.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => tell(sum), 500);
})"""


@pytest.fixture
def shop(live_shop):
    for module in (facts, lists, nearest):
        module.forget()
    furnish(live_shop)
    others = ["sofa-red", "table-red", "lamp-red", "mug-red", "sofa-blue", "table-blue"]
    orders(live_shop, {"chair-red": others})
    pairs({"Home > Chairs": ["Home > Tables", "Home > Lamps", "Home > Mugs", "Home > Sofas"]})
    popular(live_shop, {"": ["mug-blue", "table-black", "sofa-black", "lamp-blue"]})
    return live_shop


def headings(tab) -> list[str]:
    return tab.locator(".vs-offered h2").all_inner_texts()


@pytest.mark.parametrize("width", WIDTHS)
def test_shelves_of_all_pages(tab, shop, width) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    for sku in ("MUG-BLK-05", "GFT-CRD-07"):  # so that the device remembers something
        tab.goto(f"/p/{sku}/")
    pages = {
        "product": ("/p/chair-red/", ["Often bought together", "Goes with it", "Similar products", "Recently viewed"]),
        "home": ("/", ["Popular now", "For you", "Recently viewed"]),
        "nothing": ("/search/?q=chair&f.price.gte=9999", ["Popular now", "For you", "Recently viewed"]),
        "basket": ("/basket/", ["Often bought together", "Recently viewed"]),
    }
    for name, (address, expected) in pages.items():
        if name == "basket":
            tab.goto("/p/chair-red/")
            tab.locator(".buy button").click()
            tab.wait_for_url("**/basket/")
        else:
            tab.goto(address)
        tab.get_by_role("heading", name="Recently viewed").wait_for()
        assert tab.evaluate(MOVED) < 0.1, name
        shoot(tab, shop.folder, f"recommendations-{name}-{width}")  # A picture of the whole page moves what is on it.
        assert [one for one in expected if one not in headings(tab)] == [], name
        ids = tab.locator(".vs-offered [data-vs-id]").evaluate_all("all => all.map((one) => one.dataset.vsId)")
        assert len(ids) == len(set(ids)), name
        assert tab.locator(".vs-offered li:not(:has(.vs-because))").count() == 0, "each says why"
        assert tab.evaluate(SIDEWAYS) <= 0, name
        assert faults(tab) == [], name
    assert tab.script_errors == []


def test_keys_reach_the_end_of_a_shelf_on_a_phone(tab, shop) -> None:
    tab.set_viewport_size({"width": 390, "height": 900})
    tab.goto("/p/chair-red/")
    row = tab.locator(".vs-offered-row").first
    assert row.evaluate("row => row.scrollWidth > row.clientWidth")
    last = row.locator("a").last
    row.locator("a").first.focus()
    for _ in range(row.locator("a").count() - 1):
        tab.keyboard.press("Tab")
    assert last.evaluate("link => link === document.activeElement")
    row.evaluate("row => new Promise((done) => setTimeout(done, 300))")
    box = last.bounding_box()
    assert 0 <= box["x"] < 390


def test_a_device_that_remembers_nothing_asks_nothing_and_keeps_no_room(tab, shop) -> None:
    asked = []
    tab.on("request", lambda request: asked.append(request.url) if "recommended" in request.url else None)
    tab.goto("/")
    tab.wait_for_load_state("networkidle")
    assert asked == []
    assert tab.locator(".vs-offered-room").bounding_box()["height"] == 0


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_the_policy_of_the_page_lets_them_in(tab, shop) -> None:
    tab.goto("/p/GFT-CRD-07/")
    with tab.expect_response(lambda response: "recommended" in response.url) as answered:
        tab.goto("/p/chair-red/")
    assert answered.value.status == 200
    tab.get_by_role("heading", name="Recently viewed").wait_for()
    assert tab.script_errors == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_owner_links_two_products_and_shoppers_see_it(owner, shop, width) -> None:
    owner.set_viewport_size({"width": width, "height": 900})
    owner.goto("/admin/visual_search_recommendations/curatedlink/add/")
    owner.get_by_label("Product:").fill("chair-red")
    owner.get_by_label("Shown with it:").fill("no such thing")
    owner.get_by_label("Pinned").check()
    owner.get_by_role("button", name="Save", exact=True).click()
    expect(owner.get_by_text("There is no product “no such thing” in the index.")).to_be_visible()
    assert faults(owner) == []
    owner.get_by_label("Shown with it:").fill("lamp-blue")
    shoot(owner, shop.folder, f"link-{width}")
    owner.get_by_role("button", name="Save", exact=True).click()
    expect(owner.get_by_role("link", name="Red chair")).to_be_visible()
    expect(owner.get_by_role("cell", name="Blue lamp")).to_be_visible()
    shoot(owner, shop.folder, f"links-{width}")
    assert owner.evaluate(SIDEWAYS) <= 0
    assert faults(owner) == []
    owner.goto("/p/chair-red/")
    shelf = owner.get_by_role("region", name="Goes with it")
    expect(shelf.get_by_role("listitem").first).to_contain_text("Blue lamp")
    expect(shelf.locator(".vs-because").first).to_have_text("Goes with Red chair")
