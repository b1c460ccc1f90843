"""Fixtures: the small indexed shop."""

from tests.search.shop import _intact, empty_shop, gadgets, shop  # noqa: F401
