"""From what comes in over a person's word to stock, and back: codes, learning, views to recognise by, drafts."""

from __future__ import annotations

import datetime

import pytest

from catalog.models import Product, ProductImage, State
from catalog.receiving import arriving, confirming, events, ledger, matching
from catalog.receiving.kinds import Decision, DeliveryState, LineState, Matched, Origin
from catalog.receiving.models import DeliveryLine, DeskEvent, SupplierCode
from tests.catalog.receiving import desk
from tests.search.shop import Shop, photo_of
from tests.shop.doubles import BreakableEngine
from visual_search.errors import BadInput
from visual_search.querying.uploads import photo
from visual_search.search import search
from visual_search.types import Query, QueryPicture

pytestmark = pytest.mark.django_db
GTIN = "04006381333931"


def skus(line: DeliveryLine) -> list[str]:
    known = dict(Product.objects.values_list("pk", "sku"))
    return [known[one["product"]] for one in line.candidates]


def decisions() -> list[str]:
    return list(DeskEvent.objects.order_by("number").values_list("what", flat=True))


def test_a_photo_finds_its_product_and_becomes_stock(shop: Shop) -> None:
    delivery = desk.delivery(desk.supplier())
    line = arriving.take_photo(delivery, photo_of("chair", "red"), "IMG_1.jpg", desk.CLERK)
    assert (line.origin, line.state, line.trouble) == (Origin.PHOTO, LineState.WAITING, "")
    assert skus(line)[0] == "CHR-RED-01"
    assert line.candidates[0]["grade"] in ("same item", "very similar")
    chair = shop.products["CHR-RED-01"]
    done = confirming.confirm(line, chair, 4, desk.CLERK, lot="L1", expiry=datetime.date(2027, 1, 31))
    assert (done.state, done.quantity, done.lot) == (LineState.BOOKED, 4, "L1")
    assert desk.stock(chair) == 7
    confirming.undo(done, desk.CLERK)
    assert desk.stock(chair) == 3
    again = confirming.confirm(line, chair, 2, desk.CLERK)
    assert desk.stock(chair) == 5
    assert again.attempt == 2
    assert decisions() == [Decision.OPENED, Decision.ADDED, Decision.BOOKED, Decision.UNDONE, Decision.BOOKED]
    assert events.verify() == ledger.verify() == ""


def test_what_search_says_reaches_the_facets_with_the_booking(shop: Shop) -> None:
    lamp = shop.products["LMP-BRS-04"]
    ask = Query(words="lamp", facets=("in_stock",))
    assert {one.value: one.count for one in search(ask).facets[0].counts} == {True: 6, False: 1}
    confirming.confirm(desk.line(), lamp, 4, desk.CLERK)
    shop.index()
    assert {one.value: one.count for one in search(ask).facets[0].counts} == {True: 7}


def test_a_confirmed_photo_becomes_a_view_and_goes_with_the_undoing(shop: Shop) -> None:
    line = arriving.take_photo(desk.delivery(), photo_of("lamp", "green"), "x.jpg", desk.CLERK)
    lamp = shop.products["LMP-BRS-04"]
    done = confirming.confirm(line, lamp, 1, desk.CLERK, keep_photo=True)
    view = lamp.images.get(role=ProductImage.Role.PHOTO)
    assert done.kept_photo == view
    shop.index()
    page = search(Query(pictures=(QueryPicture(image=photo(photo_of("lamp", "green")).image),)))
    assert page.hits[0].card.sku == "LMP-BRS-04"
    confirming.undo(done, desk.CLERK)
    assert not lamp.images.filter(role=ProductImage.Role.PHOTO).exists()


def test_a_code_says_the_lot_and_the_expiry(shop: Shop) -> None:
    chair = shop.products["CHR-RED-01"]
    Product.objects.filter(pk=chair.pk).update(codes=[GTIN[1:]])
    line = arriving.take_code(desk.delivery(), f"01{GTIN}1727123110L-5\x1d3712", desk.CLERK)
    assert skus(line) == ["CHR-RED-01"]
    assert (line.code, line.lot, line.expiry, line.proposed) == (GTIN, "L-5", datetime.date(2027, 12, 31), 12)
    assert line.candidates[0]["how"] == Matched.CODE


@pytest.mark.parametrize("text", ["chr-red-01", "red chair"])
def test_article_numbers_and_words(shop: Shop, text: str) -> None:
    assert skus(arriving.take_code(desk.delivery(), text, desk.CLERK))[0] == "CHR-RED-01"


def test_a_supplier_s_code_is_learned_by_confirmation_and_known_at_the_next_delivery(shop: Shop) -> None:
    oak, chair = desk.supplier(), shop.products["CHR-RED-01"]
    line = arriving.take_code(desk.delivery(oak), "OAK-77", desk.CLERK)
    confirming.confirm(line, chair, 12, desk.CLERK, pack=6)
    line = arriving.take_code(desk.delivery(oak), "oak-77", desk.CLERK)
    assert line.candidates == [{"product": chair.pk, "how": "supplier code", "grade": "", "pack": 6}]
    other = desk.delivery(desk.supplier("Other"))
    assert matching.by_code("OAK-77", other.supplier) == []
    assert [one.product for one in matching.by_code("OAK-77")] == [chair.pk]


