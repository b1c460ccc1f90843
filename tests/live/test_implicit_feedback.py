"""The order by behaviour is on Elasticsearch what it is on the embedded engine."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.search.shop import Shop, _intact, empty_shop, shop  # noqa: F401
from visual_search import rebuilding, wiring

pytestmark = pytest.mark.live

if apps.is_installed("visual_search.features.implicit_feedback"):
    from tests.features.implicit_feedback.conftest import _nothing_remembered  # noqa: F401
    from tests.features.implicit_feedback.scripted import HOOKS, OrderOnAnEngine

    class TestElasticsearch(OrderOnAnEngine):
        @pytest.fixture
        def desk(self, shop: Shop, elasticsearch_url: str, prefix: str) -> Shop:
            engine = {
                "BACKEND": "visual_search.engines.elasticsearch.ElasticsearchEngine",
                "OPTIONS": {"hosts": elasticsearch_url, "index_prefix": prefix},
            }
            shop.use(ENGINE=engine, **HOOKS)
            rebuilding.rebuild("products")
            wiring.engine().refresh("products")
            return shop
