"""Headless Chromium against the live shop. Without Chromium these tests are skipped; REQUIRE_LIVE=1 makes that a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import ARGUMENTS, chromium_path
from tests.search.shop import Shop, _intact, picture_query  # noqa: F401
from visual_search import wiring
from visual_search.features.query_log import collecting


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    path = chromium_path()
    if not Path(path).exists():
        reason = f"There is no Chromium at {path}. Set CHROMIUM to its path."
        if os.environ.get("REQUIRE_LIVE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright  # Heavy, and of use here alone.

    # Playwright's sync API runs an event loop in this thread, in which Django would refuse its ORM.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    with sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()
    if before is None:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def live_shop(settings, tmp_path, transactional_db, live_server, _intact) -> Iterator[Shop]:  # noqa: F811
    settings.MEDIA_ROOT = tmp_path / "media"
    shop = Shop(settings, tmp_path)
    shop.use(PAGE_SIZE=4)
    shop.fill()
    collecting.buffer._take_all()  # What pages of earlier tests said as they were closed, and nobody wrote.
    yield shop
    wiring.reset()


@pytest.fixture
def tab(request, browser, live_server, live_shop) -> Iterator[object]:
    """A new tab at 1280 px, with all messages of its console; a test fails where the page's own script did.

    The shop's Content-Security-Policy would forbid what Playwright evaluates in a page to wait for something; tests of the policy
    ask for it by the parameter "with the policy". Requests of a page whose service worker is just starting may pass by `tab.route`,
    so there is none but in tests with the parameter "with a worker".
    """
    parameter = getattr(request, "param", "")
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        base_url=live_server.url,
        bypass_csp=parameter != "with the policy",
        service_workers="allow" if parameter == "with a worker" else "block",
    )
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.script_errors = errors
    yield tab
    context.close()


@pytest.fixture
def owner(tab, live_server, client, django_user_model) -> object:
    """The tab, with somebody signed in who may do everything."""
    client.force_login(django_user_model.objects.create_superuser("owner", password="x"))
    session = client.cookies["sessionid"].value
    tab.route("**/favicon.ico", lambda route: route.fulfill(status=204))  # the admin has none
    tab.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return tab
