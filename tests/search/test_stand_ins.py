"""A picture that several different products show because they have none of their own is no likeness."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from PIL import Image, ImageDraw

from catalog.models import Product
from tests.search.shop import Shop, draw, picture_query, to_bytes
from tests.search.test_search import skus
from visual_search import search, wiring
from visual_search.content import readings
from visual_search.content.stand_ins import StandIns
from visual_search.querying import tokens
from visual_search.types import Grade, Query

TITLES = ["Oak bookcase", "Garden hose", "Silver ring", "Winter jacket", "Tea kettle"]


def no_image(size: int = 200) -> Image.Image:
    """What shops show where they have nothing to show."""
    image = Image.new("RGB", (400, 400), "#eeeeee")
    pen = ImageDraw.Draw(image)
    pen.rectangle((90, 130, 310, 280), outline="#999999", width=12)
    pen.ellipse((150, 160, 250, 260), outline="#999999", width=12)
    pen.line((60, 330, 340, 80), fill="#999999", width=12)
    return image.resize((size, size))


def add(shop: Shop, *titles: str, **fields: object) -> list[Product]:
    added = [shop.add(f"NO-{number}", title, no_image(), **fields) for number, title in enumerate(titles)]
    shop.index()
    return added


def sizes(shop: Shop) -> list[Product]:
    """Each product has a file of its own, made anew at another size."""
    added = [shop.add(f"NO-{n}", title, no_image(180 + 20 * n)) for n, title in enumerate(TITLES)]
    shop.index()
    readings.see_pending()
    return added


@pytest.mark.parametrize("fill", [lambda shop: add(shop, *TITLES), sizes], ids=["one file", "files of their own"])
def test_a_photo_of_it_finds_no_same_picture(shop, fill) -> None:
    fill(shop)
    page = search.search(picture_query(no_image(250)))
    assert page.warnings == ("stand_in", "nothing_close")
    assert {(hit.grade, hit.reason) for hit in page.hits} == {(Grade.DISTANT, "")}
    again = search.search(Query(pictures=(tokens.photo_from_token(tokens.photo_token(page.pictures[0])),)))
    assert (again.warnings, skus(again)) == (page.warnings, skus(page))


def test_the_page_says_so(shop, client) -> None:
    add(shop, *TITLES)
    photo = SimpleUploadedFile("x.jpg", to_bytes(no_image(), "JPEG"), "image/jpeg")
    text = " ".join(client.post("/search/", {"image": photo}).content.decode().split())
    assert "The shop shows this picture where it has none of the thing itself." in text
    assert "same item" not in text.lower()


def test_more_like_this_does_not_begin_with_others_that_have_no_picture(shop) -> None:
    add(shop, *TITLES)
    shop.add("RING-2", "Silver ring with stone", draw("mug", "brass"))
    shop.index()
    page = search.search(Query(like=(shop.id("NO-2"),)))
    assert skus(page)[0] == "RING-2"
    assert not {
        sku for sku, hit in zip(skus(page), page.hits, strict=True) if sku.startswith("NO-") and hit.grade is Grade.SAME
    }


def test_products_without_a_picture_are_found_by_their_words(shop) -> None:
    add(shop, *TITLES)
    page = search.search(Query(words="tea kettle"))
    assert skus(page)[0] == "NO-4"
    assert page.warnings == ()


def test_other_photos_are_answered_as_before(shop) -> None:
    before = search.search(picture_query(draw("chair", "red")))
    add(shop, *TITLES)
    page = search.search(picture_query(draw("chair", "red")))
    assert page.warnings == ()
    assert [(sku, hit.grade) for sku, hit in zip(skus(page), page.hits, strict=True) if not sku.startswith("NO-")] == [
        (sku, hit.grade) for sku, hit in zip(skus(before), before.hits, strict=True)
    ]


def found_as_same(shop: Shop) -> set[str]:
    page = search.search(picture_query(no_image()))
    assert "stand_in" not in page.warnings
    assert StandIns("products").found() == []
    return {hit.card.sku for hit in page.hits if hit.grade is Grade.SAME and hit.card.sku.startswith("NO-")}


def test_two_products_may_be_sold_with_one_picture(shop) -> None:
    add(shop, *TITLES[:2])
    assert found_as_same(shop) == {"NO-0", "NO-1"}


def test_sizes_of_one_thing_share_its_picture(shop) -> None:
    head, *others = add(shop, "Oak bookcase", "Tall", "Wide", "Deep")
    Product.objects.filter(pk__in=[one.pk for one in others]).update(parent=head)
    assert found_as_same(shop) == {"NO-0", "NO-1", "NO-2", "NO-3"}


def test_sizes_that_the_shop_does_not_join_are_known_by_their_titles(shop) -> None:
    add(shop, *(f"Polo shirt classic, red, {size}" for size in ("XS", "S", "M", "L")))
    assert len(found_as_same(shop)) == 4


def test_of_short_titles_the_category_decides(shop) -> None:
    add(shop, "Hoodie S", "Hoodie M", "Hoodie L", category="Clothes")
    assert len(found_as_same(shop)) == 3
    Product.objects.filter(sku__startswith="NO-").update(category="")
    assert StandIns("products").found()[0].objects == 3


def test_products_with_other_pictures_may_share_one(shop) -> None:
    for number, (title, shape) in enumerate(zip(TITLES, ("chair", "sofa", "lamp", "mug", "table"), strict=True)):
        shop.add(f"NO-{number}", title, no_image(), draw(shape, "green", shift=9))
    shop.index()
    assert len(found_as_same(shop)) == 5


@pytest.mark.parametrize("command", ["reconcile", "rebuild"])
def test_the_owner_reads_of_it(shop, capsys, command) -> None:
    add(shop, *TITLES)
    call_command("visual_search", command, collection="products", verbosity=0)
    said = capsys.readouterr().err
    assert "5 different objects of 'products' show one picture, such as " in said
    Product.objects.filter(sku__in=["NO-0", "NO-1", "NO-2"]).delete()
    wiring.engine().refresh("products")
    call_command("visual_search", command, collection="products", verbosity=0)
    assert "show one picture" not in capsys.readouterr().err
