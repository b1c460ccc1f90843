"""A shop of a test is moved to Elasticsearch, to be asked there what it was asked on the embedded engine."""

from __future__ import annotations

from typing import Any

from tests.search.shop import Shop
from visual_search import rebuilding, wiring


def to_elasticsearch(shop: Shop, url: str, prefix: str, **more: Any) -> Shop:
    """The same shop, filled there. `more`: settings that hold from then on."""
    engine = {
        "BACKEND": "visual_search.engines.elasticsearch.ElasticsearchEngine",
        "OPTIONS": {"hosts": url, "index_prefix": prefix},
    }
    shop.use(ENGINE=engine, **more)
    rebuilding.rebuild("products")
    wiring.engine().refresh("products")
    return shop
