"""The tiny shop of the core's tests, with item vectors."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.core.conftest import _intact, shop, unsaved_shop  # noqa: F401 - pytest finds fixtures by name here.

if apps.is_installed("visual_search.features.personalisation"):
    from visual_search.features.personalisation.item_cache import cache

    @pytest.fixture(autouse=True)
    def _empty_cache():
        cache.forget()
        yield
        cache.forget()
else:
    collect_ignore = ["test_item_cache.py", "test_item_vectors.py", "test_rescorer.py"]
