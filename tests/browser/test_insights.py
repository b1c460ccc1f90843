"""The staff pages of insights in a browser: nothing scrolls sideways, nothing keeps anybody out, nothing breaks the policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog.models import Product, State
from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.features.insights.scripted import CATEGORIES, counts_of, sealed
from visual_search.features.insights import health
from visual_search.features.insights.folding import fold
from visual_search.types import Found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "/admin/visual_search_insights/"
DAY = 20_412
PAGES = {
    "figures": "foldedday/",
    "decisions": "foldedday/decisions/",
    "catalogue": "foldedday/catalogue/",
    "weekly": "foldedday/weekly/",
    "mail": "foldedday/weekly/mail/",
    "not sold": "notsold/add/",
}


@pytest.fixture
def busy(db) -> list[Product]:
    rows = [
        Product(sku=f"S-{number}-{place}", category=category, state=State.PUBLISHED)
        for number, category in enumerate(CATEGORIES)
        for place in range(3 if number < 3 else 1)
    ]
    of = list(Product.objects.bulk_create(rows))
    health.look("products")
    for day in range(DAY - 55, DAY + 1):
        # Words for what nobody sells never find anything close.
        asked = tuple(
            replace(one, found=Found.NOTHING) if one.text == "unobtainium" else one for one in sealed(60, of, seed=day)
        )
        fold(day, asked, counts_of(asked))
    return of


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_the_pages_break_no_policy(owner, busy) -> None:
    for address in PAGES.values():
        owner.goto(ADMIN + address)
    owner.goto(f"{ADMIN}foldedday/")
    assert owner.locator(".vsi-chart").count() == 3
    assert owner.script_errors == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_and_keep_nobody_out(owner, busy, scheme: str, width: int) -> None:
    owner.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    owner.set_viewport_size({"width": width, "height": 900})
    for name, address in PAGES.items():
        owner.goto(ADMIN + address)
        assert owner.evaluate("document.documentElement.scrollWidth") <= width, name
        assert faults(owner) == [], name


def test_what_is_not_found_is_decided_about_by_two_clicks(owner, busy) -> None:
    """The list of what isn't found, and each of its remedies, as the owner uses them."""

    def decide(remedy: str) -> None:
        owner.get_by_role("link", name=remedy, exact=True).click()
        assert owner.locator("#id_words").input_value() == remedy.partition(": ")[2]
        owner.get_by_role("button", name="Save", exact=True).click()
        owner.wait_for_url("**/decisions/")

    owner.goto(f"{ADMIN}foldedday/decisions/")
    row = owner.locator("tr", has=owner.get_by_role("rowheader", name="unobtainium"))
    assert not row.get_by_text("on the purchase list").is_visible()
    decide("Purchase list: unobtainium")
    assert row.get_by_text("on the purchase list").is_visible()
    decide("Not sold here: unobtainium")
    assert owner.get_by_role("heading", name="Searched, and not found").is_visible()
    assert row.count() == 0
    decide("Not sold here: vase")
    assert owner.get_by_role("rowheader", name="vase").count() == 0
    owner.goto(f"{ADMIN}notsold/")
    assert owner.get_by_role("link", name="vase").is_visible()
