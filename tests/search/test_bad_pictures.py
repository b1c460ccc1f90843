"""A picture that can't be had costs a product that picture and nothing else: no page, no tile, no word."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.test import Client

from catalog.models import ProductImage
from catalog.search import Products
from tests.search.shop import Shop, draw, picture_query, to_bytes
from tests.search.test_search import skus
from visual_search import indexing, search, wiring
from visual_search.models import IndexEntry, State
from visual_search.types import Picture, Query

SKU = "CHR-RED-01"


class Unreachable(FileSystemStorage):
    """A storage whose service doesn't answer."""

    def url(self, name):
        raise ConnectionError("The bucket doesn't answer.")

    def _open(self, name, mode="rb"):
        raise ConnectionError("The bucket doesn't answer.")


def row_stays(image: ProductImage) -> None:
    image.file.delete()


def file_is_lost(image: ProductImage) -> None:
    Path(image.file.path).unlink()


def file_is_lost_and_was_never_measured(image: ProductImage) -> None:
    Path(image.file.path).unlink()
    ProductImage.objects.filter(pk=image.pk).update(width=None, height=None)


def file_is_empty(image: ProductImage) -> None:
    Path(image.file.path).write_bytes(b"")
    ProductImage.objects.filter(pk=image.pk).update(width=None, height=None)


def file_is_no_picture(image: ProductImage) -> None:
    Path(image.file.path).write_bytes(b"<html>not found</html>")


HARMS = [row_stays, file_is_lost, file_is_lost_and_was_never_measured, file_is_empty, file_is_no_picture]


@pytest.fixture(params=HARMS, ids=lambda harm: harm.__name__)
def harm(request: pytest.FixtureRequest) -> Callable[[ProductImage], None]:
    return request.param


def add_view(shop: Shop) -> ProductImage:
    """A second picture for the red chair, of a shape that no other product has, behind the first."""
    file = ContentFile(to_bytes(draw("lamp", "green")), name="view.png")
    return ProductImage.objects.create(product=shop.products[SKU], file=file, position=5)


def reindex(shop: Shop) -> IndexEntry:
    shop.products[SKU].save()
    indexing.index_pending("products")
    wiring.engine().refresh("products")
    return IndexEntry.objects.get(collection="products", object_id=shop.id(SKU))


def pages(shop: Shop, client: Client, admin: Client) -> dict[str, str]:
    """Each page on which the red chair stands."""
    product = shop.products[SKU]
    addresses = {
        "home": (client, "/", {}),
        "product": (client, product.get_absolute_url(), {}),
        "category": (client, "/c/home/", {}),
        "results": (client, "/search/", {"q": "red chair"}),
        "similar": (client, f"/search/similar/{shop.id('CHR-BLU-02')}/", {}),
        "own similar": (client, f"/search/similar/{product.pk}/", {}),
        "rest": (client, "/api/v1/search", {"q": "red chair"}),
        "rest similar": (client, f"/api/v1/products/{shop.id('CHR-BLU-02')}/similar", {}),
        "suggestions": (client, "/api/v1/suggest", {"q": "red ch"}),
        "google": (client, f"/v1/projects/p/locations/l/products/{product.pk}", {}),
        "google pictures": (client, f"/v1/projects/p/locations/l/products/{product.pk}/referenceImages", {}),
        "admin list": (admin, "/admin/catalog/product/", {}),
        "admin": (admin, f"/admin/catalog/product/{product.pk}/change/", {}),
        "admin delete": (admin, f"/admin/catalog/product/{product.pk}/delete/", {}),
    }
    shown = {}
    for name, (browser, address, query) in addresses.items():
        response = browser.get(address, query)
        assert response.status_code == 200, (name, response.status_code)
        shown[name] = response.content.decode()
    seen = [[str(product.pk), "view", int(time.time() // 86_400)]]
    response = client.post("/memory/shown", {"taste": json.dumps(seen)})
    assert response.status_code == 200
    return shown | {"remembered": response.content.decode()}


def test_every_page_stands(shop, client, admin_client, harm) -> None:
    harm(shop.products[SKU].images.get())
    reindex(shop)
    shown = pages(shop, client, admin_client)
    for name in (
        "home",
        "product",
        "category",
        "results",
        "similar",
        "rest",
        "rest similar",
        "suggestions",
        "remembered",
    ):
        assert "Red chair" in shown[name], name


def test_the_product_is_found_by_its_words_and_its_other_pictures(shop, harm) -> None:
    add_view(shop)
    harm(shop.products[SKU].images.first())
    entry = reindex(shop)
    assert skus(search.search(Query(words="red chair")))[0] == SKU
    page = search.search(picture_query(draw("lamp", "green")))
    assert skus(page)[0] == SKU
    # The owner reads in the admin which picture is at fault.
    assert entry.state == State.INDEXED
    assert f"of {shop.id(SKU)}" in entry.warning


def test_the_next_picture_stands_for_one_whose_file_was_deleted(shop, client) -> None:
    view = add_view(shop)
    row_stays(shop.products[SKU].images.first())
    reindex(shop)
    (hit,) = [hit for hit in client.get("/api/v1/search", {"q": "red chair"}).json()["hits"] if hit["sku"] == SKU]
    assert hit["image"].endswith(view.url)
    assert view.url in client.get("/").content.decode()
    assert view.url in client.get(shop.products[SKU].get_absolute_url()).content.decode()


def test_a_category_takes_the_picture_of_a_product_that_has_one(shop, client) -> None:
    row_stays(shop.products["LMP-BRS-04"].images.get())
    lamp = shop.add("LMP-9", "Green lamp", draw("lamp", "green"), category="Home > Light > Desk")
    page = client.get("/").content.decode()
    assert f'src="{lamp.images.get().url}" alt="" width="200"' in page


def test_a_storage_that_does_not_answer_costs_pictures_alone(shop, client, admin_client, monkeypatch) -> None:
    monkeypatch.setattr(ProductImage._meta.get_field("file"), "storage", Unreachable())
    entry = reindex(shop)
    shown = pages(shop, client, admin_client)
    assert "Red chair" in shown["home"]
    assert 'src=""' not in "".join(shown.values())
    assert skus(search.search(Query(words="red chair")))[0] == SKU
    # It is tried again.
    assert (entry.state, "The bucket doesn't answer." in entry.error) == (State.FAILED, True)
    monkeypatch.undo()
    IndexEntry.objects.update(next_attempt_at=None)
    assert reindex(shop).state == State.INDEXED
    assert skus(search.search(picture_query(draw("chair", "red"))))[0] == SKU


def careless(self, product):
    """As Django's own examples ask for an address."""
    for image in product.images.all():
        yield Picture(str(image.pk), image.read, image.position, image.role, image.file.url)


def test_a_source_that_fails_at_one_picture_keeps_words_and_the_pictures_before_it(shop, monkeypatch) -> None:
    monkeypatch.setattr(Products, "pictures", careless)
    row_stays(add_view(shop))
    entry = reindex(shop)
    assert "Products.pictures() failed for Product" in entry.error
    assert skus(search.search(Query(words="red chair")))[0] == SKU
    assert skus(search.search(picture_query(draw("chair", "red"))))[0] == SKU
    assert entry.state == State.FAILED
    monkeypatch.undo()
    assert reindex(shop).state == State.INDEXED
