"""The pages work under the Content-Security-Policy of docs/how-to/content-security-policy.md, in a real browser."""

from __future__ import annotations

import pytest
from django.http import HttpResponse

from tests.browser.test_search import choose, photo, titles  # noqa: F401
from tests.docs.projects import block

pytestmark = pytest.mark.browser
PAGE = "how-to/content-security-policy.md"
POLICY = " ".join(block(PAGE, "default-src").split())


with_the_policy = pytest.mark.parametrize("tab", ["with the policy"], indirect=True)


def filtered(tab, by: str = "f.brand=Nordic") -> None:
    """Wait for it without Playwright's functions, which are evaluated: the policy forbids that."""
    tab.locator(f"button[name=without][value='{by}']").wait_for()


def test_the_middleware_of_the_page_sends_a_policy_once(rf) -> None:
    given: dict = {}
    exec(block(PAGE, "POLICY ="), given)  # noqa: S102
    for own in ({}, {"Content-Security-Policy": "default-src 'self'"}):
        answer = given["content_security_policy"](lambda request, own=own: HttpResponse(headers=own))(rf.get("/"))
        assert answer["Content-Security-Policy"] == own.get("Content-Security-Policy", given["POLICY"])


def test_the_shop_sends_the_policy_of_the_page(settings) -> None:
    assert settings.CONTENT_SECURITY_POLICY == POLICY


@with_the_policy
def test_search_works_under_the_policy_of_the_page(tab, photo) -> None:  # noqa: F811
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
    assert tab.script_errors == []


@with_the_policy
@pytest.mark.parametrize("line", ["", block(PAGE, "<meta")], ids=["without", "with"])
def test_the_line_for_htmx_leaves_the_console_empty(tab, settings, tmp_path, line) -> None:
    """With that line in the head of the page no style is tried; without it nothing is missing."""
    base = tmp_path / "templates/shop_with_policy.html"
    base.parent.mkdir()
    base.write_text(
        f"{{% load visual_search %}}<!doctype html><html lang=en><head><title>Shop</title>"
        f"<link rel=icon href=data:,>{line}{{% search_head %}}</head>"
        "<body>{% search_box %}{% block content %}{% endblock %}</body></html>"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(base.parent)]}]
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "BASE_TEMPLATE": base.name}
    tab.goto("/search/?q=chair")
    tab.get_by_role("checkbox", name="red").check()
    filtered(tab, "f.colour=red")
    assert titles(tab)[0] == "Red chair"
    assert bool(tab.script_errors) == (not line)
    assert all("style" in error for error in tab.script_errors)


@with_the_policy
def test_no_page_of_the_shop_breaks_the_policy(tab, live_shop) -> None:
    """A page that does is told by the browser in its console."""
    product = live_shop.products["CHR-RED-01"]
    for page in (
        "/", "/credits/", product.get_absolute_url(), "/search/?q=chair&sort=price", "/search/?q=chiar", "/memory/",
        "/privacy/me", f"/search/?like={product.pk}",
    ):  # fmt: skip
        answer = tab.goto(page)
        assert (answer.status, answer.headers["content-security-policy"]) == (200, POLICY), page
        assert tab.script_errors == [], page
    tab.goto("/")
    tab.locator("nav.categories a").first.click()
    assert tab.locator("h1").count() == 1
    assert tab.script_errors == []


@with_the_policy
def test_no_page_of_the_admin_breaks_the_policy(tab, live_shop, django_user_model) -> None:
    django_user_model.objects.create_superuser("staff", password="a long password")
    tab.goto("/admin/login/?next=/admin/")
    tab.get_by_label("Username").fill("staff")
    tab.get_by_label("Password").fill("a long password")
    with tab.expect_navigation():
        tab.get_by_role("button", name="Log in").click()
    product = live_shop.products["CHR-RED-01"]
    pages = tab.locator("#content-main th a").evaluate_all("links => links.map(link => link.pathname)")
    assert "/admin/catalog/product/" in pages
    for page in (*pages, f"/admin/catalog/product/{product.pk}/change/", "/admin/visual_search/apikey/add/"):
        answer = tab.goto(page)
        assert (answer.status, answer.headers["content-security-policy"]) == (200, POLICY), page
        # A script opens the list of products, and another brings the choice back.
        if "change" in page and "product" in page:
            with tab.expect_popup() as opened:
                tab.locator("#lookup_id_parent").click()
            opened.value.get_by_role("link", name="CHR-BLU-02").click()
            tab.wait_for_function("document.querySelector('#id_parent').value")
        # The admin has no icon, which is no matter of the policy.
        assert [error for error in tab.script_errors if "favicon" not in error and "404" not in error] == [], page
