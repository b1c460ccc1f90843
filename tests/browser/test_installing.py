"""The shop as an app of a phone, in a real browser."""

from __future__ import annotations

import pytest

from tests.browser.test_photos import stands
from tests.browser.test_search import photo, shoot, titles  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("tab", ["with a worker"], indirect=True)]


def ready(tab) -> None:
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tab.wait_for_function("navigator.serviceWorker.controller")


def test_chromium_finds_nothing_that_keeps_it_from_being_installed(tab, live_shop) -> None:
    tab.goto("/de/")
    ready(tab)
    devtools = tab.context.new_cdp_session(tab)
    said = devtools.send("Page.getAppManifest")
    assert said["errors"] == []
    assert '"start_url": "/de/"' in said["data"]
    assert '"action": "/de/search/share/"' in said["data"]
    wrong = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [one["errorId"] for one in wrong if one["errorId"] != "in-incognito"] == []
    assert tab.script_errors == []


@pytest.mark.parametrize("width", [390, 1280])
def test_without_a_network_a_page_says_so_and_nothing_else_is_kept(tab, live_shop, photo, width) -> None:  # noqa: F811
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto("/")
    ready(tab)
    tab.goto("/search/?q=chair")
    with tab.expect_navigation():
        tab.set_input_files("[data-vs-file]", str(photo))
    stands(tab)
    kept = "caches.open('offline').then((cache) => cache.keys()).then((all) => all.map((one) => new URL(one.url).pathname))"
    assert sorted(tab.evaluate(kept)) == ["/offline/", "/static/catalog/offline.js", "/static/catalog/shop.css"]
    assert tab.evaluate("caches.keys()") == ["offline"]
    tab.context.set_offline(True)
    tab.goto("/search/?q=table")
    assert tab.locator("h1").inner_text() == "No connection"
    shoot(tab, live_shop.folder, f"offline-{width}")
    tab.context.set_offline(False)
    with tab.expect_navigation():
        tab.get_by_role("link", name="Try again").press("Enter")
    assert titles(tab)[0] == "Wooden table"


def test_a_shared_photo_gets_its_address(tab, live_shop, photo) -> None:  # noqa: F811
    tab.goto("/")
    with tab.expect_navigation():
        tab.evaluate(
            """() => {
                const form = document.querySelector("[data-vs-photo]");
                for (const field of form.querySelectorAll("input")) field.disabled = true;
                form.action = "/search/share/";
                document.addEventListener("vs:photo", (event) => event.stopImmediatePropagation(), true);
            }"""
        )
        tab.set_input_files("[data-vs-file]", str(photo))
    stands(tab)
    assert titles(tab)[0] == "Red chair"
    assert "/search/#photo=" in tab.url
    tab.reload()
    stands(tab)
    assert titles(tab)[0] == "Red chair"
