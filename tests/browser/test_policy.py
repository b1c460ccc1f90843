"""The pages work under the Content-Security-Policy of docs/how-to/content-security-policy.md, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse

from tests.browser.test_search import choose, photo, titles  # noqa: F401
from tests.docs.projects import block

pytestmark = pytest.mark.browser
PAGE = "how-to/content-security-policy.md"
POLICY = " ".join(block(PAGE, "default-src").split())


@pytest.fixture
def guarded(tab, live_server) -> Iterator[object]:
    """Each answer comes with the policy. The server outlives a test's settings, so its middleware can't be another one."""
    server = live_server.thread.httpd
    app = server.get_app()

    def with_policy(environ, start_response):
        def start(status, headers, *more):
            return start_response(status, [*headers, ("Content-Security-Policy", POLICY)], *more)

        return app(environ, start)

    server.set_app(with_policy)
    yield tab
    server.set_app(app)


def filtered(tab) -> None:
    """Wait for it without Playwright's functions, which are evaluated: the policy forbids that."""
    tab.locator("button[name=without][value='f.brand=Nordic']").wait_for()


def test_the_middleware_of_the_page_sends_a_policy_once(rf) -> None:
    given: dict = {}
    exec(block(PAGE, "POLICY ="), given)  # noqa: S102
    for own in ({}, {"Content-Security-Policy": "default-src 'self'"}):
        answer = given["content_security_policy"](lambda request, own=own: HttpResponse(headers=own))(rf.get("/"))
        assert answer["Content-Security-Policy"] == own.get("Content-Security-Policy", given["POLICY"])


def test_search_works_under_the_policy_of_the_page(guarded, photo) -> None:  # noqa: F811
    tab = guarded
    assert tab.goto("/search/").headers["content-security-policy"] == POLICY
    tab.locator("#vs-q").press_sequentially("red ch")
    tab.get_by_role("option", name="Red chair").wait_for()
    choose(tab, photo)
    assert titles(tab)[0] == "Red chair"
    assert tab.locator(".vs-asked-photo img").evaluate("image => image.complete && image.naturalWidth > 0")
    tab.get_by_role("checkbox", name="Nordic").check()
    filtered(tab)
    assert titles(tab)[0] == "Red chair"
    tab.get_by_role("button", name="Select a part yourself").click()
    with tab.expect_navigation():
        tab.get_by_role("button", name="Search this part").click()
    assert titles(tab)[0] == "Red chair"
    # htmx's own style for loading indicators is all that is stopped, unless the page's line forbids it to try.
    assert [error for error in tab.script_errors if "style" not in error] == []
    assert len(tab.script_errors) > 0


def test_the_line_for_htmx_leaves_the_console_empty(guarded, settings, tmp_path) -> None:
    """With that line in the head of the page no style is tried."""
    tab = guarded
    base = tmp_path / "templates/shop_with_policy.html"
    base.parent.mkdir()
    line = block(PAGE, "<meta")
    base.write_text(
        f"{{% load visual_search %}}<!doctype html><html lang=en><head><title>Shop</title>"
        f"<link rel=icon href=data:,>{line}{{% search_head %}}</head>"
        "<body>{% search_box %}{% block content %}{% endblock %}</body></html>"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(base.parent)]}]
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "BASE_TEMPLATE": base.name}
    tab.goto("/search/?q=chair")
    tab.get_by_role("checkbox", name="Nordic").check()
    filtered(tab)
    assert len(titles(tab)) == 2
    assert tab.script_errors == []
