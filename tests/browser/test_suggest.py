"""The words' field while somebody types, at the width of a phone."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.test_search import shoot
from tests.shop import doubles
from visual_search import rebuilding

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
    return tab.get_by_role("listbox", name="Suggestions").get_by_role("option")


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


@pytest.mark.parametrize("width", [390, 1280])
def test_questions_and_categories_lead_to_their_results(tab, live_shop, tmp_path, width) -> None:
    for number, name in enumerate(["Oak desk lamp", "Brass desk lamp", "Desk <b>lamp</b>"]):
        live_shop.add(f"NEW-{number}", name, category="Home > Desks & lamps", stock=1)
    live_shop.index()
    rebuilding.rebuild("products")
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto("/")
    field(tab).press_sequentially("lam")
    lines(tab).first.wait_for()
    told = [re.sub(r"\s+", " ", text) for text in lines(tab).all_inner_texts()]
    assert told[:3] == ["lamp", "desk lamp", "in Desks & lamps Home"]
    assert "Desk <b>lamp</b>" in told, "A title is a text."
    completed = lines(tab).nth(1).locator("b").all_inner_texts()
    assert completed == ["desk ", "p"], "What completes the typed part stands out."
    shoot(tab, tmp_path, f"suggest-kinds-{width}")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    field(tab).press("ArrowDown")
    field(tab).press("ArrowDown")
    active = tab.locator(f"#{field(tab).get_attribute('aria-activedescendant')}")
    assert active.inner_text() == "desk lamp"
    field(tab).press("Enter")
    tab.wait_for_url("**/search/?q=desk+lamp")
    assert field(tab).input_value() == "desk lamp"

    tab.goto("/")
    field(tab).press_sequentially("lam")
    lines(tab).get_by_text("Desks & lamps").click()
    tab.wait_for_url("**/search/?f.category=Home+%3E+Desks+%26+lamps")
    assert tab.get_by_role("link", name="Oak desk lamp").first.is_visible()
    assert tab.get_by_role("link", name="Red chair").count() == 0
    assert tab.script_errors == []


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
