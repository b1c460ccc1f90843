"""What `manage.py check` says about brand watch."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from visual_search import extras, registry
from visual_search.conf import conf
from visual_search.errors import ConfigurationError
from visual_search.features.brand_protection.options import read


@register("visual_search")
def check_brand_protection(**kwargs: Any) -> list[CheckMessage]:
    try:
        options = read(conf.BRAND_PROTECTION)
        for collection in options.collections:
            registry.source(collection)
    except (ConfigurationError, TypeError, AttributeError) as problem:
        return [Error(str(problem), id="visual_search.E172")]
    if not extras.installed("reading"):
        return [
            Warning(
                "Without OpenCV brand watch finds copied pictures by their looks as a whole alone.",
                hint=extras.command("reading"),
                id="visual_search.W172",
            )
        ]
    return []
