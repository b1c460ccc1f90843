"""What tiles show beside picture and title: brand and colour, swatches, no "nothing close"."""

from __future__ import annotations

import re

from PIL import Image

from catalog.search import Products
from tests.search.shop import to_bytes
from tests.search.test_families import tees  # noqa: F401
from tests.storefront.test_results import URL, page, text_of, upload


def swatches(response) -> list[tuple[str, str]]:
    """(address, label) of each, in the page's order."""
    return re.findall(r'<li><a\s+href="([^"]+)" title="([^"]+)" class="vs-swatch', response.content.decode())


def test_a_tile_has_a_swatch_for_each_size_and_colour(tees, client) -> None:  # noqa: F811
    response = client.get(URL, {"q": "t-shirt red"})
    assert [title for title in page(response).titles if "T-shirt" in title] == ["T-shirt red"]
    assert swatches(response) == [
        ("/p/TEE-S/", "white, €10.00"), ("/p/TEE-M/", "black, €12.00, Out of stock"), ("/p/TEE-L/", "red, €14.00"),
        ("/p/TEE-XL/", "green, €16.00"),
    ]  # fmt: skip
    html = response.content.decode()
    assert len(re.findall(r'aria-current="true"', html)) == 1
    assert 'aria-label="Variants of T-shirt red"' in html
    assert "Tee · red" in text_of(response)


def test_a_tile_of_a_thing_that_comes_in_one_colour_has_none(shop, client) -> None:
    response = client.get(URL, {"q": "red chair"})
    assert swatches(response) == []
    assert "vs-swatches" not in response.content.decode()
    assert "Nordic · red" in text_of(response)


def test_what_is_sold_out_is_marked(shop, client) -> None:
    assert text_of(client.get(URL, {"q": "brass lamp"})).count("Out of stock") == 1


def test_sold_out_last_is_one_declaration(shop, client, monkeypatch) -> None:
    assert page(client.get(URL, {"sort": "price"})).titles[-1] == "Green sofa"
    monkeypatch.setattr(Products, "sold_out_last", True)
    assert page(client.get(URL, {"sort": "price"})).titles[-1] == "Brass lamp"


def test_nothing_close_is_a_heading_and_no_tile_says_it(shop, client) -> None:
    response = upload(client, to_bytes(Image.new("RGB", (64, 64), (5, 5, 12))))
    html = response.content.decode()
    assert len(re.findall(r"<h2[^>]*>Nothing close", html)) == 1
    assert "vs-grade-nothing-close" not in html
    assert text_of(response).lower().count("nothing close. the nearest we have") == 1


def test_similar_products_never_say_nothing_close(shop, client) -> None:
    for sku in shop.products:
        if sku != "GFT-CRD-07":
            assert "nothing close" not in text_of(client.get(f"{URL}similar/{shop.id(sku)}/")).lower()
