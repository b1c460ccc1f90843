"""What `manage.py check` says about rules and synonyms."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from visual_search.conf import conf

HOOKS = {
    "REWRITERS": "visual_search.features.merchandising.rewriter.MerchandisingRewriter",
    "RESCORERS": "visual_search.features.merchandising.rescorer.MerchandisingRescorer",
    "CURATORS": "visual_search.features.merchandising.curator.MerchandisingCurator",
}


@register("visual_search")
def check_hooks(**kwargs: Any) -> list[CheckMessage]:
    return [
        Warning(
            f"Rules can be written, but only some of what they say is done: VISUAL_SEARCH['{setting}'] lacks their part.",
            hint=f"Add {{'BACKEND': '{path}'}} to it.",
            id="visual_search.W131",
        )
        for setting, path in HOOKS.items()
        if not _names(getattr(conf, setting), path)
    ]


def _names(value: object, path: str) -> bool:
    items = value if isinstance(value, list | tuple) else ()
    return any(isinstance(item, dict) and item.get("BACKEND") == path for item in items)
