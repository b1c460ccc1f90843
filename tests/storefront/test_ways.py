"""The way through what is alike, and pictures of the shop that are searched as photos."""

from __future__ import annotations

import re

import pytest

from catalog.models import ProductImage
from tests.search.test_families import tees  # noqa: F401
from tests.storefront.test_results import URL, page, text_of

# --- The way -------------------------------------------------------------------------------------


def ways(response) -> list[str]:
    nav = re.search(r'<nav class="vs-way".*?</nav>', response.content.decode(), re.S)
    return re.findall(r'<a href="([^"]+)"', nav[0].replace("&amp;", "&")) if nav else []


def test_more_like_this_keeps_the_way(shop, client) -> None:
    red, sofa, table = (shop.id(sku) for sku in ("CHR-RED-01", "SOF-GRN-03", "TAB-BRN-06"))
    first = client.get(f"{URL}similar/{red}/")
    assert ways(first) == ["/p/CHR-RED-01/"]
    assert f'href="{URL}similar/{sofa}/?via={red}"' in first.content.decode()
    second = client.get(f"{URL}similar/{sofa}/?via={red}")
    assert ways(second) == [f"{URL}similar/{red}/", "/p/SOF-GRN-03/"]
    assert f"{URL}similar/{table}/?via={red}&amp;via={sofa}" in second.content.decode()
    third = client.get(f"{URL}similar/{table}/?via={red}&via={sofa}")
    assert ways(third) == [f"{URL}similar/{red}/", f"{URL}similar/{sofa}/?via={red}", "/p/TAB-BRN-06/"]
    assert "Red chair Green sofa Wooden table" in text_of(third)


def test_who_comes_back_goes_on_from_there(shop, client) -> None:
    red, sofa, table = (shop.id(sku) for sku in ("CHR-RED-01", "SOF-GRN-03", "TAB-BRN-06"))
    again = client.get(f"{URL}similar/{sofa}/?via={red}&via={sofa}&via={table}")
    assert ways(again) == [f"{URL}similar/{red}/", "/p/SOF-GRN-03/"]


@pytest.mark.parametrize("via", ["999", "x", "", "%00", "9" * 5000, "<script>", "1%20OR%201", "٣"])
def test_a_way_that_is_not_one_is_left_out(shop, client, via) -> None:
    response = client.get(f"{URL}similar/{shop.id('CHR-RED-01')}/?via={via}")
    assert response.status_code == 200
    assert ways(response)[-1] == "/p/CHR-RED-01/"
    assert len(ways(response)) == 1
    assert "<script>" not in response.content.decode().split("vs-way")[1]


def test_a_long_way_is_cut_at_its_beginning(shop, client) -> None:
    red = shop.id("CHR-RED-01")
    others = [str(shop.add(f"N-{number}", f"Thing {number}").pk) for number in range(12)]
    response = client.get(f"{URL}similar/{red}/?" + "&".join(f"via={id}" for id in others))
    assert len(ways(response)) == 9
    assert "Thing 3" not in text_of(response)
    assert "Thing 11" in text_of(response)


def test_the_strip_of_a_product_page_begins_a_way(shop, client) -> None:
    red, sofa = shop.id("CHR-RED-01"), shop.id("SOF-GRN-03")
    strip = client.get(f"{URL}similar/{red}/", headers={"hx-request": "true"}).content.decode()
    assert f"{URL}similar/{sofa}/?via={red}" in strip
    assert "vs-way" not in strip


# --- "Find similar" on a picture -----------------------------------------------------------------


def find(client, product, picture, **more):
    return client.post(URL, {"of": product.pk, "picture": picture.pk, **more})


def test_a_picture_of_the_shop_is_searched_as_a_photo(shop, client) -> None:
    chair = shop.products["CHR-RED-01"]
    form = page(find(client, chair, chair.main_image()))
    assert form.titles[0] == "Blue chair"
    assert "Red chair" not in form.titles
    fields = dict(form.fields)
    assert fields["photo_token"]
    assert fields["of"] == str(chair.pk)
    assert fields["preview"].startswith("data:image/jpeg;base64,")
    filtered = page(form.submit(client, ("f.category", "Home > Seating")))
    assert "Red chair" not in filtered.titles, "the product stays out on the next pages"
    gone = page(filtered.submit(client, ("without", "photo_token="), ("q", "chair"), without=("q",)))
    assert "Red chair" in gone.titles


def test_its_other_colours_stay_out_too(tees, client) -> None:  # noqa: F811
    tee = tees.products["TEE-L"]
    assert not [title for title in page(find(client, tee, tee.main_image())).titles if "T-shirt" in title]


def test_a_picture_that_is_not_shown_is_nobodys_to_search(shop, client) -> None:
    chair, lamp = shop.products["CHR-RED-01"], shop.products["LMP-BRS-04"]
    hidden = ProductImage.objects.create(
        product=chair, position=9, role=ProductImage.Role.PHOTO, file=chair.main_image().file.name
    )
    for product, picture in ((chair, hidden), (chair, lamp.main_image())):
        response = find(client, product, picture)
        assert response.status_code == 404
        assert "The shop doesn't show this picture any more." in text_of(response)
    for of in ("", "999", "x", "\x00"):
        assert client.post(URL, {"of": of, "picture": "1"}).status_code == 404


def test_a_lost_file_is_said(shop, client) -> None:
    chair = shop.products["CHR-RED-01"]
    image = chair.main_image()
    image.file.storage.delete(image.file.name)
    response = find(client, chair, image)
    assert response.status_code == 404
    assert "This picture can't be read at the moment." in text_of(response)


def test_an_address_searches_no_picture(shop, client) -> None:
    chair = shop.products["CHR-RED-01"]
    form = page(client.get(URL, {"of": chair.pk, "picture": chair.main_image().pk}))
    assert "photo_token" not in dict(form.fields)
    assert "Red chair" in form.titles


def test_each_picture_of_a_product_page_has_the_button(shop, client) -> None:
    chair = shop.products["CHR-RED-01"]
    ProductImage.objects.create(product=chair, position=1, file=chair.main_image().file.name)
    html = client.get("/p/CHR-RED-01/").content.decode()
    pictures = re.findall(r'name="picture" value="(\d+)"', html)
    assert pictures == [str(image.pk) for image in chair.images.order_by("position")]
    assert html.count("Find similar") == 2
