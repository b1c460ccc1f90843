"""The Content-Security-Policy of the reference shop. That its pages work under it: tests/browser/test_policy.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.http import HttpResponse

from config.policy import ContentSecurityPolicyMiddleware

ROOT = Path(__file__).resolve().parents[2]
OURS = [
    path
    for folder in ("visual_search", "catalog")
    for ending in ("*.html", "*.py")
    for path in sorted((ROOT / folder).rglob(ending))
]
# A style or a script inside a page (JSON-LD is data), a style or a handler in an attribute, an address that is a script.
INLINE = re.compile(
    r"""<style\b | <script(?![^>]*\bsrc=|\stype="application/ld\+json">)[^>]*> | <[a-z][^<>]*\s(?:style|on[a-z]+)\s*= | (?:href|action)=["']?javascript:""",
    re.VERBOSE | re.IGNORECASE,
)


def answered(rf, **more) -> HttpResponse:
    return ContentSecurityPolicyMiddleware(lambda request: HttpResponse(**more))(rf.get("/"))


def test_every_answer_has_it_unless_it_has_a_stricter_one(rf, settings) -> None:
    assert answered(rf)["Content-Security-Policy"] == settings.CONTENT_SECURITY_POLICY
    own = "default-src 'none'; sandbox"
    assert answered(rf, headers={"Content-Security-Policy": own})["Content-Security-Policy"] == own


@pytest.mark.parametrize("status", [404, 500])
def test_django_explains_an_error_with_a_style_of_its_own(rf, settings, status) -> None:
    settings.DEBUG = True
    assert "Content-Security-Policy" not in answered(rf, status=status)
    settings.DEBUG = False
    assert "Content-Security-Policy" in answered(rf, status=status)


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/v1/search?q=chair&page_size=0", "/nothing/"])
def test_pages_the_admin_and_the_api_have_it(db, client, settings, path) -> None:
    assert client.get(path)["Content-Security-Policy"] == settings.CONTENT_SECURITY_POLICY


def test_it_forbids_what_stands_inside_a_page(settings) -> None:
    assert "unsafe" not in settings.CONTENT_SECURITY_POLICY
    assert settings.CONTENT_SECURITY_POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


def test_nothing_of_ours_stands_inside_a_page() -> None:
    assert len(OURS) > 100
    found = {path.relative_to(ROOT): INLINE.findall(path.read_text()) for path in OURS}
    assert {path: inside for path, inside in found.items() if inside} == {}


@pytest.mark.parametrize(
    "inside", ["<style>", "<script>", '<p style="x">', "<a onclick=x>", "<a\n onclick = x>", "<a href='javascript:x'>"]
)
def test_what_is_looked_for_is_found(inside) -> None:
    assert INLINE.search(inside)
