"""From the product's page over the basket to the order, as a browser without scripts does it."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from catalog.models import Product, ProductText, State
from catalog.orders import basket as baskets
from catalog.orders import placing
from catalog.orders.basket import Line
from catalog.orders.forgetting import BUYERS_DAYS, forget_buyers
from catalog.orders.models import Order
from catalog.orders.placing import NotToBeHad
from catalog.tasks import forget
from visual_search import registry
from visual_search.models import IndexEntry

pytestmark = pytest.mark.django_db
ANN = {"name": "Ann", "email": "ann@example.org"}


def make(sku: str = "A", **more: object) -> Product:
    values = {"price": Decimal("12.50"), "currency": "EUR", "stock": 5, "state": State.PUBLISHED, **more}
    product = Product.objects.create(sku=sku, category="Home > Office", **values)
    ProductText.objects.create(product=product, language="en", title=f"Chair {sku}")
    ProductText.objects.create(product=product, language="de", title=f"Stuhl {sku}")
    return product


def put(client: Client, product: Product | str, quantity: object = 1, **more: str) -> str:
    """The page that the browser comes to."""
    given = product if isinstance(product, str) else product.pk
    answer = client.post("/basket/put/", {"product": given, "quantity": quantity, **more}, follow=True)
    assert answer.status_code in (200, 400)
    return answer.content.decode()


def total(client: Client) -> str:
    found = re.search(r'name="total" value="([^"]*)"', client.get("/checkout/").content.decode())
    assert found is not None
    return found[1]


def order(client: Client, **more: str):
    return client.post("/checkout/", {**ANN, "total": total(client), **more})


def held(client: Client) -> dict[str, int]:
    return client.session.get(baskets.KEY, {})


def test_a_shopper_orders(client: Client) -> None:
    chair, lamp = make(), make("B", price=Decimal(1200))
    assert f'name="product" value="{chair.pk}"' in client.get(chair.get_absolute_url()).content.decode()
    put(client, chair, 2, more="1")
    put(client, lamp, 1, more="1")
    page = put(client, chair, 1, more="1")
    assert page.index("Chair A") < page.index("Chair B")
    assert "€37.50" in page
    assert "€1,237.50" in page
    assert re.search(r'class="count">4<', client.get("/").content.decode())
    entry = IndexEntry.objects.get(collection="products", object_id=str(chair.pk))
    answer = order(client)
    placed = Order.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/order/{placed.token}/"
    assert [(line.product_id, line.sku, line.title, line.quantity, line.amount) for line in placed.lines.all()] == [
        (chair.pk, "A", "Chair A", 3, Decimal("37.50")),
        (lamp.pk, "B", "Chair B", 1, Decimal(1200)),
    ]
    assert (placed.name, placed.email, placed.sum_text) == ("Ann", "ann@example.org", "€1,237.50")
    assert list(Product.objects.order_by("sku").values_list("stock", flat=True)) == [2, 4]
    assert IndexEntry.objects.get(pk=entry.pk).version > entry.version
    assert held(client) == {}
    assert "Your basket is empty" in client.get("/basket/").content.decode()


def test_the_order_s_page_says_nothing_of_the_buyer_and_tells_the_purchase_once(client: Client) -> None:
    product = make()
    put(client, product)
    address = order(client)["Location"]
    assert len(address.split("/")[2]) == 32  # 192 random bits
    first = client.get(address)
    assert f'data-bought="{product.pk}"' in first.content.decode()
    assert "bought.js" in first.content.decode()
    again = client.get(address)
    other = Client().get(address)
    for answer in (first, again, other):
        page = answer.content.decode()
        assert "Chair A" in page
        assert "€12.50" in page
        assert "ann@example.org" not in page
        assert "Ann" not in page
        assert answer["X-Robots-Tag"] == "noindex"
        assert "no-store" in answer["Cache-Control"]
    for answer in (again, other):
        assert "data-bought" not in answer.content.decode()
        assert "bought.js" not in answer.content.decode()
    assert client.get("/order/x/").status_code == 404


def test_an_order_stays_as_it_was_when_the_product_changes_and_goes(client: Client) -> None:
    product = make()
    put(client, product)
    address = order(client)["Location"]
    product.delete()
    page = client.get(address).content.decode()
    assert "Chair A" in page
    assert "€12.50" in page


def test_quantities_change_and_products_go_out(client: Client) -> None:
    product, other = make(), make("B")
    put(client, product, 1)
    put(client, other, 2)
    assert held(client) == {str(product.pk): 1, str(other.pk): 2}
    put(client, product, 4)
    assert held(client) == {str(product.pk): 4, str(other.pk): 2}
    assert "Chair A" not in put(client, product, 0)
    assert held(client) == {str(other.pk): 2}


def test_no_more_than_the_shop_has_goes_into_the_basket(client: Client) -> None:
    product, none = make(stock=2), make("B", stock=0)
    assert "Only 2 of Chair A are in stock." in put(client, product, 3)
    assert "Only 2 of Chair A are in stock." in put(client, product, 1, more="1")
    assert held(client) == {str(product.pk): 2}
    assert "Chair B is out of stock." in put(client, none, 1)
    assert held(client) == {str(product.pk): 2}
    assert "Add to basket" not in client.get(none.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("-1", "greater than or equal to 0"),
        ("x", "whole number"),
        ("", "required"),
        ("10000", "less than or equal to 999"),
    ],
)
def test_a_quantity_that_is_none_is_named(client: Client, quantity: str, message: str) -> None:
    assert message in put(client, make(), quantity)
    assert held(client) == {}


@pytest.mark.parametrize("what", ["draft", "priceless", "999999", "9" * 40, "x", ""])
def test_what_is_not_for_sale_does_not_go_into_the_basket(client: Client, what: str) -> None:
    make("D", state=State.DRAFT)
    make("P", price=None, currency="")
    sku = {"draft": "D", "priceless": "P"}.get(what)
    product = Product.objects.get(sku=sku) if sku else what
    page = put(client, product)
    assert "required" in page if not what else "for sale any more" in page
    assert held(client) == {}


def test_a_price_on_request_has_no_button(client: Client) -> None:
    page = client.get(make(price=None, currency="").get_absolute_url()).content.decode()
    assert "Price on request" in page
    assert "Add to basket" not in page


def test_a_full_basket_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baskets, "MOST_LINES", 2)
    first, second, third = make(), make("B"), make("C")
    put(client, first)
    put(client, second)
    assert "The basket is full" in put(client, third)
    assert set(held(client)) == {str(first.pk), str(second.pk)}
    put(client, first, 3)
    assert held(client)[str(first.pk)] == 3


def test_what_was_withdrawn_leaves_the_basket_in_words(client: Client) -> None:
    product, other = make(), make("B")
    put(client, product)
    put(client, other)
    Product.objects.filter(pk=product.pk).update(state=State.ARCHIVED)
    page = client.get("/basket/").content.decode()
    assert "was taken out of the basket" in page
    assert held(client) == {str(other.pk): 1}
    assert "was taken out" not in client.get("/basket/").content.decode()


def test_an_empty_basket_is_not_ordered(client: Client) -> None:
    for answer in (client.get("/checkout/"), client.post("/checkout/", ANN)):
        assert answer.status_code == 302
        assert answer["Location"] == "/basket/"
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [({"name": ""}, "required"), ({"email": "ann"}, "valid email"), ({"email": "a\x00@b.org"}, "Null characters")],
)
def test_a_form_with_a_fault_orders_nothing(client: Client, more: dict[str, str], message: str) -> None:
    put(client, make())
    answer = order(client, **more)
    assert answer.status_code == 400
    assert message in answer.content.decode()
    assert (Order.objects.count(), Product.objects.get().stock) == (0, 5)
    assert len(held(client)) == 1


def test_another_price_by_now_is_shown_before_it_is_ordered(client: Client) -> None:
    product = make()
    put(client, product)
    seen = total(client)
    Product.objects.filter(pk=product.pk).update(price=Decimal(99))
    answer = client.post("/checkout/", {**ANN, "total": seen})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "has changed meanwhile" in page
    assert 'name="total" value="€99.00"' in page
    assert 'value="Ann"' in page
    assert Order.objects.count() == 0
    assert order(client).status_code == 302


def test_the_last_one_is_sold_once(client: Client) -> None:
    product, plenty = make(stock=1), make("B")
    late = Client()
    for shopper in (client, late):
        put(shopper, plenty)
        put(shopper, product)
    seen = total(late)
    assert order(client).status_code == 302
    answer = late.post("/checkout/", {**ANN, "total": seen}, follow=True)
    assert "Chair A is out of stock." in answer.content.decode()
    assert late.get("/checkout/")["Location"] == "/basket/"
    assert Order.objects.count() == 1
    assert list(Product.objects.order_by("sku").values_list("stock", flat=True)) == [0, 4]


def test_one_line_too_many_orders_none_of_the_others() -> None:
    product, short = make(), make("B", stock=1)
    lines = [Line(product, "Chair", 2), Line(short, "Lamp", 2)]
    with pytest.raises(NotToBeHad) as raised:
        placing.place("token", lines, **ANN)
    assert [line.title for line in raised.value.lines] == ["Lamp"]
    assert list(Product.objects.order_by("sku").values_list("stock", flat=True)) == [5, 1]
    assert Order.objects.count() == 0


@pytest.mark.parametrize("change", [{"price": Decimal(1)}, {"currency": "USD"}, {"state": State.ARCHIVED}])
def test_a_line_is_ordered_as_it_was_shown_or_not_at_all(change: dict[str, object]) -> None:
    product = make()
    Product.objects.filter(pk=product.pk).update(**change)
    with pytest.raises(NotToBeHad):
        placing.place("token", [Line(product, "Chair", 1)], **ANN)
    assert Product.objects.get().stock == 5


def test_a_form_that_comes_twice_orders_once(client: Client) -> None:
    product = make()
    put(client, product)
    form = {**ANN, "total": total(client)}
    first = client.post("/checkout/", form)
    second = client.post("/checkout/", form)
    assert first["Location"] == second["Location"] == Order.objects.get().get_absolute_url()
    again = placing.place(Order.objects.get().token, [Line(product, "Chair", 1)], **ANN)
    assert again == Order.objects.get()
    assert Product.objects.get().stock == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tokens", [("a", "b", "c", "d"), ("a", "a", "a", "a")])
def test_shoppers_at_the_same_moment_get_no_more_than_there_is(tokens: tuple[str, ...]) -> None:
    """Four other ones, and four times the same form. Two products in either order, so that they could deadlock."""
    lines = [Line(make(stock=1), "Chair", 1), Line(make("B", stock=9), "Lamp", 1)]
    together = threading.Barrier(len(tokens))
    done: list[object] = []

    def shop(number: int, token: str) -> None:
        try:
            together.wait()
            done.append(placing.place(token, lines[:: 1 if number % 2 else -1], **ANN).pk)
        except NotToBeHad as problem:
            done.append([line.title for line in problem.lines])
        finally:
            connection.close()

    shoppers = [threading.Thread(target=shop, args=each) for each in enumerate(tokens)]
    for shopper in shoppers:
        shopper.start()
    for shopper in shoppers:
        shopper.join()
    placed = Order.objects.get().pk
    others = [["Chair"]] * 3 if len(set(tokens)) > 1 else [placed] * 3
    assert sorted(done, key=lambda each: each != placed) == [placed, *others]
    assert list(Product.objects.order_by("sku").values_list("stock", flat=True)) == [0, 8]


def test_titles_and_sums_are_in_the_page_s_language(client: Client) -> None:
    client.post("/language/setlang/", {"language": "de", "next": "/"})
    put(client, make(price=Decimal(1250)))
    page = client.get("/checkout/").content.decode()
    assert "Stuhl A" in page
    assert "1.250,00" in page
    assert order(client).status_code == 302
    assert Order.objects.get().lines.get().title == "Stuhl A"


def test_a_shop_with_two_currencies_has_two_sums(client: Client) -> None:
    put(client, make())
    put(client, make("B", currency="JPY", price=Decimal(900)))
    assert "€12.50 + ¥900" in client.get("/basket/").content.decode()


def test_forms_need_their_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    product = make()
    assert strict.post("/basket/put/", {"product": product.pk, "quantity": 1}).status_code == 403
    assert strict.post("/checkout/", ANN).status_code == 403


def test_addresses_that_change_something_refuse_get(client: Client) -> None:
    assert client.get("/basket/put/").status_code == 405
    assert client.post("/basket/").status_code == 405
    assert client.put("/checkout/").status_code == 405


def test_who_looks_gets_no_session(client: Client) -> None:
    product = make()
    for address in ("/", product.get_absolute_url(), "/basket/"):
        assert "sessionid" not in client.get(address).cookies
    put(client, product)
    assert "sessionid" in client.cookies


def test_buyers_are_forgotten_and_orders_stay(client: Client) -> None:
    product = make()
    for _ in range(3):
        put(client, product)
        order(client)
    newest, older, old = Order.objects.all()
    now = timezone.now()
    for one, days in ((older, BUYERS_DAYS - 1), (old, BUYERS_DAYS + 1)):
        Order.objects.filter(pk=one.pk).update(created_at=now - timedelta(days=days))
    assert forget_buyers() == 1
    assert forget_buyers() == 0
    said = dict(Order.objects.values_list("pk", "email"))
    assert said == {newest.pk: ANN["email"], older.pk: ANN["email"], old.pk: ""}
    assert Order.objects.get(pk=old.pk).lines.get().quantity == 1


def test_the_nightly_task_forgets_buyers_and_ended_baskets(client: Client) -> None:
    put(client, make())
    order(client)
    long_ago = timezone.now() - timedelta(days=400)
    Order.objects.update(created_at=long_ago)
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=long_ago)
    forget()
    assert (Order.objects.get().name, Session.objects.count()) == ("", 0)


def test_an_order_forgets_older_buyers_without_beat(client: Client) -> None:
    product = make()
    put(client, product)
    order(client)
    Order.objects.update(created_at=timezone.now() - timedelta(days=BUYERS_DAYS + 1))
    put(client, product)
    order(client)
    assert list(Order.objects.values_list("name", flat=True)) == ["Ann", ""]


def test_staff_read_orders_and_change_none(client: Client, admin_client: Client, django_assert_max_num_queries) -> None:
    product = make()
    for _ in range(3):
        put(client, product)
        order(client)
    with django_assert_max_num_queries(10):
        page = admin_client.get("/admin/catalog/order/", {"q": "ann"}).content.decode()
    assert page.count("ann@example.org") == 3
    assert page.count("€12.50") == 3
    one = Order.objects.first()
    assert one is not None
    address = f"/admin/catalog/order/{one.pk}/change/"
    assert "Chair A" in admin_client.get(address).content.decode()
    assert admin_client.post(address, {"name": "Eve"}).status_code == 403
    assert admin_client.get("/admin/catalog/order/add/").status_code == 403
    admin_client.post(f"/admin/catalog/order/{one.pk}/delete/", {"post": "yes"})
    assert Order.objects.count() == 2


def test_orders_tell_what_was_bought_together(client: Client) -> None:
    chair, desk = make("A"), make("B")
    put(client, chair, 2)
    put(client, desk)
    order(client)
    (basket,) = registry.source("products").baskets(timezone.now().date())
    assert (basket.client, sorted(basket.items)) == ("ann@example.org", [chair.pk, desk.pk])
    assert timezone.now().timestamp() // 86400 - 1 <= basket.day <= timezone.now().timestamp() // 86400
    assert list(registry.source("products").baskets(timezone.now().date() + timedelta(days=1))) == []


def test_an_order_whose_buyer_is_forgotten_is_a_client_of_its_own(client: Client) -> None:
    for sku in "AB":
        put(client, make(sku))
        order(client)
    Order.objects.update(name="", email="")
    told = list(registry.source("products").baskets(timezone.now().date() - timedelta(days=1)))
    assert len({basket.client for basket in told}) == len(told) == 2
