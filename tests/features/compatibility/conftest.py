"""The small indexed shop of the search's tests, and ways to ask it as other services are asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps

from tests.search.shop import Shop, _intact, empty_shop, photo_of, shop  # noqa: F401 - pytest finds fixtures by name here.
from visual_search import wiring

if not apps.is_installed("visual_search.features.compatibility"):
    collect_ignore_glob = ["test_*.py"]

PLACE = "projects/shop/locations/eu"
SET = f"{PLACE}/productSets/products"
Ask = Callable[..., Any]


def content(shape: str, colour: str) -> str:
    return base64.b64encode(photo_of(shape, colour)).decode()


def request_of(image: Any = None, *, features: Any = None, **params: Any) -> dict[str, Any]:
    """One request of images:annotate for the photo of a red chair, or for another `image`."""
    return {
        "image": {"content": content("chair", "red")} if image is None else image,
        "features": [{"type": "PRODUCT_SEARCH"}] if features is None else features,
        "imageContext": {"productSearchParams": {"productSet": SET, **params}},
    }


@pytest.fixture
def served(settings, tmp_path, transactional_db, live_server, _intact) -> Iterator[Shop]:  # noqa: F811
    """A shop with seven products, which `live_server` serves over the network."""
    settings.MEDIA_ROOT = tmp_path / "media"
    shop = Shop(settings, tmp_path)  # noqa: F811
    shop.use()
    shop.fill()
    yield shop
    wiring.reset()


@pytest.fixture
def annotate(shop, client) -> Ask:  # noqa: F811 - pytest finds it by name.
    """The whole answer to these requests."""

    def ask(*requests: Any) -> Any:
        return client.post("/v1/images:annotate", json.dumps({"requests": requests}), "application/json")

    return ask


@pytest.fixture
def queries(shop, client) -> Ask:  # noqa: F811 - pytest finds it by name.
    """The response to these requests, sent as algoliasearch sends them."""

    def ask(*requests: Any, **beside: Any) -> Any:
        return client.post("/1/indexes/*/queries", json.dumps({"requests": requests, **beside}), "text/plain")

    return ask


@pytest.fixture
def result(queries) -> Ask:
    """The result of one request of the products."""

    def ask(**params: Any) -> Any:
        response = queries({"indexName": "products", "params": params})
        assert response.status_code == 200, response.content
        return response.json()["results"][0]

    return ask


def skus(result: Any) -> list[str]:
    return [hit["sku"] for hit in result["hits"]]
