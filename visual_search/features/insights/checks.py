"""What `manage.py check` says about insights."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from visual_search.conf import conf
from visual_search.errors import ConfigurationError
from visual_search.features.insights.options import read


@register("visual_search")
def check_insights(**kwargs: Any) -> list[CheckMessage]:
    try:
        read(conf.INSIGHTS)
    except (ConfigurationError, TypeError) as problem:
        return [Error(str(problem), id="visual_search.E141")]
    return []
