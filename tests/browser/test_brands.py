"""The journey of brand watch in a browser: from an uploaded listing to a decision, on a phone and on a desk."""

from __future__ import annotations

import pytest
from django.apps import apps

if not apps.is_installed("visual_search.features.brand_protection"):
    pytest.skip("brand watch isn't installed", allow_module_level=True)

from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.features.brand_protection.market import GENUINE, Market, fresh_files, jpeg, shown
from visual_search.features.brand_protection.kinds import State
from visual_search.features.brand_protection.models import BrandCase

__all__ = ["fresh_files"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_files")]

ADMIN = "/admin/visual_search_brand_protection/"


def looks_right(tab, width: int) -> None:
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(tab) == []


def take_in(owner, tmp_path) -> None:
    Market()
    picture = tmp_path / "offer.jpg"
    picture.write_bytes(jpeg(shown(GENUINE[0], "mirrored")))
    owner.goto(f"{ADMIN}listing/take/")
    owner.set_input_files("#id_picture", str(picture))
    owner.fill("#id_title", "Cheap chair")
    owner.fill("#id_url", "https://market.example/1")
    owner.get_by_role("button", name="Take in and look").click()
    owner.get_by_role("link", name="Cheap chair").wait_for()


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_the_pages_break_no_policy(owner, tmp_path) -> None:
    take_in(owner, tmp_path)
    owner.get_by_role("link", name="Cheap chair").click()
    owner.get_by_role("link", name="Write a notice").click()
    owner.get_by_role("button", name="Send the notice").wait_for()
    assert owner.script_errors == []


@pytest.mark.parametrize("width", WIDTHS)
def test_from_an_upload_to_a_decision_and_back(owner, tmp_path, width) -> None:
    owner.set_viewport_size({"width": width, "height": 844})
    owner.goto(f"{ADMIN}listing/take/")
    looks_right(owner, width)
    take_in(owner, tmp_path)
    looks_right(owner, width)
    owner.get_by_role("link", name="Cheap chair").click()
    for number in range(2):
        drawn = owner.locator(".vsb img").nth(number)
        drawn.scroll_into_view_if_needed()
        owner.wait_for_function("image => image.naturalWidth > 100", arg=drawn.element_handle())
    looks_right(owner, width)
    owner.fill("#vsb-reason", "theirs by licence")
    owner.get_by_role("button", name="settled").click()
    owner.get_by_text("theirs by licence").first.wait_for()
    assert BrandCase.objects.get().state == State.SETTLED
    owner.get_by_role("button", name="Undo the last change of status").click()
    owner.get_by_role("button", name="settled").wait_for()
    assert BrandCase.objects.get().state == State.NEW
    owner.get_by_role("link", name="Write a notice").click()
    owner.get_by_role("button", name="Send the notice").wait_for()
    looks_right(owner, width)
