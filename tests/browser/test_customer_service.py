"""The journey of help in a browser: from a fault to an answer, to a person, and to the shopper again; on a phone and on a desk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps

if not apps.is_installed("visual_search.features.customer_service"):
    pytest.skip("the customer service isn't installed", allow_module_level=True)

from playwright.sync_api import expect

from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.features.customer_service.desk import MAIL, Desk, fill_dangers
from tests.search.shop import photo_of
from visual_search.features.customer_service.kinds import CaseState
from visual_search.features.customer_service.models import CasePhoto, ServiceCase

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "/admin/visual_search_customer_service/"
PHOTO = {"name": "chair.jpg", "mimeType": "image/jpeg"}


@pytest.fixture
def desk(live_shop, settings, tmp_path: Path) -> Desk:
    fill_dangers()
    desk = Desk(live_shop, settings, tmp_path)
    desk.use()
    desk.fill()
    return desk


def looks_right(tab) -> None:
    """At both widths nothing sticks out; at that of a phone, which stays, everybody can use it."""
    for width in reversed(WIDTHS):
        tab.set_viewport_size({"width": width, "height": 844})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.script_errors == []
    assert faults(tab) == []
    tab.script_errors.clear()  # axe sets styles that the policy forbids.


def ask(tab, words: str) -> None:
    tab.fill("#help-words", words)
    tab.get_by_role("button", name="Find help").click()


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_from_a_product_to_a_person_in_two_taps_with_a_photo_that_is_taken_back(tab, desk) -> None:
    tab.goto("/p/CHR-RED-01/")
    tab.get_by_role("link", name="Help with this product").click()
    expect(tab.get_by_role("heading", name="Help with this product")).to_be_visible()
    looks_right(tab)
    tab.set_input_files("#help-photo", {**PHOTO, "buffer": photo_of("chair", "red")})
    ask(tab, "one leg wobbles")
    expect(tab.get_by_text("Tighten the screws.")).to_be_visible()
    expect(tab.get_by_role("combobox", name="Search for products")).to_have_value("")  # It is no search of products.
    looks_right(tab)
    tab.get_by_role("button", name="No, ask a person").click()  # the first tap
    expect(tab.get_by_label("What is wrong")).to_have_value("one leg wobbles")
    tab.get_by_label("Your mail address").fill(MAIL)
    tab.get_by_text("Send my photo along.").click()
    looks_right(tab)
    tab.get_by_role("button", name="Send to a person").click()  # the second
    delete = tab.get_by_role("button", name="Delete my photo now")
    expect(delete).to_be_visible()
    looks_right(tab)
    case = ServiceCase.objects.get()
    assert (case.words, case.product) == ("one leg wobbles", "Red chair (CHR-RED-01)")
    assert CasePhoto.objects.count() == 1
    delete.click()
    expect(delete).to_have_count(0)
    assert CasePhoto.objects.count() == 0


def test_danger_and_nothing_close_open_the_form_in_the_dark_and_in_arabic_too(tab, desk) -> None:
    tab.emulate_media(color_scheme="dark")
    for words, heading in (
        ("I smell gas", "Please stop, and ask a person"),
        ("quite another thing", "Nothing close was found"),
    ):
        tab.goto("/help/")
        ask(tab, words)
        expect(tab.get_by_role("heading", name=heading)).to_be_visible()
        expect(tab.get_by_label("Your mail address")).to_be_visible()
        looks_right(tab)
    tab.get_by_label("Your mail address").fill("nobody@nowhere")
    tab.get_by_role("button", name="Send to a person").click()
    expect(tab.locator(".vs-help-fault")).to_be_visible()
    tab.script_errors.clear()  # The browser itself tells of the status 400.
    looks_right(tab)
    tab.goto("/ar/help/?product=" + desk.shop.id("CHR-RED-01"))
    tab.fill("#help-words", "one leg wobbles")
    tab.locator(".vs-help-form button").click()
    expect(tab.get_by_text("Tighten the screws.")).to_be_visible()
    assert tab.evaluate("getComputedStyle(document.body).direction") == "rtl"
    looks_right(tab)


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_staff_answer_and_solve(owner, desk) -> None:
    case = desk.case("the seat squeaks, sadly", product=desk.shop.id("CHR-RED-01"))
    owner.goto(f"{ADMIN}servicecase/")
    looks_right(owner)
    owner.get_by_role("link", name=re.compile("Red chair")).click()
    owner.get_by_label("Reply by mail").fill("Please oil it.")
    looks_right(owner)
    owner.get_by_role("button", name="Send the reply").click()
    expect(owner.get_by_text("Please oil it.")).to_be_visible()
    owner.get_by_role("button", name="Solved").click()
    draft = owner.get_by_role("button", name="Make it an article")
    expect(draft).to_be_visible()
    looks_right(owner)
    draft.click()
    expect(owner.get_by_text("This is a draft.")).to_be_visible()
    assert owner.evaluate("document.documentElement.scrollWidth") <= 390
    case.refresh_from_db()
    assert case.state == CaseState.SOLVED
