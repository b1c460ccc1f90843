"""The words' field while somebody types, at the width of a phone."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.test_search import shoot
from tests.shop import doubles

pytestmark = pytest.mark.browser
FOUND = {"Red chair", "Blue chair"}


@pytest.fixture
def phone(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto("/")
    return tab


def field(tab):
    return tab.get_by_role("combobox", name="Search for products")


def lines(tab):
    return tab.get_by_role("listbox", name="Products").get_by_role("option")


def test_type_choose_by_keys_and_go(phone, tmp_path) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: "/suggest" in request.url and asked.append(request.url))
    box = field(phone)
    assert box.get_attribute("aria-expanded") == "false"
    box.press_sequentially("red cha")
    lines(phone).first.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    assert phone.locator(f"#{box.get_attribute('aria-controls')}").get_attribute("role") == "listbox"
    assert lines(phone).all_inner_texts()[0] == "Red chair"
    assert set(lines(phone).all_inner_texts()) == FOUND
    assert parse_qs(urlsplit(asked[-1]).query) == {"lang": ["en"], "q": ["red cha"]}
    assert len(asked) < len("red cha"), "quick typing asks for less than every key"

    box.press("ArrowDown")
    active = phone.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert (active.inner_text(), active.get_attribute("aria-selected")) == ("Red chair", "true")
    shoot(phone, tmp_path, "suggest-390")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    edges = phone.get_by_role("listbox").bounding_box()
    assert edges["x"] >= 0
    assert edges["x"] + edges["width"] <= 390
    assert all(line.bounding_box()["height"] >= 44 for line in lines(phone).all())

    box.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None, "above the first line the field itself is meant"
    box.press("ArrowUp")
    assert phone.locator("[aria-selected=true]").inner_text() == "Blue chair"
    box.press("Escape")
    assert phone.get_by_role("listbox").count() == 0
    assert (box.input_value(), box.get_attribute("aria-expanded")) == ("red cha", "false")
    box.press("ArrowDown")
    lines(phone).first.wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    phone.wait_for_url(re.compile("CHR-RED-01"))
    assert phone.script_errors == []


def test_enter_without_a_choice_searches_for_the_words(phone) -> None:
    field(phone).press_sequentially("cha")
    lines(phone).first.wait_for()
    field(phone).press("Enter")
    phone.wait_for_url("**/search/?q=cha")
    assert phone.script_errors == []


def test_typing_on_takes_the_choice_back(phone) -> None:
    field(phone).press_sequentially("cha")
    lines(phone).first.wait_for()
    field(phone).press("ArrowDown")
    assert field(phone).get_attribute("aria-activedescendant")
    # In one step, so that no answer to the longer word can come between.
    left = phone.evaluate(
        """() => {
            const field = document.querySelector("[role=combobox][name=q]");
            field.value += "i";
            field.dispatchEvent(new InputEvent("input"));
            return field.getAttribute("aria-activedescendant");
        }"""
    )
    assert left is None
    field(phone).press("Enter")
    phone.wait_for_url("**/search/?q=chai")


def test_a_tap_leads_to_the_product(phone) -> None:
    field(phone).press_sequentially("blue cha")
    lines(phone).get_by_text("Blue chair").click()
    phone.wait_for_url(re.compile("CHR-BLU-02"))


def test_the_field_is_the_plain_one_while_search_is_away(phone, monkeypatch) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    with phone.expect_response(lambda response: "/suggest" in response.url) as answered:
        field(phone).press_sequentially("cha")
    assert answered.value.status == 503
    answered.value.finished()
    assert phone.get_by_role("listbox").count() == 0
    assert field(phone).input_value() == "cha"
    monkeypatch.setattr(doubles.BreakableEngine, "down", False)
    field(phone).press_sequentially("i")
    lines(phone).first.wait_for()
    # The browser itself notes the status; the page's own script adds nothing.
    assert all("503" in message for message in phone.script_errors)


def test_without_javascript_it_is_a_field_and_a_button(browser, live_server, live_shop) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/")
    assert page.get_by_role("combobox", name="Search for products").count() == 0
    page.get_by_role("searchbox", name="Search for products").fill("sofa")
    page.get_by_role("button", name="Search", exact=True).click()
    assert page.url.endswith("/search/?q=sofa")
    context.close()
