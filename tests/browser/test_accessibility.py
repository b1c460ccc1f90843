"""axe finds nothing to complain of on any page, at both widths, light and dark; and fields can be seen by their borders."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from catalog.models import Product
from tests.browser.test_languages import WIDTHS, pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Of each field that is drawn with a border: its name, and the contrast of the border with what stands around it (WCAG 1.4.11).
BORDERS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [.2126, .7152, .0722][place], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return getComputedStyle(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches
      ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
  };
  const fields = [...document.querySelectorAll("input:not([type=hidden], [type=range], [type=checkbox], [type=file]), select")];
  return fields.filter((field) => field.checkVisibility() && parseFloat(getComputedStyle(field).borderTopWidth) > 0).map((field) => {
    const pair = [light(getComputedStyle(field).borderTopColor), light(ground(field.parentElement))].sort((a, b) => b - a);
    return [field.name || field.id, (pair[0] + .05) / (pair[1] + .05)];
  });
}"""


def faults(tab) -> list[str]:
    """What axe finds, as one line each."""
    found = Axe().run(tab).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'][:300]}" for one in found for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(tab, scheme: str, width: int) -> None:
    Product.objects.update(price=9, currency="EUR", stock=5, colour="red")
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    tab.set_viewport_size({"width": width, "height": 900})
    for name in pages(tab, "en"):
        assert faults(tab) == [], name
        faint = [(field, contrast) for field, contrast in tab.evaluate(BORDERS) if contrast < 3]
        assert faint == [], name
    tab.goto("/search/?q=chair")
    tab.locator("button.vs-camera:visible").first.click()
    tab.locator("dialog[open]").wait_for()
    assert faults(tab) == [], "the sheet"


def test_a_printed_page_has_the_hits_and_no_forms(tab) -> None:
    tab.goto("/search/?q=chair")
    tab.emulate_media(media="print")
    assert tab.locator(".vs-tile-title").first.is_visible()
    assert not tab.locator("#vs-q").is_visible()
    assert not tab.locator(".vs-facets").first.is_visible()
