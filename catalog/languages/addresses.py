"""Addresses of pages with their language in front: /de/basket/. Without one the visitor's own language is meant.

Pages of the main language have no language in front where a page links to them, and are found at /en/basket/ as well: that is
the address which a search engine is told for them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import LocalePrefixPattern, URLResolver, get_script_prefix


def language_in(path: str) -> str:
    """The language that stands in front of this path; "" for none.

    >>> language_in("/de/basket/")
    'de'
    """
    first = path.removeprefix("/").partition("/")[0]
    return first if first in dict(settings.LANGUAGES) else ""


class LanguagePrefix(LocalePrefixPattern):
    """Matches with any of the shop's languages in front and without one, and makes addresses in the language that is active."""

    def match(self, path: str) -> Any:
        language = language_in(path)
        return path.removeprefix(f"{language}/") if language else path, (), {}


def in_languages(*patterns: Any) -> list[URLResolver]:
    """These addresses, each also with a language in front."""
    return [URLResolver(LanguagePrefix(prefix_default_language=False), list(patterns))]


def in_language(path: str, language: str) -> str:
    """This path of a page with this language in front, in place of another one; "" for none in front.

    >>> in_language("/de/basket/", "fr")
    '/fr/basket/'
    """
    root = get_script_prefix()
    rest = path.removeprefix(root)
    if named := language_in(f"/{rest}"):
        rest = rest.removeprefix(f"{named}/")
    return f"{root}{language}/{rest}" if language else f"{root}{rest}"
