"""What `manage.py check` says about recommendations."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from visual_search.errors import ConfigurationError
from visual_search.features.recommendations import options


@register("visual_search")
def check_recommendations(**kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    for read in (options.sensitive, options.clients, options.days, options.model, options.series, options.variety):
        try:
            read()
        except ConfigurationError as problem:
            problems.append(Error(str(problem), id="visual_search.E161"))
    return problems
