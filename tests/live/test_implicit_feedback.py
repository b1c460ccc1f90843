"""The order by behaviour is on Elasticsearch what it is on the embedded engine."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.live.moving import to_elasticsearch
from tests.search.shop import Shop, _intact, empty_shop, shop  # noqa: F401

pytestmark = pytest.mark.live

if apps.is_installed("visual_search.features.implicit_feedback"):
    from tests.features.implicit_feedback.conftest import _nothing_remembered  # noqa: F401
    from tests.features.implicit_feedback.scripted import HOOKS, OrderOnAnEngine

    class TestElasticsearch(OrderOnAnEngine):
        @pytest.fixture
        def desk(self, shop: Shop, elasticsearch_url: str, prefix: str) -> Shop:
            return to_elasticsearch(shop, elasticsearch_url, prefix, **HOOKS)
