"""What `manage.py check` says about personal order."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register
from django.urls import NoReverseMatch, reverse


@register("visual_search")
def check_memory(**kwargs: Any) -> list[CheckMessage]:
    try:
        reverse("personalisation:memory")
    except NoReverseMatch:
        return [
            Warning(
                "The page of what a device remembers has no address, so {% memory_script %} can't be shown.",
                hint='Add path("memory/", include("visual_search.features.personalisation.urls")) to urlpatterns in urls.py.',
                id="visual_search.W111",
            )
        ]
    return []
