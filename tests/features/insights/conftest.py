"""A log whose clock the test holds, as tests of the query log have it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps

if apps.is_installed("visual_search.features.insights") and apps.is_installed("visual_search.features.query_log"):
    from tests.features.query_log.shop import Shop

    @pytest.fixture
    def shop(settings, monkeypatch, tmp_path, db) -> Iterator[Shop]:
        # A day of ten thousand questions is written in fewer transactions.
        monkeypatch.setattr("visual_search.features.query_log.collecting.ROWS_TO_HIDE_AMONG", 2_000)
        shop = Shop(settings, monkeypatch, tmp_path / "keys")
        shop.use()
        yield shop
        shop.close()
else:
    collect_ignore_glob = ["test_*.py"]
