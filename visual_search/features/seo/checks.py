"""What `manage.py check` says about what search engines are told."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch, reverse

from visual_search.errors import ConfigurationError
from visual_search.features.seo.options import site_path


@register("visual_search")
def check_seo(**kwargs: Any) -> list[CheckMessage]:
    try:
        site_path()
    except ConfigurationError as problem:
        return [Error(str(problem), id="visual_search.E175")]
    try:
        reverse("seo:robots")
    except NoReverseMatch:
        return [
            Warning(
                "Search engines find no robots.txt and no sitemap.",
                hint='Add path("", include("visual_search.features.seo.urls")) to the shop\'s addresses, outside of '
                "i18n_patterns.",
                id="visual_search.W175",
            )
        ]
    return []
