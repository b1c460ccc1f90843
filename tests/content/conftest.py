"""Fixtures: the tiny shop."""

from tests.core.conftest import _intact, live_shop, shop, unsaved_shop  # noqa: F401
from tests.live.conftest import elasticsearch_url, prefix  # noqa: F401
