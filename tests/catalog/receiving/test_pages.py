"""The desk as a browser without scripts uses it: who may what, each step, and what is refused in words."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.models import Product, ProductImage
from catalog.receiving import confirming, ledger, purchasing
from catalog.receiving.kinds import DeliveryState, PurchaseState
from catalog.receiving.models import Delivery, DeliveryLine, Movement, PurchaseLine, PurchaseOrder, SupplierCode
from tests.catalog.receiving import desk
from tests.search.shop import Shop, photo_of

pytestmark = pytest.mark.django_db
DESK = (
    "view_delivery",
    "add_delivery",
    "book_delivery",
    "add_product",
    "change_product",
    "view_purchaseorder",
    "propose_order",
)


def clerk(client: Client, users, *permissions: str) -> Client:
    user = users.objects.create_user("clerk", password="x", is_staff=True)
    found = Permission.objects.filter(codename__in=permissions or DESK, content_type__app_label="catalog")
    user.user_permissions.set(found)
    client.force_login(user)
    return client


def text(answer) -> str:
    return answer.content.decode()


def photo_file(shape: str = "chair", colour: str = "red") -> SimpleUploadedFile:
    return SimpleUploadedFile("IMG_1.jpg", photo_of(shape, colour), "image/jpeg")


def values(line: DeliveryLine, product: object = "", **more: object) -> dict[str, object]:
    told = {"product": product, "quantity": 2, "pack": 1, **more}
    return {"confirm": "1", **{f"line{line.pk}-{name}": value for name, value in told.items()}}


def test_from_a_photo_to_stock_and_back(shop: Shop, client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    oak = desk.supplier()
    answer = client.post("/receiving/", {"supplier": oak.pk}, follow=True)
    delivery = Delivery.objects.get()
    assert answer.redirect_chain == [(f"/receiving/{delivery.pk}/", 302)]
    answer = client.post(
        delivery.get_absolute_url(), {"photos": [photo_file(), photo_file("lamp", "brass")]}, follow=True
    )
    assert "2 lines came in." in text(answer)
    line = DeliveryLine.objects.order_by("pk")[0]
    chair = shop.products["CHR-RED-01"]
    assert re.search(rf'value="{chair.pk}"\s+checked', text(answer))
    photo = client.get(f"/receiving/line/{line.pk}/photo/")
    assert b"".join(photo.streaming_content).startswith(b"\xff\xd8")
    assert photo["Content-Type"] == "image/jpeg"
    assert "sandbox" in photo["Content-Security-Policy"]
    answer = client.post(
        f"/receiving/line/{line.pk}/",
        values(line, chair.pk, lot="L1", expiry="2027-03-01", keep_photo="on"),
        follow=True,
    )
    assert "2 pieces of Red chair were booked." in text(answer)
    assert "Lot L1" in re.sub(r"\s+", " ", text(answer))
    assert desk.stock(chair) == 5
    assert chair.images.filter(role=ProductImage.Role.PHOTO).count() == 1
    row = Movement.objects.latest("number")
    assert (row.actor.split()[-1], row.lot, row.expiry) == ("clerk", "L1", "2027-03-01")
    client.post(f"/receiving/line/{line.pk}/", {"undo": "1"})
    assert desk.stock(chair) == 3
    assert not chair.images.filter(role=ProductImage.Role.PHOTO).exists()
    for one in delivery.lines.all():
        client.post(f"/receiving/line/{one.pk}/", {"dismiss": "1"})
    client.post(f"/receiving/line/{line.pk}/", {"restore": "1"})
    assert "still wait" in text(client.post(f"/receiving/{delivery.pk}/close/", follow=True))
    client.post(f"/receiving/line/{line.pk}/", {"dismiss": "1"})
    client.post(f"/receiving/{delivery.pk}/close/")
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.CLOSED
    assert ledger.verify() == ""


def test_a_double_click_books_once(shop: Shop, client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    line, chair = desk.line(code="X"), shop.products["CHR-RED-01"]
    for _ in range(2):
        client.post(f"/receiving/line/{line.pk}/", values(line, chair.pk))
    assert desk.stock(chair) == 5


def test_packs_are_counted_in_pieces_and_learned(shop: Shop, client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    line = desk.line(desk.delivery(desk.supplier()), code="OAK-1")
    client.post(f"/receiving/line/{line.pk}/", values(line, other="chr-red-01", quantity=3, pack=12))
    assert desk.stock(shop.products["CHR-RED-01"]) == 39
    assert SupplierCode.objects.get().pack_size == 12


def test_what_the_shop_doesn_t_have_becomes_a_draft(shop: Shop, client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    delivery = desk.delivery()
    client.post(delivery.get_absolute_url(), {"photos": [photo_file("mug", "blue")]})
    line = DeliveryLine.objects.get()
    page = text(client.post(f"/receiving/line/{line.pk}/", {"draft": "1", "title": "Blue mug"}, follow=True))
    made = Product.objects.get(state="draft")
    assert f"The draft {made.sku} was made" in page
    client.post(f"/receiving/line/{line.pk}/", values(line, made.pk))
    assert desk.stock(made) == 2


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"other": "NO-SUCH"}, "There is no article number &#x27;NO-SUCH&#x27;"),
        ({}, "Choose a product, or type its article number."),
        ({"other": "CHR-RED-01", "quantity": 0}, "greater than or equal to 1"),
        ({"other": "CHR-RED-01", "quantity": "many"}, "Enter a whole number"),
        ({"other": "CHR-RED-01", "quantity": 90_000, "pack": 2}, "Book at most 100000 pieces at once."),
        ({"other": "CHR-RED-01", "expiry": "soon"}, "Enter a valid date"),
    ],
)
def test_what_can_t_be_booked_is_said_at_its_field(shop: Shop, client: Client, django_user_model, told, said) -> None:
    clerk(client, django_user_model)
    line = desk.line(code="X")
    answer = client.post(f"/receiving/line/{line.pk}/", values(line, **told))
    assert answer.status_code == 400
    assert said in text(answer)
    assert not Movement.objects.exists()


def test_files_that_are_none_are_named_and_the_others_come_in(shop: Shop, client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    delivery = desk.delivery()
    broken = SimpleUploadedFile("notes.jpg", b"no picture", "image/jpeg")
    answer = client.post(delivery.get_absolute_url(), {"photos": [broken, photo_file()]})
    assert answer.status_code == 400
    assert "notes.jpg" in text(answer)
    assert delivery.lines.count() == 1
    assert "Choose photos or a packing slip, or type a code." in text(client.post(delivery.get_absolute_url(), {}))
    many = [photo_file() for _ in range(21)]
    assert "You chose 21 files; send at most 20 at once." in text(
        client.post(delivery.get_absolute_url(), {"photos": many})
    )


def test_what_is_gone_is_said(client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    line, chair = desk.line(code="X"), desk.product()
    assert "Choose what shall happen" in text(client.post(f"/receiving/line/{line.pk}/", {}, follow=True))
    assert "nothing to undo" in text(client.post(f"/receiving/line/{line.pk}/", {"undo": "1"}, follow=True))
    confirming.confirm(line, chair, 2, desk.CLERK)
    ledger.sell(chair, 1, "order")
    assert "can&#x27;t be taken away" in text(client.post(f"/receiving/line/{line.pk}/", {"undo": "1"}, follow=True))
    for address in (
        "/receiving/99/",
        "/receiving/line/99/photo/",
        f"/receiving/line/{line.pk}/photo/",
        "/receiving/orders/99/",
    ):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("address", "told", "needed"),
    [
        ("/receiving/", None, "view_delivery"),
        ("/receiving/", {"supplier": ""}, "add_delivery"),
        ("/receiving/{delivery}/", None, "view_delivery"),
        ("/receiving/{delivery}/", {"code": "X"}, "add_delivery"),
        ("/receiving/line/{line}/", {"dismiss": "1"}, "book_delivery"),
        ("/receiving/{delivery}/close/", {}, "book_delivery"),
        ("/receiving/line/{line}/photo/", None, "view_delivery"),
        ("/receiving/orders/", None, "view_purchaseorder"),
        ("/receiving/orders/", {"supplier": "1"}, "propose_order"),
        ("/receiving/orders/{order}/", {"place": "1"}, "propose_order"),
        ("/receiving/orders/{order}/csv/", None, "view_purchaseorder"),
    ],
)
def test_each_step_needs_its_permission(client: Client, django_user_model, address, told, needed) -> None:
    delivery = desk.delivery()
    line = desk.line(delivery, code="X")
    order = PurchaseOrder.objects.create(supplier=desk.supplier())
    address = address.format(delivery=delivery.pk, line=line.pk, order=order.pk)

    def status(of: Client) -> int:
        return (of.get(address) if told is None else of.post(address, told)).status_code

    answer = client.get("/receiving/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/receiving/")
    clerk(client, django_user_model, *(one for one in DESK if one != needed))
    before = DeliveryLine.objects.get().state, Delivery.objects.count()
    assert status(client) == 403
    assert (DeliveryLine.objects.get().state, Delivery.objects.count()) == before
    user = django_user_model.objects.get()
    user.user_permissions.set(Permission.objects.filter(codename__in=DESK))
    user.is_staff = False
    user.save()
    assert status(client) == 403


def test_a_draft_needs_its_own_permission_and_so_does_a_view(shop: Shop, client: Client, django_user_model) -> None:
    clerk(client, django_user_model, "view_delivery", "add_delivery", "book_delivery")
    delivery = desk.delivery()
    page = text(client.post(delivery.get_absolute_url(), {"photos": [photo_file()]}, follow=True))
    assert "Make a draft" not in page
    assert "Recognise it by this photo" not in page
    line, chair = DeliveryLine.objects.get(), shop.products["CHR-RED-01"]
    assert client.post(f"/receiving/line/{line.pk}/", {"draft": "1", "title": "X"}).status_code == 403
    client.post(f"/receiving/line/{line.pk}/", values(line, chair.pk, keep_photo="on"))
    assert desk.stock(chair) == 5
    assert not chair.images.filter(role=ProductImage.Role.PHOTO).exists()


def test_nothing_of_the_desk_is_kept_or_indexed(client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    answer = client.get("/receiving/")
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    assert 'rel="canonical"' not in text(answer)


def test_an_order_is_proposed_changed_placed_and_received(shop: Shop, client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    oak, chair, lamp = desk.supplier(), shop.products["CHR-RED-01"], shop.products["LMP-BRS-04"]
    order = PurchaseOrder.objects.create(supplier=oak)
    first = PurchaseLine.objects.create(order=order, product=chair, sku=chair.sku, quantity=6)
    second = PurchaseLine.objects.create(order=order, product=lamp, sku=lamp.sku, quantity=5)
    address = f"/receiving/orders/{order.pk}/"
    answer = client.post(address, {f"line{first.pk}": "-1", f"line{second.pk}": "0"})
    assert answer.status_code == 400
    page = text(client.post(address, {"place": "1", f"line{first.pk}": "4", f"line{second.pk}": "0"}, follow=True))
    assert "4 × Red chair" in page
    order.refresh_from_db()
    assert (order.state, order.lines.count()) == (PurchaseState.ORDERED, 1)
    assert purchasing.on_order() == {chair.pk: 4}
    delivery = desk.delivery(order=order)
    line = desk.line(delivery, code=chair.sku)
    client.post(f"/receiving/line/{line.pk}/", values(line, chair.pk, quantity=3))
    page = re.sub(r"\s+", " ", text(client.get(delivery.get_absolute_url())))
    assert "ordered 4 · on the slip – · booked 3 · <strong>differs</strong>" in page
    assert purchasing.on_order() == {chair.pk: 1}
    client.post(address, {"close": "1"})
    assert purchasing.on_order() == {}


def test_the_csv_is_a_table_and_no_formula(client: Client, django_user_model) -> None:
    clerk(client, django_user_model)
    oak = desk.supplier()
    chair = desk.product("=1+1", title="@chair")
    SupplierCode.objects.create(supplier=oak, code="-OAK", product=chair, pack_size=6)
    order = PurchaseOrder.objects.create(supplier=oak)
    PurchaseLine.objects.create(order=order, product=chair, sku=chair.sku, quantity=12)
    answer = client.get(f"/receiving/orders/{order.pk}/csv/")
    assert answer["Content-Disposition"] == f'attachment; filename="order-{order.pk}.csv"'
    head, row = csv.reader(io.StringIO(text(answer)))
    assert head == list(purchasing.COLUMNS)
    assert row == ["'=1+1", "'-OAK", "'@chair", "12", "2"]
