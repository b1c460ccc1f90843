"""A brand whose genuine pictures are pictures of the demo shop, and listings that show them altered."""

from __future__ import annotations

import pytest
from django.apps import apps

if apps.is_installed("visual_search.features.brand_protection"):
    from tests.features.brand_protection.market import Market, fresh_files

    __all__ = ["fresh_files"]

    @pytest.fixture
    def market(db, fresh_files) -> Market:
        return Market()
else:
    collect_ignore_glob = ["test_*.py"]
