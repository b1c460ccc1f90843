"""Product sets, products and reference images: what is read, page by page, and that nothing is written."""

from __future__ import annotations

import json

import pytest
from django.core.files.base import ContentFile

from catalog.models import Product, ProductImage, State
from tests.features.compatibility.conftest import PLACE, SET
from tests.search.shop import draw, to_bytes
from tests.shop.models import Gadget

URL = f"/v1/{PLACE}"


def get(client, path: str, **query) -> dict:
    response = client.get(f"{URL}/{path}", query)
    assert response.status_code == 200, response.content
    return response.json()


def refused(response, status: int, name: str) -> str:
    problem = response.json()["error"]
    assert (response.status_code, problem["code"], problem["status"]) == (status, status, name)
    return problem["message"]


@pytest.fixture
def two_sets(shop, settings):
    """The shop opens a second collection."""
    shop.use(COMPATIBILITY_INDEXES={"products": "products", "tools": "gadgets"})
    for number in (1, 2, 3):
        Gadget.objects.create(name=f"Gadget {number}", published=True)
    return shop


def test_product_sets_are_the_collections_that_the_shop_opens(shop, client) -> None:
    assert get(client, "productSets") == {"productSets": [{"name": SET, "displayName": "products"}]}
    assert get(client, "productSets/products")["name"] == SET
    assert "gadgets" in refused(client.get(f"{URL}/productSets/gadgets"), 404, "NOT_FOUND")


