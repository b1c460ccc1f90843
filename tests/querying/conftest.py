"""Fixtures: the small indexed shop."""

from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
