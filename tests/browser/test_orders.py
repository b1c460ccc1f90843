"""From a search over the basket to an order, on a phone, under a strict policy, and without scripts."""

from __future__ import annotations

import pytest

from catalog.models import Product
from catalog.orders.models import Order
from tests.browser.test_memory import WISH, memory, shoot, until
from tests.browser.test_policy import with_the_policy
from visual_search.features.query_log import collecting, options
from visual_search.features.query_log.models import LoggedEvent

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def logging(live_shop, tmp_path):
    """The same shop, which notes what is done with its answers."""
    log = {"MODE": "anonymous", "KEY_FOLDER": tmp_path / "keys", "IN_BACKGROUND": False}
    live_shop.settings.VISUAL_SEARCH = {**live_shop.settings.VISUAL_SEARCH, "QUERY_LOG": log}
    yield live_shop
    options.forget()


def fits(tab) -> bool:
    """Whether nothing has to be moved sideways."""
    return tab.locator("html").evaluate("page => page.scrollWidth <= page.clientWidth")


def order(tab) -> None:
    """Put the chair that is found first into the basket twice, and order."""
    tab.goto("/search/?q=red+chair")
    tab.locator(".vs-tile-link").first.click()
    tab.wait_for_url("**/p/CHR-RED-01/")
    assert fits(tab)
    tab.get_by_label("Quantity").fill("2")
    tab.get_by_role("button", name="Add to basket").click()
    tab.wait_for_url("**/basket/")
    assert "€98.00" in tab.locator("main").inner_text()
    assert tab.locator(".count").inner_text().startswith("2")
    assert fits(tab)
    tab.get_by_role("link", name="To the order").click()
    tab.get_by_label("name").fill("Ann")
    tab.get_by_label("e-mail").fill("ann@example.org")
    assert fits(tab)
    tab.get_by_role("button", name="Order without payment").click()
    tab.wait_for_url("**/order/*/")
    assert "Thank you" in tab.locator("main").inner_text()
    assert fits(tab)


@with_the_policy
def test_a_phone_orders_and_search_hears_of_it(tab, logging, tmp_path) -> None:
    tab.set_viewport_size(PHONE)
    order(tab)
    shoot(tab, tmp_path, "order")
    chair = logging.id("CHR-RED-01")
    assert [[id, kind] for id, kind, _ in memory(tab)] == [[chair, kind] for kind in ("view", "basket", "purchase")]
    tab.reload()
    tab.goto("/credits/")

    def done() -> list[tuple[str, int]]:
        collecting.buffer.flush()
        rows = LoggedEvent.objects.filter(object_id=chair).exclude(action_name="impression")
        return sorted(rows.values_list("action_name", "position"))

    wanted = [("basket", 1), ("click", 1), ("purchase", 1), ("view", 1)]
    until(lambda: len(done()) >= len(wanted))
    assert done() == wanted
    assert [kind for _, kind, _ in memory(tab)].count("purchase") == 1
    assert Order.objects.get().lines.get().quantity == 2
    assert Product.objects.get(sku="CHR-RED-01").stock == 1
    assert [error for error in tab.script_errors if "style" not in error] == []


def test_who_asks_not_to_be_tracked_orders_and_nothing_hears_of_it(tab, logging) -> None:
    tab.add_init_script(WISH)
    order(tab)
    tab.goto("/credits/")
    collecting.buffer.flush()
    assert memory(tab) == []
    assert LoggedEvent.objects.count() == 0
    assert Order.objects.count() == 1


def test_it_works_without_scripts(browser, live_server, live_shop, tmp_path) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url, viewport=PHONE)
    tab = context.new_page()
    tab.goto("/p/CHR-RED-01/")
    tab.get_by_role("button", name="Add to basket").click()
    tab.get_by_label("Quantity of Red chair").fill("9")
    shoot(tab, tmp_path, "basket")
    tab.get_by_role("button", name="Change").click()
    assert "Only 3 of Red chair are in stock." in tab.locator(".fault[role=alert]").inner_text()
    tab.get_by_role("button", name="Remove").click()
    assert "Your basket is empty." in tab.locator("main").inner_text()
    tab.goto("/p/CHR-BLU-02/")
    tab.get_by_role("button", name="Add to basket").click()
    tab.get_by_role("link", name="To the order").click()
    tab.get_by_label("name").fill("Ann")
    tab.get_by_label("e-mail").fill("ann@example.org")
    tab.get_by_role("button", name="Order without payment").click()
    assert "€59.00" in tab.locator("main").inner_text()
    assert Order.objects.get().lines.get().sku == "CHR-BLU-02"
    context.close()
