"""What `manage.py check` says about the addresses that clients of other services know."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch, reverse

from visual_search import registry
from visual_search.conf import conf


@register("visual_search")
def check_compatibility(**kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    try:
        reverse("compatibility:annotate")
    except NoReverseMatch:
        messages.append(
            Warning(
                "Clients of other services have no address here, though the app that answers them is installed.",
                hint='Add path("", include("visual_search.features.compatibility.urls")) to urlpatterns in urls.py.',
                id="visual_search.W121",
            )
        )
    known = set(registry.public())
    given = conf.COMPATIBILITY_INDEXES
    # A shop without any source hears that from the core.
    if known and (not isinstance(given, dict) or not given or not set(map(str, given.values())) <= known):
        messages.append(
            Error(
                f"VISUAL_SEARCH['COMPATIBILITY_INDEXES'] is {given!r}, but it must name collections that anybody may ask.",
                hint=f"Such as {{'products': 'products'}}. Collections: {', '.join(sorted(known))}.",
                id="visual_search.E121",
            )
        )
    return messages
