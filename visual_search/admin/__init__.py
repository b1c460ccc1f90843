"""What staff see of search in Django's admin."""

from visual_search.admin.indexing import KeptForGood
from visual_search.admin.keys import ApiKeyAdmin

__all__ = ["ApiKeyAdmin", "KeptForGood"]
