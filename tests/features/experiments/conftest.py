"""A shop in which rankings are tried: two of them in the settings, and a clock that the test holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps

from tests.features.shoppers import served  # noqa: F401 - pytest finds fixtures by name here.

if apps.is_installed("visual_search.features.experiments"):
    from tests.features.query_log.shop import Shop
    from visual_search.features.experiments import current, running

    HOOK = {"BACKEND": "visual_search.features.experiments.rescorer.InterleavingRescorer"}
    RANKINGS = {
        "upside down": {"BACKEND": "tests.hooks.doubles.Reversing"},
        "by id": {"BACKEND": "tests.features.experiments.doubles.ById"},
        "greedy": {"BACKEND": "tests.features.experiments.doubles.Greedy"},
        "failing": {"BACKEND": "tests.features.experiments.doubles.Failing"},
    }

    @pytest.fixture
    def rankings(settings) -> Iterator[None]:
        settings.VISUAL_SEARCH = {
            **settings.VISUAL_SEARCH,
            "RESCORERS": [HOOK],
            "EXPERIMENT_RANKINGS": RANKINGS,
            "RESCORE_LIMIT_MS": 60_000,
        }
        current.forget()
        yield
        current.forget()

    @pytest.fixture
    def log(settings, monkeypatch, tmp_path, db, rankings) -> Iterator[Shop]:
        """The query log with a clock, which the experiment follows."""
        shop = Shop(settings, monkeypatch, tmp_path / "keys")
        shop.use()
        monkeypatch.setattr(running, "clock", lambda: shop.now)
        yield shop
        shop.close()
else:
    collect_ignore_glob = ["test_*.py"]
