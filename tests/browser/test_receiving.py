"""The desk in a browser: from an order over a photo to stock and back, on a phone and on a desk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from catalog.models import Product
from catalog.receiving import purchasing
from catalog.receiving.models import PurchaseLine, PurchaseOrder, SupplierCode
from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.browser.test_memory import shoot
from tests.catalog.receiving import desk
from tests.search.shop import photo_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def looks_right(tab, folder: Path, name: str, width: int) -> None:
    shoot(tab, folder, f"receiving-{name}-{width}")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(tab) == []


def ordered() -> PurchaseOrder:
    """Four red chairs and two lamps, from a supplier who has codes for both."""
    oak = desk.supplier()
    order = PurchaseOrder.objects.create(supplier=oak)
    for sku, quantity in (("CHR-RED-01", 4), ("LMP-BRS-04", 2)):
        product = Product.objects.get(sku=sku)
        PurchaseLine.objects.create(order=order, product=product, sku=sku, quantity=quantity)
        SupplierCode.objects.create(supplier=oak, product=product, code=f"OAK-{quantity}")
    return purchasing.place(order, {}, desk.CLERK)


def take_in(owner, tmp_path) -> PurchaseOrder:
    order = ordered()
    photo = tmp_path / "chair.jpg"
    photo.write_bytes(photo_of("chair", "red"))
    owner.set_default_timeout(60_000)  # The first photo loads what compares pictures.
    owner.goto("/")
    owner.locator("footer").get_by_role("link", name="Receiving").click()
    owner.get_by_label("Order").select_option(label=str(order))
    owner.get_by_role("button", name="Start", exact=True).click()
    owner.set_input_files("#id_photos", str(photo))
    owner.fill("#id_code", "OAK-2")
    owner.get_by_role("button", name="Take in").click()
    expect(owner.get_by_text("2 lines came in.")).to_be_visible(timeout=60_000)
    return order


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_the_pages_break_no_policy(owner, tmp_path) -> None:
    take_in(owner, tmp_path)
    owner.get_by_role("button", name="Confirm").first.click()
    expect(owner.get_by_text("were booked.")).to_be_visible()
    owner.goto("/receiving/orders/")
    expect(owner.get_by_role("heading", name="What to order")).to_be_visible()
    assert owner.script_errors == []


@pytest.mark.parametrize("width", WIDTHS)
def test_from_an_order_to_stock_and_back(owner, tmp_path, width) -> None:
    owner.set_viewport_size({"width": width, "height": 844})
    order = take_in(owner, tmp_path)
    looks_right(owner, tmp_path, "waiting", width)
    first = owner.get_by_role("article").first
    expect(first.get_by_role("radio").first).to_be_checked()
    first.get_by_label("Quantity", exact=True).fill("3")
    first.get_by_label("Lot").fill("L-7")
    first.get_by_label("Recognise it by this photo").check()
    first.get_by_role("button", name="Confirm").click()
    expect(owner.get_by_text("3 pieces of Red chair were booked.")).to_be_visible()
    expect(owner.get_by_text("6 in stock now")).to_be_visible()
    looks_right(owner, tmp_path, "booked", width)
    assert desk.stock(Product.objects.get(sku="CHR-RED-01")) == 6
    owner.get_by_role("button", name=re.compile("^Undo")).click()
    expect(owner.get_by_text("The booking was taken back.")).to_be_visible()
    assert desk.stock(Product.objects.get(sku="CHR-RED-01")) == 3
    owner.goto("/receiving/")
    looks_right(owner, tmp_path, "desk", width)
    owner.goto("/receiving/orders/")
    looks_right(owner, tmp_path, "to-order", width)
    owner.get_by_role("link", name=str(order)).click()
    expect(owner.get_by_role("link", name="Download as CSV")).to_be_visible()
    looks_right(owner, tmp_path, "order", width)


def test_right_to_left_nothing_sticks_out(owner, tmp_path) -> None:
    owner.set_viewport_size({"width": 390, "height": 844})
    order = take_in(owner, tmp_path)
    owner.goto(f"/ar{order.deliveries.get().get_absolute_url()}")
    expect(owner.locator("html")).to_have_attribute("dir", "rtl")
    looks_right(owner, tmp_path, "arabic", 390)
