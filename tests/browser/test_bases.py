"""The results page in base templates of all kinds: it brings its own style and scripts, and htmx once."""

from __future__ import annotations

import re
from pathlib import Path

import django_htmx
import pytest

from tests.browser.test_search import settled, titles

pytestmark = pytest.mark.browser
OWN_HTMX = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"


def filtered(tab) -> list[str]:
    """The addresses that were asked when one filter was checked."""
    tab.goto("/search/?q=chair")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile("^red")).check())
    return asked


def test_a_base_that_knows_nothing_of_search(tab, live_shop) -> None:
    tab.route("**/favicon.ico", lambda route: route.fulfill(body=""))
    live_shop.use(PAGE_SIZE=4, BASE_TEMPLATE="bases/bare.html")
    assert len([address for address in filtered(tab) if "/search/" in address]) == 1
    assert titles(tab) == ["Red chair"]
    assert "f.colour=red" in tab.url
    assert tab.get_by_role("button", name="Apply").count() == 0
    assert tab.evaluate("getComputedStyle(document.querySelector('.vs-grid')).display") == "grid"
    tab.go_back()
    tab.wait_for_function("!document.querySelector('[name=\"f.colour\"]:checked')")
    # The page that was put back works as before, and its scripts listen once.
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile("^blue")).check())
    assert len([address for address in asked if "/search/" in address]) == 1
    assert titles(tab) == ["Blue chair"]
    assert tab.script_errors == []


@pytest.mark.parametrize("base", ["htmx_in_the_head", "htmx_at_the_end"])
def test_a_base_with_its_own_htmx_keeps_it(tab, live_shop, base) -> None:
    live_shop.use(PAGE_SIZE=4, BASE_TEMPLATE=f"bases/{base}.html")
    body = f"{OWN_HTMX.read_text()}\nwindow.htmx.ofTheShop = (window.htmx.ofTheShop ?? 0) + 1;"
    tab.route("**/favicon.ico", lambda route: route.fulfill(body=""))
    tab.route("**/own/**", lambda route: route.fulfill(body=body, content_type="text/javascript"))
    assert len([address for address in filtered(tab) if "/search/" in address]) == 1
    assert tab.evaluate("window.htmx.ofTheShop") == 1
    assert titles(tab) == ["Red chair"]
    assert tab.script_errors == []


def test_a_shop_whose_htmx_never_comes_has_the_button(tab, live_shop) -> None:
    live_shop.use(PAGE_SIZE=4, BASE_TEMPLATE="bases/htmx_at_the_end.html")
    tab.route("**/own/**", lambda route: route.abort())
    tab.goto("/search/?q=chair")
    tab.get_by_role("checkbox", name=re.compile("^red")).check()
    with tab.expect_navigation():
        tab.get_by_role("button", name="Apply").click()
    assert titles(tab) == ["Red chair"]
