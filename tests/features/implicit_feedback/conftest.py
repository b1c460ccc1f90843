"""The small indexed shop, in which nothing is known of what shoppers choose until a test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps

from tests.features.shoppers import served  # noqa: F401 - pytest finds fixtures by name here.
from tests.search.shop import _intact, empty_shop, shop  # noqa: F401 - pytest finds fixtures by name here.

if apps.is_installed("visual_search.features.implicit_feedback"):
    from visual_search.features.implicit_feedback import current

    @pytest.fixture(autouse=True)
    def _nothing_remembered() -> Iterator[None]:
        current.forget()
        yield
        current.forget()
else:
    collect_ignore_glob = ["test_*.py"]
