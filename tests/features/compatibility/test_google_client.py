"""Vision Product Search with Google's own Python client, over REST: what it reads, and the errors that it raises."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from PIL import Image

from tests.features.compatibility.conftest import PLACE, SET
from tests.live.conftest import absent
from tests.search.shop import draw, photo_of, to_bytes


@pytest.fixture(scope="module")
def installed() -> None:
    try:
        found = find_spec("google.cloud.vision")
    except ModuleNotFoundError:
        found = None
    if found is None:
        absent("google-cloud-vision can't be imported here; pip install -e '.[test]'")


@pytest.fixture
def google(installed, served, live_server):
    """The client's module, and the two of its clients, pointed at the shop."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import vision

    class Google:
        module = vision
        where = {
            "client_options": {"api_endpoint": live_server.url},
            "credentials": AnonymousCredentials(),
            "transport": "rest",
        }
        images = vision.ImageAnnotatorClient(**where)
        products = vision.ProductSearchClient(**where)

    return Google


def asked(google, **params):
    given = google.module.ProductSearchParams(product_set=SET, **params)
    return google.module.ImageContext(product_search_params=given)


def titles(found) -> list[str]:
    return [result.product.display_name for result in found.results]


def test_product_search_finds_the_product_of_a_photo(google, served) -> None:
    image = google.module.Image(content=photo_of("chair", "red"))
    context = asked(google, product_categories=["homegoods-v2"], filter="(colour=red OR colour=blue) AND brand=Nordic")
    answer = google.images.product_search(image, image_context=context, max_results=5)
    assert answer.error.code == 0
    found = answer.product_search_results
    assert titles(found) == ["Red chair", "Blue chair"]
    best = found.results[0]
    id = served.id("CHR-RED-01")
    picture = served.products["CHR-RED-01"].images.get()
    assert best.product.name == f"{PLACE}/products/{id}"
    assert best.product.product_category == "homegoods-v2"
    assert best.image == f"{PLACE}/products/{id}/referenceImages/{picture.pk}"
    assert {(label.key, label.value) for label in best.product.product_labels} >= {("colour", "red"), ("price", "49")}
    assert 0 < best.score <= 1
    assert found.index_time.year >= 2026
    # What stands in the answer can be asked for by its name.
    assert google.products.get_product(name=best.product.name).display_name == "Red chair"
    assert google.products.get_reference_image(name=best.image).uri.endswith(picture.file.url)


def test_a_polygon_and_several_photos_at_once(google) -> None:
    vision = google.module
    both = Image.new("RGB", (400, 200), "white")
    both.paste(draw("chair", "red"), (0, 0))
    both.paste(draw("chair", "blue"), (200, 0))
    right = vision.BoundingPoly(
        normalized_vertices=[{"x": 0.5, "y": 0}, {"x": 1, "y": 0}, {"x": 1, "y": 1}, {"x": 0.5, "y": 1}]
    )
    feature = vision.Feature(type_=vision.Feature.Type.PRODUCT_SEARCH, max_results=1)
    labels = vision.Feature(type_=vision.Feature.Type.LABEL_DETECTION)
    answers = google.images.batch_annotate_images(
        requests=[
            {
                "image": {"content": to_bytes(both)},
                "features": [feature],
                "image_context": asked(google, bounding_poly=right),
            },
            {
                "image": {"content": photo_of("mug", "black")},
                "features": [feature, labels],
                "image_context": asked(google),
            },
            {
                "image": {"source": {"image_uri": "http://example.com/a.jpg"}},
                "features": [feature],
                "image_context": asked(google),
            },
        ]
    ).responses
    assert titles(answers[0].product_search_results) == ["Blue chair"]
    assert answers[0].product_search_results.product_grouped_results[0].bounding_poly.normalized_vertices[0].x == 0.5
    assert titles(answers[1].product_search_results) == ["Black mug"]
    assert (answers[1].error.code, "LABEL_DETECTION" in answers[1].error.message) == (12, True)
    assert (answers[2].error.code, "fetches no addresses" in answers[2].error.message) == (3, True)


