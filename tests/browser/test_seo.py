"""What search engines are told breaks no policy of the page, and the pages of staff are there for everybody, at both widths."""

from __future__ import annotations

import pytest
from django.apps import apps
from playwright.sync_api import expect

if not apps.is_installed("visual_search.features.seo"):
    pytest.skip("the feature isn't installed", allow_module_level=True)

from catalog.models import Product
from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/visual_search_seo/pagescheck/"
TEXTS = "/admin/visual_search_seo/picturetext/?confirmed_at__isempty=1"


def looks_right(tab, width: int) -> None:
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(tab) == []


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_data_in_a_page_breaks_no_policy(tab) -> None:
    product = Product.objects.published()[0]
    for address in ("/", product.get_absolute_url()):
        tab.goto(address)
        expect(tab.locator('script[type="application/ld+json"]')).to_have_count(1)
    assert tab.script_errors == []


@pytest.mark.parametrize("width", WIDTHS)
def test_from_a_look_to_a_confirmed_text(owner, width: int) -> None:
    owner.set_viewport_size({"width": width, "height": 844})
    owner.goto(PAGE)
    looks_right(owner, width)
    owner.get_by_role("button", name="Propose texts for pictures").click()
    expect(owner.get_by_text("texts were proposed")).to_be_visible()
    expect(owner.get_by_text("Texts in place of pictures that nobody has confirmed")).to_be_visible()
    looks_right(owner, width)
    owner.goto(TEXTS)
    looks_right(owner, width)
    owner.locator("input[name=form-0-text]").fill("A chair by a window")
    owner.locator("input[name=_save]").click()
    expect(owner.locator(".messagelist .success")).to_be_visible()
    owner.goto("/admin/visual_search_seo/picturetext/?q=window")
    expect(owner.locator("#result_list img[alt=True]")).to_have_count(1)


def test_a_phone_and_a_desk_read_it_from_right_to_left(owner) -> None:
    for width in WIDTHS:
        owner.set_viewport_size({"width": width, "height": 844})
        owner.set_extra_http_headers({"Accept-Language": "ar"})
        owner.goto(PAGE)
        expect(owner.locator("html")).to_have_attribute("dir", "rtl")
        looks_right(owner, width)
