"""The tiny shop of the search tests, with articles that help with its chairs and its lamp."""

from __future__ import annotations

import pytest
from django.apps import apps

if apps.is_installed("visual_search.features.customer_service"):
    from tests.features.customer_service.desk import Desk, fill_dangers
    from tests.search.shop import _intact, empty_shop, shop

    __all__ = ["_intact", "empty_shop", "shop"]

    @pytest.fixture
    def counter(empty_shop, settings, tmp_path) -> Desk:
        """The desk of a shop with two products and no index: for what happens to a case."""
        fill_dangers()
        desk = Desk(empty_shop, settings, tmp_path)
        desk.use()
        for sku, title in (("CHR-RED-01", "Red chair"), ("LMP-BRS-04", "Brass lamp")):
            empty_shop.add(sku, title, stock=1, price=5)
        return desk

    @pytest.fixture
    def desk(shop, settings, tmp_path) -> Desk:
        fill_dangers()
        desk = Desk(shop, settings, tmp_path)
        desk.use()
        desk.fill()
        return desk
else:
    collect_ignore_glob = ["test_*.py"]
