"""A shop whose clock the test holds, with keys of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps

if apps.is_installed("visual_search.features.query_log"):
    from tests.features.query_log.shop import Shop

    @pytest.fixture
    def shop(settings, monkeypatch, tmp_path, db) -> Iterator[Shop]:
        shop = Shop(settings, monkeypatch, tmp_path / "keys")
        shop.use()
        yield shop
        shop.close()
else:
    collect_ignore_glob = ["test_*.py"]
