"""`manage.py check` finds addresses that aren't included, and names that lead to no collection."""

from __future__ import annotations

import pytest

from visual_search import registry
from visual_search.features.compatibility.checks import check_compatibility


def ids(settings, **search) -> list[str]:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, **search}
    return [message.id for message in check_compatibility()]


def test_a_good_set_up_is_silent(settings) -> None:
    assert ids(settings) == []
    assert ids(settings, COMPATIBILITY_INDEXES={"prod_SHOP": "products", "tools": "gadgets"}) == []


def test_addresses_that_are_not_included_are_asked_for(settings) -> None:
    settings.ROOT_URLCONF = "tests.core.urls_without_features"
    assert ids(settings) == ["visual_search.W121"]


@pytest.mark.parametrize("value", [{}, {"products": "goods"}, ["products"], None, "products", {"a": ["products"]}])
def test_names_that_lead_nowhere_are_an_error(settings, value) -> None:
    assert ids(settings, COMPATIBILITY_INDEXES=value) == ["visual_search.E121"]


def test_a_collection_that_is_not_public_stays_closed(shop, client, settings, monkeypatch) -> None:
    monkeypatch.setattr(type(registry.source("gadgets")), "public", False)
    assert ids(settings, COMPATIBILITY_INDEXES={"tools": "gadgets"}) == ["visual_search.E121"]
    shop.use(COMPATIBILITY_INDEXES={"products": "products", "tools": "gadgets"})
    assert client.get("/v1/projects/a/locations/b/productSets/tools/products").status_code == 503
    assert client.post("/1/indexes/*/queries", '[{"indexName": "tools"}]', "text/plain").status_code == 503


def test_a_setting_that_names_nothing_is_no_bug_of_the_server(shop, client) -> None:
    shop.use(COMPATIBILITY_INDEXES={})
    assert client.get("/v1/projects/a/locations/b/products").status_code == 503
    assert client.post("/1/indexes/*/queries", "[{}]", "text/plain").status_code == 503
    shop.use(COMPATIBILITY_INDEXES={"products": "nothing"})
    assert client.get("/v1/projects/a/locations/b/products").status_code == 503
    assert client.post("/1/indexes/*/queries", '[{"indexName": "products"}]', "text/plain").status_code == 503
