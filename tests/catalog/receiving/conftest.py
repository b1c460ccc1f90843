"""The indexed shop of search's tests."""

from tests.search.shop import _intact, empty_shop, shop

__all__ = ["_intact", "empty_shop", "shop"]
