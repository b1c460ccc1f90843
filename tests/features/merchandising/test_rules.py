"""Rules and synonyms on the embedded engine."""

from __future__ import annotations

import pytest

from tests.features.merchandising.desk import HOOKS, RulesOnAnEngine
from tests.search.shop import Shop


class TestEmbedded(RulesOnAnEngine):
    @pytest.fixture
    def desk(self, shop: Shop) -> Shop:
        shop.use(**HOOKS)
        return shop
