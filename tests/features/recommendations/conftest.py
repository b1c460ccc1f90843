"""The tiny shop of the core's tests, with baskets."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.core.conftest import GADGETS, _intact, shop, unsaved_shop  # noqa: F401 - pytest finds fixtures by name here.
from visual_search import registry

collect_ignore_glob = [] if apps.is_installed("visual_search.features.recommendations") else ["test_*.py"]


@pytest.fixture
def told(monkeypatch) -> list:
    """What the shop's source tells of its baskets: a test puts into the list what was bought."""
    baskets: list = []
    monkeypatch.setattr(type(registry.source(GADGETS)), "baskets", lambda self, since: list(baskets), raising=False)
    return baskets
