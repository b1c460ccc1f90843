"""Rules and synonyms do on Elasticsearch what they do on the embedded engine."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.live.moving import to_elasticsearch
from tests.search.shop import Shop, _intact, empty_shop, shop  # noqa: F401

pytestmark = pytest.mark.live

if apps.is_installed("visual_search.features.merchandising"):
    from tests.features.merchandising.desk import HOOKS, RulesOnAnEngine, no_rules_of_other_tests  # noqa: F401

    class TestElasticsearch(RulesOnAnEngine):
        @pytest.fixture
        def desk(self, shop: Shop, elasticsearch_url: str, prefix: str) -> Shop:
            return to_elasticsearch(shop, elasticsearch_url, prefix, **HOOKS)
