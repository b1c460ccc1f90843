"""Staff steer the search in a browser: from a tile of the shop to the workbench, before and after, and back to the shop."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.apps import apps

from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.search.shop import photo_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

if not apps.is_installed("visual_search.features.merchandising"):
    pytest.skip("merchandising isn't installed", allow_module_level=True)

from tests.features.merchandising.desk import HOOKS, no_rules_of_other_tests, rule, words  # noqa: E402, F401
from visual_search.features.merchandising import revisions  # noqa: E402
from visual_search.features.merchandising.kinds import Like, Then, When  # noqa: E402
from visual_search.features.merchandising.models import Rule, SynonymSet  # noqa: E402

DESK = "/admin/visual_search_merchandising/"
BENCH = f"{DESK}rule/workbench/"
PICTURES = os.environ.get("PICTURES")  # a folder for screenshots, to look at


# What inside the page has to be moved sideways, but for fields, whose texts may be long.
SCROLLERS = """() => [...document.querySelectorAll("#content *")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(one).overflowX))
  .filter((one) => !["INPUT", "TEXTAREA", "SELECT"].includes(one.tagName)).map((one) => one.className || one.id || one.tagName)"""


def picture(tab, name: str) -> None:
    if PICTURES:
        tab.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def sideways(tab) -> int:
    """How many pixels the page is wider than its window."""
    return tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture
def staff(owner, live_shop):
    """The tab of the owner, in a shop that has the hooks."""
    live_shop.use(PAGE_SIZE=4, **HOOKS)
    return owner


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_has_to_be_moved_sideways_or_breaks_the_policy(staff, live_shop, width: int) -> None:
    tab = staff
    made = rule(
        [*words("chair"), (When.COLOUR, "red")],
        [
            {"kind": Then.PIN, "item": live_shop.id("MUG-BLK-05"), "position": 2},
            {"kind": Then.BANNER, "value": "Half price", "url": "/sale/"},
        ],
        name="Mugs beside chairs, for the winter sale of red and brown furniture",
        note="A long note. " * 20,
    )
    revisions.note("user 1 owner", made.pk, made.name, None, revisions.snapshot(made))
    SynonymSet.objects.create(kind=Like.TWO_WAY, language="en", words="couch, sofa, chesterfield, settee, davenport")
    tab.set_viewport_size({"width": width, "height": 900})
    pages = {
        "rules": "rule/", "rule": f"rule/{made.pk}/change/", "new-rule": "rule/add/", "synonyms": "synonymset/",
        "import": "synonymset/import/", "revisions": "rulerevision/", "revision": "rulerevision/1/change/",
        "workbench": f"rule/workbench/?q=chair&lang=en&rule={made.pk}",
        "pinned": f"rule/workbench/?q=red chair&lang=en&pin={live_shop.id('SOF-GRN-03')}&at=2",
    }  # fmt: skip
    for name, address in pages.items():
        tab.goto(DESK + address)
        tab.wait_for_load_state("networkidle")
        picture(tab, f"{name}-{width}")
        assert sideways(tab) <= 0, name
        assert tab.evaluate(SCROLLERS) == [], name
        assert tab.script_errors == [], name


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(staff, live_shop, width: int) -> None:
    tab = staff
    made = rule(words("chair"), [{"kind": Then.PIN, "item": live_shop.id("MUG-BLK-05"), "position": 2}])
    SynonymSet.objects.create(kind=Like.TWO_WAY, language="en", words="couch, sofa")
    revisions.note("user 1 owner", made.pk, made.name, None, revisions.snapshot(made))
    tab.set_viewport_size({"width": width, "height": 900})
    found = {}
    for address in (
        f"{BENCH}?q=red chair&lang=en&pin={live_shop.id('SOF-GRN-03')}&at=2",
        f"{DESK}rule/{made.pk}/change/",
        f"{DESK}synonymset/import/",
        f"{DESK}synonymset/",
        f"{DESK}rule/",
        f"{DESK}rulerevision/",
    ):
        tab.goto(address)
        found[address] = faults(tab)
    assert not any(found.values()), "\n".join(fault for each in found.values() for fault in each)


def test_a_tile_of_the_shop_is_pinned(staff, live_shop) -> None:
    tab = staff
    tab.goto("/search/?q=chair")
    tile = tab.locator(f'.vs-tile[data-vs-id="{live_shop.id("CHR-RED-01")}"]')
    tile.locator(".vs-pin").click()
    tab.wait_for_url(f"**{BENCH}*")
    after = tab.locator("section[aria-label='With the change'] li").first
    assert after.get_attribute("data-id") == live_shop.id("CHR-RED-01")
    assert not Rule.objects.exists()
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.get_by_text("Saved.").wait_for()
    assert Rule.objects.get().name == "chair"
    tab.goto("/search/?q=chair")
    first = tab.locator(".vs-tile").first
    assert first.get_attribute("data-vs-id") == live_shop.id("CHR-RED-01")
    assert first.get_by_text("Promoted").is_visible()
    picture(tab, "shop")


def test_a_hit_of_a_photo_is_pinned_for_what_the_photo_shows(staff, live_shop) -> None:
    tab = staff
    tab.goto("/")
    photo = {"name": "chair.jpg", "mimeType": "image/jpeg", "buffer": photo_of("chair", "red")}
    with tab.expect_navigation():
        tab.set_input_files("[data-vs-file]", photo)
    tab.wait_for_load_state("networkidle")
    picture(tab, "photo-shop")
    tile = tab.locator(f'.vs-tile[data-vs-id="{live_shop.id("CHR-BLU-02")}"]')
    tile.locator(".vs-pin").click()
    tab.locator("section[aria-label='With the change']").wait_for()
    assert tab.locator("select[name='conditions-0-kind']").input_value() == "colour"
    picture(tab, "photo")
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.get_by_text("Saved.").wait_for()
    assert Rule.objects.get().actions.get().item == live_shop.id("CHR-BLU-02")
    assert "photo_token" not in tab.url


def test_only_the_fields_that_an_action_needs_are_shown(staff) -> None:
    tab = staff
    tab.goto(f"{DESK}rule/add/")
    row = tab.locator("#actions-0")
    row.locator("select[name$='-kind']").select_option("banner")
    assert row.locator("[name$='-value']").is_visible()
    assert not row.locator("[name$='-item']").is_visible()
    row.locator("select[name$='-kind']").select_option("pin")
    assert row.locator("[name$='-item']").is_visible()
    assert row.locator("[name$='-position']").is_visible()
    assert not row.locator("[name$='-value']").is_visible()


def test_a_change_is_seen_before_it_is_saved(staff, live_shop) -> None:
    tab = staff
    tab.goto(f"{BENCH}?q=chair&lang=en")
    tab.locator("[data-id]").first.get_by_role("button", name="Hide").click()
    tab.wait_for_load_state("networkidle")
    picture(tab, "hidden")
    gone = tab.locator("section[aria-label='Now'] .desk-moved", has_text="gone")
    gone.first.wait_for()
    assert gone.count() == 1
    assert tab.locator("section[aria-label='With the change'] .desk-moved", has_text="↑").count() >= 1
    tab.locator("select[name='actions-0-kind']").select_option("bury")
    tab.locator("input[name='actions-0-strength']").fill("90")
    tab.get_by_role("button", name="Try without saving").click()
    tab.locator("section[aria-label='With the change'] .desk-moved", has_text="↓").first.wait_for()
    assert not Rule.objects.exists()


def preview(condition: dict[str, str], action: dict[str, str], question: str = "chair") -> str:
    """The address of the workbench with a rule that nobody has saved."""
    data = {"q": question, "lang": "en", "name": "tried", "enabled": "on", "priority": "0"}
    for rows, row in (("conditions", condition), ("actions", action)):
        data |= {f"{rows}-TOTAL_FORMS": "1", f"{rows}-INITIAL_FORMS": "0"}
        data |= {f"{rows}-0-{key}": value for key, value in row.items()}
    return f"{BENCH}?{urlencode(data)}"


# What each kind of action does is told by the side "With the change": a text of it, or which product stands first or is missing.
CHAIR = {"kind": "words_contain", "value": "chair"}
PREVIEWS = {
    "pin": ({"kind": "pin", "item": "MUG-BLK-05", "position": "1"}, "first MUG-BLK-05"),
    "hide": ({"kind": "hide", "item": "CHR-RED-01"}, "without CHR-RED-01"),
    "boost": ({"kind": "boost", "item": "CHR-BLU-02", "strength": "90"}, "first CHR-BLU-02"),
    "boost by a number": ({"kind": "boost", "field": "price", "op": "more", "strength": "90"}, "Rules that did something: tried"),
    "bury": ({"kind": "bury", "item": "CHR-RED-01", "strength": "90"}, "first CHR-BLU-02"),
    "filter": ({"kind": "filter", "field": "price", "op": "at_most", "value": "80"}, "Rules that did something: tried"),
    "replace": ({"kind": "replace", "value": "sofa"}, "Asked instead: sofa"),
    "redirect": ({"kind": "redirect", "url": "/help/"}, "The shopper is sent to /help/"),
    "banner": ({"kind": "banner", "value": "Half price", "url": "/sale/"}, "Banner: Half price"),
    "sort": ({"kind": "sort", "value": "price"}, "Rules that did something: tried"),
}  # fmt: skip


def test_each_kind_of_action_shows_what_it_would_do(staff, live_shop) -> None:
    tab = staff
    seen = {}
    for name, (action, does) in PREVIEWS.items():
        item = {"item": live_shop.id(action["item"])} if "item" in action else {}
        tab.goto(preview(CHAIR, {**action, **item}))
        after = tab.locator("section[aria-label='With the change']")
        ids = after.locator("[data-id]").evaluate_all("rows => rows.map(row => row.dataset.id)")
        said, _space, sku = does.partition(" ")
        if said == "first":
            seen[name] = ids[0] == live_shop.id(sku)
        elif said == "without":
            seen[name] = live_shop.id(sku) not in ids
        else:
            seen[name] = does in " ".join(after.inner_text().split())
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            picture(tab, f"preview-{name.replace(' ', '-')}-{width}")
            assert sideways(tab) <= 0, name
    assert not [name for name, right in seen.items() if not right]
    assert not Rule.objects.exists()
