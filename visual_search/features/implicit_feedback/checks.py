"""What `manage.py check` says about ranking by behaviour."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from visual_search.conf import conf
from visual_search.errors import ConfigurationError
from visual_search.features.implicit_feedback.options import read

PATH = "visual_search.features.implicit_feedback.rescorer.FeedbackRescorer"


@register("visual_search")
def check_feedback(**kwargs: Any) -> list[CheckMessage]:
    try:
        read(conf.IMPLICIT_FEEDBACK)
    except ConfigurationError as problem:
        return [Error(str(problem), id="visual_search.E171")]
    # It may also be a ranking that is tried before shoppers get it; that setting is another feature's.
    if _names(getattr(settings, "VISUAL_SEARCH", {})):
        return []
    return [
        Warning(
            "Looks and choices of products are counted, but no order uses them.",
            hint=f"Add {{'BACKEND': '{PATH}'}} to VISUAL_SEARCH['RESCORERS'].",
            id="visual_search.W171",
        )
    ]


def _names(value: object) -> bool:
    """Whether the rescorer is named somewhere in this setting."""
    if isinstance(value, dict):
        return value.get("BACKEND") == PATH or any(_names(each) for each in value.values())
    return isinstance(value, list | tuple) and any(_names(each) for each in value)
