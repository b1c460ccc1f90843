"""The tiny shop of the core's tests, with baskets."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.core.conftest import GADGETS, _intact, shop, unsaved_shop  # noqa: F401 - pytest finds fixtures by name here.
from tests.features.recommendations.lists import furnish
from tests.search.shop import empty_shop  # noqa: F401 - as above
from visual_search import registry
from visual_search.features.recommendations import facts, lists, nearest

collect_ignore_glob = [] if apps.is_installed("visual_search.features.recommendations") else ["test_*.py"]


@pytest.fixture
def told(monkeypatch) -> list:
    """What the shop's source tells of its baskets: a test puts into the list what was bought."""
    baskets: list = []
    monkeypatch.setattr(type(registry.source(GADGETS)), "baskets", lambda self, since: list(baskets), raising=False)
    return baskets


@pytest.fixture
def furnished(empty_shop):  # noqa: F811
    """The reference shop with furniture, and nothing remembered of another test's shop."""
    for module in (facts, lists, nearest):
        module.forget()
    furnish(empty_shop)
    yield empty_shop
    for module in (facts, lists, nearest):
        module.forget()
