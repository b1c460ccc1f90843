"""Sizes and colours of one thing are one hit, over pages, totals and facets, and each can still be asked for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.template import Context
from django.utils.translation import override

from catalog.models import Product, ProductImage
from catalog.search import Products
from tests.search.shop import draw, picture_query
from visual_search import rebuilding, search, wiring
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.errors import EngineUnavailable
from visual_search.registry import Source
from visual_search.templatetags.visual_search import variant_label
from visual_search.types import AnyOf, Between, Grade, Hit, Page, Query

TEE = {"white": ("S", 10, 3), "black": ("M", 12, 0), "red": ("L", 14, 5), "green": ("XL", 16, 1)}


@pytest.fixture
def tees(shop):
    """One T-shirt in four colours beside the seven other products; the black one is sold out."""
    head = None
    for colour, (size, price, stock) in TEE.items():
        paint = colour if colour in ("red", "green", "black") else "brass"
        added = shop.add(
            f"TEE-{size}", f"T-shirt {colour}", draw("mug", paint), colour=colour, brand="Tee", price=Decimal(price),
            stock=stock, category="Clothing", parent=head,
        )  # fmt: skip
        head = head or added
    shop.index()
    return shop


def ask(**more) -> Page:
    return search.search(Query(**{"page_size": 100, **more}))


def skus(page: Page) -> list[str]:
    return [hit.card.sku for hit in page.hits]


def tee(page: Page) -> Hit:
    (hit,) = (hit for hit in page.hits if hit.card.sku.startswith("TEE"))
    return hit


def counts(page: Page, name: str) -> dict[str | bool, int]:
    return {item.value: item.count for answer in page.facets if answer.field == name for item in answer.counts}


@pytest.mark.parametrize(
    "question",
    [
        Query(),
        Query(words="t-shirt"),
        picture_query(draw("mug", "red")),
        Query(sort="price"),
        Query(words="shirt", sort="-price"),
    ],
)
def test_pages_totals_and_facets_count_things(tees, question) -> None:
    whole = search.search(replace(question, page_size=100))
    assert whole.total == len(whole.hits)
    tee(whole)
    paged = [
        hit.id for number in range(1, 6) for hit in search.search(replace(question, page=number, page_size=2)).hits
    ]
    assert paged == [hit.id for hit in whole.hits][: len(paged)]
    assert counts(whole, "brand")["Tee"] == 1
    assert counts(whole, "category")["Clothing"] == 1
    assert next(answer.objects for answer in whole.facets) == whole.total


def test_a_value_counts_the_things_that_come_in_it(tees) -> None:
    """Red: a chair and a T-shirt, whichever colour of it is the hit."""
    page = ask(disjunctive=True)
    for colour in ("white", "black", "red", "green"):
        after = ask(disjunctive=True, filters=(AnyOf("colour", (colour,)),))
        assert after.total == counts(page, "colour")[colour] == counts(after, "colour")[colour]
    assert counts(page, "colour")["red"] == 2
    assert counts(page, "in_stock") == {True: 7, False: 2}
    price = next(answer for answer in page.facets if answer.field == "price")
    assert (price.minimum, price.maximum) == (9, 499)


def test_the_best_of_a_family_stands_for_it(tees) -> None:
    assert tee(search.search(picture_query(draw("mug", "red")))).card.sku == "TEE-L"
    assert tee(search.search(picture_query(draw("mug", "green")))).card.sku == "TEE-XL"
    assert tee(ask(words="TEE-M")).card.sku == "TEE-M"
    assert tee(ask(sort="-price")).card.sku == "TEE-XL"
    assert tee(ask(sort="price")).card.sku == "TEE-S"
    assert tee(ask(filters=(AnyOf("colour", ("red",)),))).card.sku == "TEE-L"


def test_a_hit_tells_its_variants_and_what_differs(tees) -> None:
    hit = tee(ask(words="t-shirt red"))
    assert [variant.card.title for variant in hit.variants] == [f"T-shirt {colour}" for colour in TEE]
    assert hit.id in {variant.card.id for variant in hit.variants}
    white, black, *_ = hit.variants
    assert white.values == {"colour": ("white",), "price": (10.0,), "in_stock": (True,)}
    assert (black.card.in_stock, black.values["in_stock"]) == (False, (False,))
    assert all(variant.card.image_url for variant in hit.variants)
    assert [one.variants for one in ask(words="chair").hits if one.card.sku == "CHR-RED-01"] == [()]


def test_colours_of_tiles_and_swatches_are_named_in_the_language_of_the_page(tees) -> None:
    with override("de"):
        hit = tee(ask(words="t-shirt red"))
        assert hit.card.colour == "rot"
        labels = {variant_label(Context(), variant).split(",")[0] for variant in hit.variants}
    assert labels == {"weiß", "schwarz", "rot", "grün"}
    source = type("Plain", (Products,), {"card": Source.card})()
    with override("fr"):
        assert source.card(tees.products["TEE-L"], "en").colour == "rouge"


def test_variants_pass_the_filters(tees) -> None:
    hit = tee(ask(filters=(Between("price", 11, 15),)))
    assert [variant.card.sku for variant in hit.variants] == ["TEE-M", "TEE-L"]
    assert tee(ask(filters=(AnyOf("colour", ("red",)),))).variants == ()


def test_a_large_family_shows_some_and_says_how_many_more(tees) -> None:
    head = tees.products["TEE-S"]
    for number in range(20):
        tees.add(
            f"TEE-{number}",
            f"T-shirt {number}",
            colour=f"c{number}",
            parent=head,
            category="Clothing",
            price=Decimal(9),
            stock=1,
        )
    tees.index()
    hit = tee(ask(words="TEE-19"))
    assert (len(hit.variants), hit.more_variants) == (8, 16)
    assert hit.variants[-1].card.sku == "TEE-19" == hit.card.sku


def test_what_is_close_is_not_joined_by_what_is_not(tees) -> None:
    page = search.search(replace(picture_query(draw("mug", "red")), disjunctive=True, page_size=100))
    hit = tee(page)
    assert hit.grade is not Grade.DISTANT
    assert counts(page, "colour")["red"] >= 1


def test_more_like_this_has_none_of_the_family_and_others_once(tees) -> None:
    page = ask(like=(tees.id("TEE-L"),))
    assert not [sku for sku in skus(page) if sku.startswith("TEE")]
    assert [sku for sku in skus(ask(like=(tees.id("MUG-BLK-05"),))) if sku.startswith("TEE")] != []


def test_a_source_may_tell_families_by_key_alone(tees, monkeypatch) -> None:
    monkeypatch.setattr(Products, "family", Source.family)
    assert not [sku for sku in skus(ask(like=(tees.id("TEE-L"),))) if sku.startswith("TEE")]


def test_by_default_the_key_is_the_least_of_the_family(tees, monkeypatch) -> None:
    monkeypatch.setattr(Products, "family_key", Source.family_key)
    source = Products()
    members = Product.objects.filter(sku__startswith="TEE").order_by("pk")
    assert {source.family_key(one) for one in members} == {str(members[0].pk)}
    assert source.family_key(tees.products["MUG-BLK-05"]) == tees.id("MUG-BLK-05")


def test_a_shop_may_give_each_a_tile(tees, monkeypatch) -> None:
    monkeypatch.setattr(Products, "folds", False)
    assert len([sku for sku in skus(ask(words="t-shirt")) if sku.startswith("TEE")]) == 4


def test_an_index_from_before_answers_unfolded_until_it_is_made_anew(shop, monkeypatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(Source, "has_families", property(lambda self: False))
        wiring.engine().drop("products")
        rebuilding.rebuild("products")
    page = ask()
    assert (page.total, page.degraded, page.hits[0].family) == (7, (), "")
    rebuilding.rebuild("products")
    assert ask().hits[0].family


def test_where_values_can_not_be_read_each_has_a_tile(tees, monkeypatch) -> None:
    def broken(*_):
        raise EngineUnavailable("The columns can't be read.")

    monkeypatch.setattr(EmbeddedEngine, "values", broken)
    page = ask(words="t-shirt")
    assert "families" in page.degraded
    assert len([sku for sku in skus(page) if sku.startswith("TEE")]) == 4


# --- What changes ----------------------------------------------------------------------------------


def test_a_family_without_its_head_falls_apart(tees) -> None:
    tees.products["TEE-S"].delete()
    tees.index()
    assert len([sku for sku in skus(ask(words="t-shirt")) if sku.startswith("TEE")]) == 3


def test_a_product_that_finds_a_family_joins_its_tile(tees) -> None:
    loose = tees.add("TEE-XS", "T-shirt blue", colour="blue", brand="Tee", price=Decimal(9), stock=1)
    tees.index()
    assert len([sku for sku in skus(ask(words="t-shirt")) if sku.startswith("TEE")]) == 2
    loose.parent = tees.products["TEE-S"]
    loose.save()
    tees.index()
    assert len(tee(ask(words="t-shirt")).variants) == 5


# --- Sold out ------------------------------------------------------------------------------------


def test_what_is_sold_out_comes_last_where_the_shop_says_so(tees, monkeypatch) -> None:
    plain = skus(ask(sort="price"))
    assert plain.index("LMP-BRS-04") < plain.index("TAB-BRN-06")
    monkeypatch.setattr(Products, "sold_out_last", True)
    ordered = skus(ask(sort="price"))
    assert ordered[-1] == "LMP-BRS-04"
    assert [sku for sku in plain if sku != "LMP-BRS-04"] == ordered[:-1]
    assert skus(ask(words="LMP-BRS-04"))[0] == "LMP-BRS-04", "an exact code keeps its place"


def test_a_colour_that_is_there_stands_for_one_that_is_sold_out(tees, monkeypatch) -> None:
    assert tee(search.search(picture_query(draw("mug", "black"), words="black t-shirt"))).card.sku == "TEE-M"
    monkeypatch.setattr(Products, "sold_out_last", True)
    assert tee(ask(words="t-shirt")).card.in_stock


def test_sold_out_stays_before_what_is_nothing_close(shop, monkeypatch) -> None:
    monkeypatch.setattr(Products, "sold_out_last", True)
    page = ask(words="brass lamp")
    assert page.hits[0].card.sku == "LMP-BRS-04"
    assert page.distant


# --- The picture that was found --------------------------------------------------------------------


def test_a_tile_shows_the_picture_that_the_photo_found(shop) -> None:
    chair = shop.products["CHR-RED-01"]
    side = ProductImage.objects.create(
        product=chair, position=5, file=shop_file(draw("sofa", "black", background="brown"))
    )
    shop.index()
    page = search.search(picture_query(draw("sofa", "black", background="brown")))
    hit = next(hit for hit in page.hits if hit.id == str(chair.pk))
    assert hit.picture == str(side.pk)
    assert hit.card.image_url == side.url != chair.main_image().url
    words = next(hit for hit in ask(words="red chair").hits if hit.id == str(chair.pk))
    assert words.card.image_url == chair.main_image().url


def test_a_photo_to_recognise_by_is_never_shown(shop) -> None:
    chair = shop.products["CHR-RED-01"]
    ProductImage.objects.create(
        product=chair,
        position=5,
        role=ProductImage.Role.PHOTO,
        file=shop_file(draw("lamp", "green", background="brown")),
    )
    shop.index()
    hit = search.search(picture_query(draw("lamp", "green", background="brown"))).hits[0]
    assert (hit.id, hit.card.image_url) == (str(chair.pk), chair.main_image().url)


def test_a_source_that_says_nothing_of_it_shows_what_its_pictures_say(shop, monkeypatch) -> None:
    monkeypatch.setattr(Products, "tile_pictures", Source.tile_pictures)
    chair = shop.products["CHR-RED-01"]
    assert Products().tile_pictures({str(chair.pk): str(chair.main_image().pk)}) == {
        str(chair.pk): (chair.main_image().url, ())
    }
    assert Products().tile_pictures({str(chair.pk): "nothing"}) == {}


def test_tile_pictures_that_fail_cost_only_themselves(shop, monkeypatch, caplog) -> None:
    def broken(self, nearest):
        raise ZeroDivisionError

    monkeypatch.setattr(Products, "tile_pictures", broken)
    assert search.search(picture_query(draw("chair", "red"))).hits[0].card.image_url
    assert "Products.tile_pictures() failed" in caplog.text


def shop_file(image):
    from django.core.files.base import ContentFile

    from tests.search.shop import to_bytes

    return ContentFile(to_bytes(image), name="more.png")
