"""What `manage.py check` says about the REST API: its limits, and what it no longer needs in the shop's own settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from visual_search.conf import conf

OURS = "visual_search.api.problems.exception_handler"


@register("visual_search")
def check_api(**kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if getattr(settings, "REST_FRAMEWORK", {}).get("EXCEPTION_HANDLER") == OURS:
        messages.append(
            Warning(
                "REST_FRAMEWORK['EXCEPTION_HANDLER'] is the one of search, which rewrites the errors of your own API.",
                hint="Remove it: search needs no entry in REST_FRAMEWORK.",
                id="visual_search.W013",
            )
        )
    if isinstance(getattr(settings, "VISUAL_SEARCH", {}), dict):
        messages += _throttles(conf.API_THROTTLES)
    return messages


def _throttles(named: object) -> Iterator[CheckMessage]:
    if not isinstance(named, list | tuple) or not all(isinstance(path, str) for path in named):
        yield Error(
            f"VISUAL_SEARCH['API_THROTTLES'] is {named!r}, but it must be a list of dotted paths.",
            hint="Such as ['rest_framework.throttling.ScopedRateThrottle'].",
            id="visual_search.E002",
        )
        return
    for path in named:
        try:
            import_string(path)
        except ImportError as problem:
            yield Error(
                f"VISUAL_SEARCH['API_THROTTLES'] names '{path}', which can't be imported.",
                hint=f"Correct the path: {problem}.",
                id="visual_search.E003",
            )