def test_lists_are_paged_by_the_client(google, served) -> None:
    pages = list(google.products.list_products(request={"parent": PLACE, "page_size": 3}).pages)
    assert [len(page.products) for page in pages] == [3, 3, 1]
    every = [product.name for page in pages for product in page.products]
    assert every == [
        f"{PLACE}/products/{product.pk}" for product in sorted(served.products.values(), key=lambda one: one.pk)
    ]
    assert [one.name for one in google.products.list_products_in_product_set(name=SET)] == every
    assert [one.name for one in google.products.list_product_sets(parent=PLACE)] == [SET]
    assert google.products.get_product_set(name=SET).display_name == "products"
    (picture,) = google.products.list_reference_images(parent=every[0])
    assert picture.name.startswith(f"{every[0]}/referenceImages/")


def test_errors_are_those_that_the_client_raises(google) -> None:
    from google.api_core import exceptions

    with pytest.raises(exceptions.NotFound, match="There is no product '999999'"):
        google.products.get_product(name=f"{PLACE}/products/999999")
    with pytest.raises(exceptions.BadRequest, match="nextPageToken") as refused:
        google.products.list_products(request={"parent": PLACE, "page_token": "x"})
    assert refused.value.details[0]["fieldViolations"][0]["field"] == "pageToken"
    with pytest.raises(exceptions.BadRequest, match="at most 4"):
        google.images.batch_annotate_images(requests=[{"image": {"content": photo_of("mug", "black")}}] * 5)


def test_what_would_write_is_unimplemented_and_says_what_to_do(google) -> None:
    from google.api_core import exceptions

    vision, products = google.module, google.products
    product = vision.Product(name=f"{PLACE}/products/1", display_name="x")
    picture = vision.ReferenceImage(uri="gs://bucket/a.jpg")
    source = vision.ImportProductSetsInputConfig(gcs_source={"csv_file_uri": "gs://bucket/a.csv"})
    calls = {
        "CreateProduct": lambda: products.create_product(parent=PLACE, product=product, product_id="1"),
        "UpdateProduct": lambda: products.update_product(product=product, update_mask={"paths": ["display_name"]}),
        "DeleteProduct": lambda: products.delete_product(name=product.name),
        "CreateProductSet": lambda: products.create_product_set(parent=PLACE, product_set={}, product_set_id="x"),
        "UpdateProductSet": lambda: products.update_product_set(product_set={"name": SET}),
        "DeleteProductSet": lambda: products.delete_product_set(name=SET),
        "AddProductToProductSet": lambda: products.add_product_to_product_set(name=SET, product=product.name),
        "RemoveProductFromProductSet": lambda: products.remove_product_from_product_set(name=SET, product=product.name),
        "CreateReferenceImage": lambda: products.create_reference_image(parent=product.name, reference_image=picture),
        "DeleteReferenceImage": lambda: products.delete_reference_image(name=f"{product.name}/referenceImages/1"),
        "ImportProductSets": lambda: products.import_product_sets(parent=PLACE, input_config=source),
        "PurgeProducts": lambda: products.purge_products(request={"parent": PLACE, "delete_orphan_products": True}),
    }
    for call, make in calls.items():
        with pytest.raises(exceptions.MethodNotImplemented, match=f"{call} isn't offered here.*Instead, "):
            make()


def test_the_addresses_may_stand_below_a_path(google, served, live_server, settings) -> None:
    settings.ROOT_URLCONF = "tests.features.compatibility.urls_below"
    below = {**google.where, "client_options": {"api_endpoint": f"{live_server.url}/elsewhere"}}
    products = google.module.ProductSearchClient(**below)
    assert [one.name for one in products.list_product_sets(parent=PLACE)] == [SET]