def test_the_shop_s_own_codes_are_not_learned(shop: Shop) -> None:
    chair = shop.products["CHR-RED-01"]
    line = arriving.take_code(desk.delivery(desk.supplier()), "CHR-RED-01", desk.CLERK)
    confirming.confirm(line, chair, 1, desk.CLERK)
    nobody = arriving.take_code(desk.delivery(), "X-9", desk.CLERK)
    confirming.confirm(nobody, chair, 1, desk.CLERK)
    assert not SupplierCode.objects.exists()


def test_undoing_forgets_what_was_learned_and_knows_again_what_was_known(shop: Shop) -> None:
    oak = desk.supplier()
    chair, lamp = shop.products["CHR-RED-01"], shop.products["LMP-BRS-04"]
    first = confirming.confirm(desk.line(desk.delivery(oak), code="OAK-77"), chair, 6, desk.CLERK, pack=6)
    second = confirming.confirm(desk.line(desk.delivery(oak), code="OAK-77"), lamp, 1, desk.CLERK)
    assert SupplierCode.objects.get().product == lamp
    confirming.undo(second, desk.CLERK)
    known = SupplierCode.objects.get()
    assert (known.product, known.pack_size) == (chair, 6)
    confirming.undo(first, desk.CLERK)
    assert not SupplierCode.objects.exists()
    assert events.verify() == ""


def test_what_is_unknown_becomes_a_draft_with_the_photo_and_is_booked(shop: Shop) -> None:
    line = arriving.take_photo(desk.delivery(), photo_of("mug", "blue"), "x.jpg", desk.CLERK)
    with pytest.raises(BadInput, match="Say what it is"):
        confirming.draft(line, "  ", desk.CLERK)
    made = confirming.draft(line, "Blue mug with a dent", desk.CLERK)
    assert (made.state, made.title(), made.images.count()) == (State.DRAFT, "Blue mug with a dent", 1)
    confirming.confirm(line, made, 3, desk.CLERK)
    assert desk.stock(made) == 3
    assert str(made.images.get().file.name).startswith("private/")


@pytest.mark.parametrize(("code", "codes"), [(GTIN, [GTIN]), ("OAK-1", [])])
def test_a_draft_gets_the_code_where_it_is_a_gtin(code: str, codes: list[str]) -> None:
    assert confirming.draft(desk.line(code=code), "New", desk.CLERK).codes == codes


def test_a_line_is_kept_while_search_is_down_and_looked_at_later(shop: Shop, monkeypatch) -> None:
    monkeypatch.setattr(BreakableEngine, "down", True)
    line = arriving.take_photo(desk.delivery(), photo_of("chair", "red"), "x.jpg", desk.CLERK)
    assert line.pk
    assert line.trouble
    assert line.candidates == []
    by_words = arriving.take_code(desk.delivery(), "red chair", desk.CLERK)
    assert by_words.trouble
    monkeypatch.setattr(BreakableEngine, "down", False)
    for one in (line, by_words):
        arriving.look_again(one)
        one.refresh_from_db()
        assert (one.trouble, skus(one)[0]) == ("", "CHR-RED-01")


def test_who_looks_again_leaves_what_was_booked_meanwhile(shop: Shop) -> None:
    line = arriving.take_code(desk.delivery(), "red chair", desk.CLERK)
    confirming.confirm(line, shop.products["CHR-RED-01"], 2, desk.CLERK)
    arriving.look_again(line)  # as it was when somebody opened the page
    line.refresh_from_db()
    assert (line.state, line.quantity) == (LineState.BOOKED, 2)


@pytest.mark.parametrize("quantity", [0, 100_001])
def test_amounts_that_nobody_means_are_refused(quantity: int) -> None:
    line = desk.line()
    with pytest.raises(BadInput, match=f"The quantity is {quantity}; book 1 to 100000 pieces"):
        confirming.confirm(line, desk.product(), quantity, desk.CLERK)
    line.refresh_from_db()
    assert line.state == LineState.WAITING


def test_dismissing_and_taking_up_again() -> None:
    line, chair = desk.line(), desk.product()
    confirming.dismiss(line, desk.CLERK)
    confirming.dismiss(line, desk.CLERK)
    with pytest.raises(BadInput, match="dismissed meanwhile"):
        confirming.confirm(line, chair, 1, desk.CLERK)
    confirming.restore(line, desk.CLERK)
    confirming.confirm(line, chair, 1, desk.CLERK)
    with pytest.raises(BadInput, match="The line is booked. Undo that first"):
        confirming.dismiss(line, desk.CLERK)
    with pytest.raises(BadInput, match="nothing to undo"):
        confirming.undo(desk.line(), desk.CLERK)
    assert decisions().count(Decision.DISMISSED) == 1


def test_a_delivery_closes_once_nothing_waits() -> None:
    delivery = desk.delivery()
    line = desk.line(delivery)
    with pytest.raises(BadInput, match="1 lines still wait"):
        arriving.close(delivery, desk.CLERK)
    confirming.dismiss(line, desk.CLERK)
    arriving.close(delivery, desk.CLERK)
    assert delivery.state == DeliveryState.CLOSED
    with pytest.raises(BadInput, match="is closed"):
        arriving.take_code(delivery, "X", desk.CLERK)


@pytest.mark.parametrize(("text", "said"), [(" ", "Type or scan a code"), ("9" * 641, "has 641 characters")])
def test_codes_that_are_none(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        arriving.take_code(desk.delivery(), text, desk.CLERK)
