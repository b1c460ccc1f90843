"""What staff see of search in Django's admin."""

from visual_search.admin.indexing import KeptForGood
from visual_search.admin.keys import ApiKeyAdmin
from visual_search.admin.lists import NamedFields

__all__ = ["ApiKeyAdmin", "KeptForGood", "NamedFields"]
