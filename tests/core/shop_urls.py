"""The addresses of the reference shop without some of them."""

from __future__ import annotations

from catalog.languages.addresses import LanguagePrefix, in_languages
from config.urls import urlpatterns as shop


def without(*names: str) -> list[object]:
    """All but those that were included under these names, with a language in front or not."""

    def is_kept(entry: object) -> bool:
        return getattr(entry, "app_name", "") not in names

    kept: list[object] = []
    for entry in filter(is_kept, shop):
        if isinstance(entry.pattern, LanguagePrefix):
            kept += in_languages(*filter(is_kept, entry.url_patterns))
        else:
            kept.append(entry)
    return kept
