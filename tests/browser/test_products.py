"""The owner's pages of products: nobody scrolls sideways, and nothing keeps anybody out."""

from __future__ import annotations

import pytest

from catalog.models import Product
from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.browser.test_search import shoot

pytestmark = pytest.mark.browser
SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("#changelist .results, .inline-group")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className || one.tagName)"""


@pytest.mark.parametrize("width", WIDTHS)
def test_products_are_listed_and_written_without_scrolling_sideways(owner, live_shop, width) -> None:
    tab = owner
    tab.set_viewport_size({"width": width, "height": 900})
    product = Product.objects.order_by("pk").first()
    Product.objects.filter(pk=product.pk).update(
        attributes={"width": "60"}, brand="A brand with a rather long name of its own"
    )
    for name, address in (("list", ""), ("add", "add/"), ("change", f"{product.pk}/change/")):
        tab.goto(f"/admin/catalog/product/{address}")
        shoot(tab, live_shop.folder, f"products-{name}-{width}")
        assert tab.evaluate(SIDEWAYS) == [], name
        assert faults(tab) == [], name
    assert tab.get_by_label("Attributes").input_value() == "width: 60"
    assert tab.script_errors == []
