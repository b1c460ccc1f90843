"""The category tree, which the products make: a level exists as long as a published product stands on it or below it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count
from django.utils.text import slugify

from catalog.languages.names import category_names
from catalog.models import Product
from visual_search.types import PATH_SEPARATOR, path_prefixes


@dataclass(frozen=True, slots=True)
class Category:
    """`path` is 'Home > Office', `slug` is 'home/office', `count` counts published products here and below."""

    path: str
    slug: str
    count: int
    translated: str = ""  # its name in the language of the page, where the shop has one

    @property
    def name(self) -> str:
        return self.translated or self.path.rpartition(PATH_SEPARATOR)[2]

    def holds(self, path: str) -> bool:
        """Whether this path is the category's own or lies below it."""
        return path == self.path or path.startswith(self.path + PATH_SEPARATOR)

    @property
    def parent(self) -> str:
        return self.path.rpartition(PATH_SEPARATOR)[0]


def _plain_slug(path: str) -> str:
    """'Home > Living room' -> 'home/living-room'."""
    return "/".join(slugify(part, allow_unicode=True) or "-" for part in path.split(PATH_SEPARATOR))


def all_categories(language: str | None = None) -> list[Category]:
    """Every level with published products on it or below it, in order of path. One query; one more for names of a language."""
    counts: Counter[str] = Counter()
    rows = Product.objects.published().exclude(category="").values_list("category").annotate(Count("pk")).order_by()
    for path, count in rows:
        for prefix in path_prefixes(path):
            counts[prefix] += count
    slugs: dict[str, str] = {}  # slug -> path
    for path in sorted(counts):
        slug = plain = _plain_slug(path)
        number = 2
        while slug in slugs:
            # Without a number, "C++" and "C#" would share an address, and one of them would have no page.
            slug, number = f"{plain}-{number}", number + 1
        slugs[slug] = path
    names = category_names(language)
    return [Category(path, slug, counts[path], names.get(path, "")) for slug, path in slugs.items()]


def shown_first(categories: list[Category]) -> list[Category]:
    """The categories for the navigation: those of the top level; if that is a single one, those below it."""
    top = [category for category in categories if not category.parent]
    if len(top) == 1:
        return [category for category in categories if category.parent == top[0].path] or top
    return top
