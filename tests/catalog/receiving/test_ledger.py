"""Stock moves from one place to another, each level is the sum of its movements, and undoing is exact."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from catalog.models import Product
from catalog.orders.basket import Line
from catalog.orders.placing import NotToBeHad, place
from catalog.receiving import admin as receiving_admin
from catalog.receiving import confirming, ledger
from catalog.receiving.kinds import LineState, PlaceKind, What
from catalog.receiving.ledger import Move, NotEnough
from catalog.receiving.models import DeliveryLine, DeskEvent, Level, Movement, Place
from tests.catalog.receiving import desk
from visual_search.errors import BadInput
from visual_search.models import IndexEntry

pytestmark = pytest.mark.django_db
THREADS = 8


def receive(product: Product, quantity: int, **more: object) -> Movement:
    source, target = ledger.place_of(PlaceKind.SUPPLIERS), ledger.place_of(PlaceKind.STOCK)
    return ledger.book([Move(product.pk, source, target, quantity, What.RECEIVED, **more)], desk.CLERK)[0]


def test_what_comes_in_is_in_stock_and_owed_to_where_it_came_from() -> None:
    chair = desk.product()
    row = receive(chair, 5, lot="L7", reference="delivery 1")
    assert desk.stock(chair) == desk.level(chair) == 5
    assert desk.level(chair, PlaceKind.SUPPLIERS) == -5
    assert (row.number, row.sku, row.lot, row.actor) == (1, "CHAIR", "L7", desk.CLERK)
    assert ledger.verify() == ""


def test_the_first_movement_takes_over_what_was_there() -> None:
    chair = desk.product(stock=3)
    receive(chair, 4)
    assert desk.moves() == [("counted", "counting", "stock", 3), ("received", "suppliers", "stock", 4)]
    assert desk.stock(chair) == desk.level(chair) == 7


@pytest.mark.parametrize(("wanted", "source", "target"), [(9, "counting", "stock"), (1, "stock", "counting")])
def test_what_the_admin_sets_is_noted_as_counted(wanted: int, source: str, target: str) -> None:
    chair = desk.product()
    receive(chair, 5)
    chair.refresh_from_db()
    chair.stock = wanted
    chair.save()
    assert desk.moves()[1:] == [("counted", source, target, abs(wanted - 5))]
    assert desk.level(chair) == wanted
    assert ledger.verify() == ""


def test_what_other_code_sets_is_noted_before_the_next_booking() -> None:
    chair = desk.product()
    receive(chair, 5)
    Product.objects.filter(pk=chair.pk).update(stock=2)
    assert ledger.differences() == ["Product CHAIR has the stock 2, but its places have 5."]
    receive(chair, 1)
    assert desk.moves()[1:] == [("counted", "stock", "counting", 3), ("received", "suppliers", "stock", 1)]
    assert desk.stock(chair) == 3
    assert ledger.verify() == ""


def test_a_reversal_gives_each_place_what_it_had_and_happens_once() -> None:
    chair = desk.product(stock=2)
    row = receive(chair, 5)
    back = ledger.reverse(row.number, "user 2 boss")
    assert (back.what, back.reverses_id, back.quantity) == (What.REVERSED, row.number, 5)
    assert desk.stock(chair) == desk.level(chair) == 2
    assert desk.level(chair, PlaceKind.SUPPLIERS) == 0
    for number in (row.number, back.number):
        with pytest.raises(BadInput, match=f"Movement {number} was undone already"):
            ledger.reverse(number, desk.CLERK)
    with pytest.raises(BadInput, match="no movement 99"):
        ledger.reverse(99, desk.CLERK)
    assert Movement.objects.count() == 3


def test_what_is_gone_can_t_be_taken_back() -> None:
    chair = desk.product()
    row = receive(chair, 5)
    ledger.sell(chair, 2, "order #1")
    with pytest.raises(NotEnough, match="Shop has 3 of CHAIR, so 5 can't be taken away"):
        ledger.reverse(row.number, desk.CLERK)
    assert desk.stock(chair) == 3
    assert ledger.verify() == ""


def test_sales_empty_the_first_places_first() -> None:
    chair = desk.product(stock=2)
    ledger.place_of(PlaceKind.STOCK)
    store = Place.objects.create(name="Store", position=5)
    ledger.book([Move(chair.pk, ledger.place_of(PlaceKind.SUPPLIERS), store, 4, What.RECEIVED)], desk.CLERK)
    ledger.sell(chair, 3, "order #1")
    assert desk.level(chair) == 0
    assert Level.objects.get(product=chair, place=store).quantity == 3
    with pytest.raises(NotEnough, match="Only 3 of CHAIR are there"):
        ledger.sell(chair, 4, "order #2")
    assert desk.stock(chair) == 3


def test_an_order_of_the_shop_is_booked_out() -> None:
    chair = desk.product(stock=5)
    basket = [Line(chair, "Chair", 2)]
    order = place("token", basket, name="Ann", email="ann@example.org")
    assert place("token", basket, name="Ann", email="ann@example.org") == order
    assert desk.moves() == [("counted", "counting", "stock", 5), ("sold", "stock", "customers", 2)]
    assert Movement.objects.get(what=What.SOLD).reference == f"order {order}"
    with pytest.raises(NotToBeHad):
        place("other", [Line(chair, "Chair", 4)], name="Ann", email="ann@example.org")
    assert desk.stock(chair) == 3
    assert ledger.verify() == ""


def test_one_key_books_once_and_search_hears_of_it() -> None:
    chair = desk.product()
    before = IndexEntry.objects.get(object_id=str(chair.pk)).version
    assert receive(chair, 5, key="line 1.1") == receive(chair, 5, key="line 1.1")
    assert desk.stock(chair) == 5
    assert IndexEntry.objects.get(object_id=str(chair.pk)).version == before + 1


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_else_than_pieces_is_booked(quantity: int) -> None:
    chair = desk.product()
    with pytest.raises(BadInput, match=f"The quantity is {quantity}; book at least 1"):
        receive(chair, quantity)
    assert not Movement.objects.exists()


def test_all_or_none() -> None:
    chair, lamp = desk.product(), desk.product("LAMP")
    shop, customers = ledger.place_of(PlaceKind.STOCK), ledger.place_of(PlaceKind.CUSTOMERS)
    good = Move(chair.pk, ledger.place_of(PlaceKind.SUPPLIERS), shop, 1, What.RECEIVED)
    with pytest.raises(NotEnough):
        ledger.book([good, Move(lamp.pk, shop, customers, 1, What.SOLD)], desk.CLERK)
    assert not Movement.objects.exists()
    assert desk.stock(chair) == 0


def test_the_ledger_outlives_its_product() -> None:
    chair = desk.product()
    row = receive(chair, 5)
    chair.delete()
    assert Movement.objects.get(pk=row.number).sku == "CHAIR"
    assert ledger.verify() == ""
    with pytest.raises(BadInput, match="isn't in the shop any more"):
        ledger.reverse(row.number, desk.CLERK)


def test_the_page_of_a_long_ledger_is_no_verification(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(desk.product(), 5)
    Movement.objects.update(quantity=3)
    page = "/admin/catalog/movement/"
    assert "Entry 1 was changed." in admin_client.get(page).content.decode()
    monkeypatch.setattr(receiving_admin, "MOST_VERIFIED", 0)
    answer = admin_client.get(page).content.decode()
    assert "Verify it by manage.py receiving verify." in answer
    assert "was changed" not in answer


def test_a_changed_row_is_noticed() -> None:
    chair = desk.product()
    receive(chair, 5)
    receive(chair, 6)
    Movement.objects.filter(number=1).update(quantity=500)
    assert ledger.verify() == "Entry 1 was changed."
    Movement.objects.filter(number=1).update(quantity=5)
    assert ledger.verify() == ""
    Level.objects.filter(quantity=11).update(quantity=12)
    assert "has 12 in place" in ledger.verify()


@given(st.lists(st.tuples(st.sampled_from("rsuc"), st.integers(1, 6)), max_size=12))
@tries(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_row_of_events_leaves_sums_and_levels_equal(happened: list[tuple[str, int]]) -> None:
    chair = desk.product(f"P{Product.objects.count()}")
    expected, booked = 0, []
    for what, quantity in happened:
        try:
            if what == "r":
                booked.append(receive(chair, quantity))
                expected += quantity
            elif what == "s":
                ledger.sell(chair, quantity, "order")
                expected -= quantity
            elif what == "u" and booked:
                ledger.reverse(booked[-1].number, desk.CLERK)
                expected -= booked.pop().quantity
            elif what == "c":
                Product.objects.filter(pk=chair.pk).update(stock=quantity)
                expected = quantity
        except NotEnough:
            pass
    ledger.follow(chair.pk)
    assert desk.stock(chair) == expected
    assert ledger.verify() == ""


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_confirmations_one_books() -> None:
    chair = desk.product(stock=1)
    line = desk.line(desk.delivery(desk.supplier()), code="OAK-1")
    together, answers = threading.Barrier(THREADS), []

    def click(number: int) -> None:
        try:
            together.wait(30)
            answers.append(confirming.confirm(line, chair, 3, f"user {number}").movement)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == THREADS
    assert len(set(answers)) == 1
    assert desk.stock(chair) == 4
    assert Movement.objects.filter(what=What.RECEIVED).count() == 1
    assert DeskEvent.objects.filter(what="booked").count() == 1
    assert DeliveryLine.objects.get().state == LineState.BOOKED
    assert ledger.verify() == ""


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_undoings_one_counts_and_sales_go_on_beside() -> None:
    chair = desk.product()
    line = confirming.confirm(desk.line(), chair, 50, desk.CLERK)
    together, failed = threading.Barrier(THREADS), []

    def act(number: int) -> None:
        try:
            together.wait(30)
            if number % 2:
                confirming.undo(line, f"user {number}")
            else:
                receive(chair, 1)
        except BadInput as problem:
            failed.append(str(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(failed) == THREADS // 2 - 1
    assert desk.stock(chair) == THREADS // 2
    assert Movement.objects.filter(what=What.REVERSED).count() == 1
    assert ledger.verify() == ""


KILLED = """
import django, os, sys
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["KILLED_DATABASE"]
from django.db import connection
from django.test import Client
connection.settings_dict["NAME"] = os.environ["KILLED_DATABASE"]
from catalog.receiving import ledger
from catalog.receiving.kinds import PlaceKind, What
from catalog.receiving.ledger import Move
source, target = ledger.place_of(PlaceKind.SUPPLIERS), ledger.place_of(PlaceKind.STOCK)
while True:
    ledger.book([Move(int(sys.argv[1]), source, target, 2, What.RECEIVED)], "killed")
    print("booked", flush=True)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [1, 3, 7])
def test_a_process_that_is_killed_leaves_whole_bookings(after: int, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the child process is given the file of the database")
    chair = desk.product()
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": str(configured.BASE_DIR),
        "KILLED_DATABASE": str(connection.settings_dict["NAME"]),
    }
    with subprocess.Popen([sys.executable, script, str(chair.pk)], stdout=subprocess.PIPE, env=environment) as child:
        for _ in range(after):
            assert child.stdout is not None
            assert child.stdout.readline() == b"booked\n"
        child.send_signal(signal.SIGKILL)
    rows = Movement.objects.filter(what=What.RECEIVED).count()
    assert rows >= after
    assert desk.stock(chair) == desk.level(chair) == 2 * rows
    assert ledger.verify() == ""
