"""What to order: the formula, what it is made of, and orders in whole packs."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Product
from catalog.orders.models import Order, OrderLine
from catalog.receiving import demonstrating, ledger, purchasing
from catalog.receiving.kinds import PurchaseState
from catalog.receiving.models import Delivery, DeskEvent, Movement, SupplierCode
from catalog.receiving.reordering import plan, smoothed
from tests.catalog.receiving import desk
from tests.search.shop import Shop, draw, photo_of
from visual_search.errors import BadInput
from visual_search.imaging.counting import count


def test_steady_sales_are_covered_without_a_reserve() -> None:
    made = plan([7] * 26, lead_days=14)
    assert (made.mean, made.spread, made.level) == (7, 0, 21)
    assert [made.order(*there) for there in ((0, 0), (10, 5), (21, 0), (30, 0))] == [21, 6, 0, 0]


def test_the_reserve_grows_with_spread_lead_time_and_service() -> None:
    weeks = [0, 14] * 13
    made = plan(weeks, lead_days=14)
    assert made.level == math.ceil(made.mean * 3 + 1.6448536 * made.spread * math.sqrt(3))
    assert plan(weeks, lead_days=28).level > made.level
    assert plan(weeks, lead_days=14, service=0.99).level > made.level
    assert plan(weeks, lead_days=14, service=0.5).level == math.ceil(made.mean * 3)


def test_later_weeks_count_more_and_no_sales_order_nothing() -> None:
    assert smoothed([0] * 20 + [10] * 6) > smoothed([10] * 6 + [0] * 20)
    assert plan([], lead_days=14).level == plan([0] * 26, lead_days=14).level == 0


def sell(product: Product, weeks_ago: int, quantity: int) -> None:
    order = Order.objects.create(token=f"{product.pk}-{weeks_ago}")
    Order.objects.filter(pk=order.pk).update(created_at=timezone.now() - timedelta(weeks=weeks_ago, hours=1))
    values = {"sku": product.sku, "title": "", "price": Decimal(1), "currency": "EUR"}
    OrderLine.objects.create(order=order, product=product, quantity=quantity, **values)


@pytest.mark.django_db
def test_a_proposal_is_made_of_sales_stock_and_what_is_coming() -> None:
    oak = desk.supplier(lead_days=14)
    chair, lamp = desk.product(stock=2), desk.product("LAMP", stock=50)
    for product in (chair, lamp):
        SupplierCode.objects.create(supplier=oak, code=f"OAK-{product.sku}", product=product, pack_size=6)
        for week in range(10):
            sell(product, week, 4)
    sell(chair, 30, 1000)  # too long ago
    first, second = purchasing.proposals(oak)
    assert (first.product, first.on_hand, first.on_order, first.plan.level) == (chair, 2, 0, 12)
    assert (first.quantity, second.quantity) == (12, 0)
    order = purchasing.propose(oak, desk.CLERK)
    assert [(line.sku, line.quantity) for line in order.lines.all()] == [("CHAIR", 12)]
    purchasing.place(order, {}, desk.CLERK)
    with pytest.raises(BadInput, match="was placed already"):
        purchasing.place(order, {}, desk.CLERK)
    assert purchasing.proposals(oak)[0].quantity == 0
    with pytest.raises(BadInput, match="Nothing needs to be ordered"):
        purchasing.propose(oak, desk.CLERK)
    order.refresh_from_db()
    assert order.state == PurchaseState.ORDERED
    assert list(DeskEvent.objects.order_by("number").values_list("what", flat=True)) == ["proposed", "ordered"]


@pytest.mark.django_db
def test_an_order_without_a_quantity_isn_t_placed() -> None:
    oak, chair = desk.supplier(), desk.product()
    SupplierCode.objects.create(supplier=oak, code="OAK", product=chair)
    sell(chair, 1, 4)
    order = purchasing.propose(oak, desk.CLERK)
    with pytest.raises(BadInput, match="needs a line with a quantity"):
        purchasing.place(order, {order.lines.get().pk: 0}, desk.CLERK)
    assert order.lines.count() == 1


@pytest.mark.django_db
def test_a_folder_comes_in_and_waits(shop: Shop, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "came"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(photo_of("chair", "red"))
    (folder / "b.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not looked at")
    desk.supplier()
    call_command("receiving", "take", str(folder), "--supplier", "Oak & Sons")
    delivery = Delivery.objects.get()
    assert str(delivery.supplier) == "Oak & Sons"
    assert delivery.lines.get().candidates[0]["product"] == shop.products["CHR-RED-01"].pk
    out, err = capsys.readouterr()
    assert f"Delivery {delivery.pk}: 1 lines wait for a person, 1 files were left out." in out
    assert "b.jpg: " in err
    assert not Movement.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "said"),
    [
        (["take", "/no/such"], "There is no folder"),
        (["take", "{folder}"], "has no photos"),
        (["take", "{folder}", "--supplier", "Nobody"], "has no photos"),
    ],
)
def test_what_the_command_refuses(tmp_path: Path, told: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("receiving", *(one.format(folder=tmp_path) for one in told))


@pytest.mark.django_db
def test_the_command_verifies(capsys) -> None:
    chair = desk.product(stock=3)
    ledger.sell(chair, 1, "order")
    call_command("receiving", "verify")
    assert "The ledger is whole" in capsys.readouterr().out
    Movement.objects.filter(number=1).update(quantity=9)
    with pytest.raises(CommandError, match="Entry 1 was changed"):
        call_command("receiving", "verify")


@pytest.mark.django_db
def test_the_example_is_made_once(shop: Shop) -> None:
    for number in range(9):  # every eighth product is taken
        shop.add(f"MORE-{number}", f"More {number}", draw("chair", "blue"), price=Decimal(1), stock=1)
    number = demonstrating.make()
    assert number is not None
    delivery = Delivery.objects.get(pk=number)
    assert delivery.order is not None
    assert delivery.lines.count() == delivery.order.lines.count() + 1
    assert demonstrating.make() is None
    assert not Movement.objects.exists()


def test_things_alike_are_counted() -> None:
    pytest.importorskip("cv2", reason="the extra 'reading' brings OpenCV")
    import numpy as np
    from PIL import Image

    # Random patches are print enough to be told apart.
    rng = np.random.default_rng(3)
    thing = Image.fromarray(rng.integers(0, 255, (24, 24, 3), np.uint8)).resize((240, 240), Image.Resampling.BICUBIC)
    other = Image.fromarray(rng.integers(0, 255, (24, 24, 3), np.uint8)).resize((240, 240), Image.Resampling.BICUBIC)
    photo = Image.new("RGB", (1100, 560), "#888")
    for place, (picture, turn) in enumerate(((thing, 4), (thing, -7), (other, 0), (thing, 12), (other, 3), (thing, 0))):
        photo.paste(picture.rotate(turn, fillcolor=(136, 136, 136)), (20 + 270 * (place % 4), 20 + 270 * (place // 4)))
    assert count(photo, thing) == 4
    assert count(photo, other) == 2
    assert count(Image.new("RGB", (400, 400), "white"), thing) == 0
