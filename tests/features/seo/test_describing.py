"""What machines read of a page is what the page shows, in the form that they require."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from visual_search.features.seo import describing
from visual_search.features.seo.facts import Family, Link, Offer, PageFacts, Shown, Thing, in_short

TABLE = Thing("Table", "/p/T/", "T", offer=Offer(Decimal("12.50"), "EUR", in_stock=True))


def absolute(url: str) -> str:
    return url if "://" in url else f"https://shop.example{url}"


def product(**more: object) -> dict:
    values = {"name": "Table", "url": "/p/T/", **more}
    return describing.product(Thing(**values), absolute)  # type: ignore[arg-type]


def test_an_offer_has_the_price_and_whether_it_is_there() -> None:
    told = describing.product(TABLE, absolute)["offers"]
    assert (told["price"], told["priceCurrency"]) == ("12.50", "EUR")
    assert told["availability"] == "https://schema.org/InStock"
    sold_out = describing.offer(Offer(Decimal(3), "EUR", in_stock=False), "")
    assert sold_out["availability"].endswith("/OutOfStock")


@pytest.mark.parametrize("offer", [None, Offer(Decimal(0), "EUR", in_stock=True)])
def test_without_a_price_there_is_no_offer(offer: Offer | None) -> None:
    assert "offers" not in product(offer=offer)


def test_large_prices_are_written_without_an_exponent() -> None:
    assert describing.offer(Offer(Decimal("1E+3"), "JPY", in_stock=True), "")["price"] == "1000"


def test_what_is_empty_is_left_out() -> None:
    assert product().keys() == {"@type", "@id", "name", "url"}


def test_the_first_code_that_is_a_gtin_is_told() -> None:
    """A number of the shop's own may be as long, and whoever reads it as a GTIN would take the thing for another one."""
    assert product(codes=("S-1", "12345678", "4006381333931", "4006381333900"))["gtin"] == "4006381333931"
    assert "gtin" not in product(codes=("S-1", "123", "4006381333932", "٤٠٠٦٣٨١٣٣٣٩٣١"))


def test_a_picture_names_its_licence_and_who_made_it() -> None:
    shown = Shown("/m/a.jpg", "Table, side", 800, 600, "https://l.example/by", "Ann", "/credits/")
    told = describing.image(shown, absolute)
    assert told["contentUrl"] == "https://shop.example/m/a.jpg"
    assert (told["license"], told["creditText"], told["name"]) == ("https://l.example/by", "Ann", "Table, side")
    assert told["acquireLicensePage"] == "https://shop.example/credits/"
    assert "acquireLicensePage" not in describing.image(Shown("/m/a.jpg", credits_url="/credits/"), absolute)


def test_sizes_and_colours_are_one_group() -> None:
    told = product(family=Family("7", "Table", (Link("Red table", "/p/R/"),), ("color",)))["isVariantOf"]
    assert told["productGroupID"] == "7"
    assert told["hasVariant"] == [{"@type": "Product", "name": "Red table", "url": "https://shop.example/p/R/"}]
    assert told["variesBy"] == ["https://schema.org/color"]


def test_the_home_page_names_the_shop_and_its_search() -> None:
    page = PageFacts("Home", is_home=True)
    nodes = describing.graph(page, absolute, site="Furnish", home="/", logo="/logo.png", search="/search/?q=")
    assert [node["@type"] for node in nodes] == ["Organization", "WebSite"]
    target = nodes[1]["potentialAction"]["target"]["urlTemplate"]
    assert target == "https://shop.example/search/?q={search_term_string}"


def test_the_second_page_of_a_list_goes_on_counting() -> None:
    told = describing.item_list([Link("A", "/a/"), Link("B", "/b/")], absolute, first=25)
    assert [item["position"] for item in told["itemListElement"]] == [25, 26]


def test_nothing_that_a_product_says_ends_the_block() -> None:
    block = describing.script([product(name="</script><script>alert(1)</script> & more")])
    assert block.count("<script") == block.count("</script>") == 1
    inside = block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert json.loads(inside)["@graph"][0]["name"] == "</script><script>alert(1)</script> & more"
    assert describing.script([]) == ""


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("", ""),
        ("Oak  and\niron", "Oak and iron"),
        ("Oak and steel", "Oak and …"),
        ("Oak and fi table", "Oak and fi …"),
        ("木製の椅子と机と棚と鏡と箱", "木製の椅子と机と棚と …"),
    ],
)
def test_a_long_text_ends_between_two_words(text: str, short: str) -> None:
    assert in_short(text, 12) == short