def test_a_second_set_has_products_of_its_own(two_sets, client) -> None:
    names = [entry["name"].rpartition("/")[2] for entry in get(client, "productSets")["productSets"]]
    assert names == ["products", "tools"]
    listed = get(client, "productSets/tools/products")["products"]
    gadgets = list(Gadget.objects.order_by("pk"))
    assert [entry["name"] for entry in listed] == [f"{PLACE}/products/tools.{gadget.pk}" for gadget in gadgets]
    one = get(client, f"products/tools.{gadgets[0].pk}")
    assert (one["name"], one["displayName"]) == (f"{PLACE}/products/tools.{gadgets[0].pk}", "Gadget 1")
    assert get(client, f"products/{two_sets.id('MUG-BLK-05')}")["displayName"] == "Black mug"


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 10])
def test_pages_hold_every_product_once_and_in_order(two_sets, client, size) -> None:
    names, token, pages = [], "", 0
    while True:
        page = get(client, "products", pageSize=size, **({"pageToken": token} if token else {}))
        assert len(page["products"]) <= size
        names += [entry["displayName"] for entry in page["products"]]
        pages += 1
        token = page.get("nextPageToken", "")
        if not token:
            break
    products = [product.title("en") for product in Product.objects.order_by("pk")]
    assert names == [*products, "Gadget 1", "Gadget 2", "Gadget 3"]
    assert pages == -(-10 // size)


def test_pages_of_sets_and_of_pictures(two_sets, client) -> None:
    first = get(client, "productSets", pageSize=1)
    second = get(client, "productSets", pageSize=1, pageToken=first["nextPageToken"])
    assert [page["productSets"][0]["name"].rpartition("/")[2] for page in (first, second)] == ["products", "tools"]
    assert "nextPageToken" not in second


@pytest.mark.parametrize(
    "token", ["x", "W10=", "WyJ0b29scyIsICIxIl0=", "WyJwcm9kdWN0cyIsICJ4Il0=", "é", "WyIiLCAiXHUwMDAwIl0="]
)
def test_a_page_token_that_no_list_gave_is_refused(shop, client, token) -> None:
    said = refused(client.get(f"{URL}/products", {"pageToken": token}), 400, "INVALID_ARGUMENT")
    assert "nextPageToken" in said


def test_products_that_the_shop_hides_are_not_there(shop, client) -> None:
    shop.products["MUG-BLK-05"].state = State.ARCHIVED
    shop.products["MUG-BLK-05"].save()
    titles = [entry["displayName"] for entry in get(client, "products")["products"]]
    assert "Black mug" not in titles
    assert len(titles) == 6
    refused(client.get(f"{URL}/products/{shop.id('MUG-BLK-05')}"), 404, "NOT_FOUND")


def test_a_product_that_its_source_cant_describe_is_left_out(two_sets, client) -> None:
    broken = Gadget.objects.create(name="unreadable", published=True)
    titles = [entry["displayName"] for entry in get(client, "productSets/tools/products")["products"]]
    assert titles == ["Gadget 1", "Gadget 2", "Gadget 3"]
    refused(client.get(f"{URL}/products/tools.{broken.pk}"), 404, "NOT_FOUND")


def test_pictures_are_the_ones_that_the_shop_shows(shop, client) -> None:
    product = shop.products["CHR-RED-01"]
    for position, role in ((1, "view"), (2, "photo")):
        file = ContentFile(to_bytes(draw("chair", "red", shift=position)), name=f"{role}.png")
        ProductImage.objects.create(product=product, file=file, position=position, role=role)
    main, view, photo = product.images.order_by("position")
    of = f"{PLACE}/products/{product.pk}/referenceImages"
    assert get(client, f"products/{product.pk}/referenceImages")["referenceImages"] == [
        {"name": f"{of}/{image.pk}", "uri": f"http://testserver{image.file.url}"} for image in (main, view)
    ]
    assert get(client, f"products/{product.pk}/referenceImages/{view.pk}")["name"] == f"{of}/{view.pk}"
    # Somebody's photo serves recognition alone.
    refused(client.get(f"{URL}/products/{product.pk}/referenceImages/{photo.pk}"), 404, "NOT_FOUND")
    one = get(client, f"products/{product.pk}/referenceImages", pageSize=1)
    two = get(client, f"products/{product.pk}/referenceImages", pageSize=1, pageToken=one["nextPageToken"])
    assert [page["referenceImages"][0]["name"] for page in (one, two)] == [f"{of}/{main.pk}", f"{of}/{view.pk}"]


def test_names_come_in_the_language_of_the_request(shop, client) -> None:
    path = f"{URL}/products/{shop.id('CHR-RED-01')}"
    assert client.get(path, headers={"accept-language": "de"}).json()["displayName"] == "Roter Stuhl"
    assert client.get(path, headers={"accept-language": "ja"}).json()["displayName"] == "Red chair"


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("post", "products?productId=1", "CreateProduct"),
        ("patch", "products/1?updateMask=displayName", "UpdateProduct"),
        ("delete", "products/1", "DeleteProduct"),
        ("post", "products:purge", "PurgeProducts"),
        ("post", "productSets", "CreateProductSet"),
        ("patch", "productSets/products?updateMask=displayName", "UpdateProductSet"),
        ("delete", "productSets/products", "DeleteProductSet"),
        ("post", "productSets:import", "ImportProductSets"),
        ("post", "productSets/products:addProduct", "AddProductToProductSet"),
        ("post", "productSets/products:removeProduct", "RemoveProductFromProductSet"),
        ("post", "products/1/referenceImages", "CreateReferenceImage"),
        ("delete", "products/1/referenceImages/1", "DeleteReferenceImage"),
    ],
)
def test_what_would_write_is_refused_by_name_and_says_what_to_do(shop, client, method, path, call) -> None:
    before = list(Product.objects.values_list("pk", "updated_at"))
    response = getattr(client, method)(f"{URL}/{path}", json.dumps({"displayName": "x"}), "application/json")
    said = refused(response, 501, "UNIMPLEMENTED")
    assert said.startswith(f"{call} isn't offered here")
    assert "Instead, " in said
    assert list(Product.objects.values_list("pk", "updated_at")) == before


@pytest.mark.parametrize(
    "path", ["files:annotate", "images:asyncBatchAnnotate", "projects/a/files:annotate", "nothing"]
)
def test_other_calls_of_vision_are_named(client, db, path) -> None:
    assert path in refused(client.post(f"/v1/{path}", "{}", "application/json"), 501, "UNIMPLEMENTED")


@pytest.mark.parametrize("path", ["operations/1", "projects/a/locations/b/operations/1", "", "projects/a"])
def test_there_is_nothing_elsewhere(client, db, path) -> None:
    refused(client.get(f"/v1/{path}"), 404, "NOT_FOUND")


def test_parameters_are_those_that_google_describes(shop, client) -> None:
    for query in (
        {"$alt": "json;enum-encoding=int"},
        {"alt": "json", "key": "abc"},
        {"pageSize": 500},
        {"pageSize": 0},
    ):
        assert client.get(f"{URL}/products", query).status_code == 200
    for query in ({"filter": "x"}, {"pageSize": "many"}, {"pageSize": -1}):
        refused(client.get(f"{URL}/products", query), 400, "INVALID_ARGUMENT")
    refused(client.put(f"{URL}/products"), 405, "UNIMPLEMENTED")
    refused(client.get(f"{URL}/products", headers={"accept": "text/html"}), 400, "INVALID_ARGUMENT")
