"""Addresses of pages with their language in front: /de/basket/. Without one the visitor's own language is meant.

Pages of the main language have no language in front where a page links to them, and are found at /en/basket/ as well: that is
the address which a search engine is told for them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import LocalePrefixPattern, URLResolver, get_script_prefix
from django.urls.base import translate_url

LONGEST = 1_000  # characters of an address that is named in each language; an answer repeats no long text of a stranger


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


def alternates(request: HttpRequest) -> list[tuple[str, str]]:
    """(language, full address) of this page in each language, for search engines; none for an address without languages.

    "x-default" is the address that chooses by what the visitor's browser asks for.
    """
    if request.method != "GET" or request.resolver_match is None:
        return []
    path = request.get_full_path()
    if len(path) > LONGEST:
        return []
    plain = translate_url(path, settings.LANGUAGE_CODE)
    found = [(code, translate_url(path, code)) for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    if any(address == path and code != language_in(request.path_info) for code, address in found):
        return []  # Nothing changes with the language, such as below the admin.
    root = get_script_prefix()
    found += [
        (settings.LANGUAGE_CODE, f"{root}{settings.LANGUAGE_CODE}/{plain.removeprefix(root)}"),
        ("x-default", plain),
    ]
    return [(code, request.build_absolute_uri(address)) for code, address in found]
