"""What `manage.py check` says about experiments."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from visual_search import wiring
from visual_search.errors import ConfigurationError
from visual_search.features.experiments import options
from visual_search.features.experiments.rescorer import InterleavingRescorer


@register("visual_search")
def check_experiments(**kwargs: Any) -> list[CheckMessage]:
    try:
        for name in options.names():
            options.ranking(name)
    except ConfigurationError as problem:
        return [Error(str(problem), id="visual_search.E151")]
    try:
        hooks = [cls for cls, _ in wiring.resolve_hooks("RESCORERS")]
    except ConfigurationError:
        return []  # The core says it.
    if options.names() and not any(issubclass(cls, InterleavingRescorer) for cls in hooks):
        path = f"{InterleavingRescorer.__module__}.{InterleavingRescorer.__name__}"
        return [
            Warning(
                "VISUAL_SEARCH['EXPERIMENT_RANKINGS'] names rankings, but no question would see them.",
                hint=f"Add {{'BACKEND': '{path}'}} to VISUAL_SEARCH['RESCORERS'].",
                id="visual_search.W151",
            )
        ]
    return []
