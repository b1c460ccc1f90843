"""What a shop sets: the rankings that may be tried against its own."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from django.core.signals import setting_changed

from visual_search import wiring
from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError
from visual_search.hooks import Rescorer

SETTINGS = {
    "EXPERIMENT_RANKINGS": Setting(
        {},
        "dictionary: name -> rescorer",
        "Rankings that may be tried against the shop's own. They stand here, so that nobody names code in the admin.",
    ),
}
SHOPS_OWN = ""  # stands for the hits as they come


def names() -> tuple[str, ...]:
    """The names of the rankings that may be tried. Raises ConfigurationError."""
    return tuple(_given())


@functools.cache
def ranking(name: str) -> Rescorer:
    """The ranking of this name, built once in a process. Raises ConfigurationError that names the mend."""
    given = _given()
    if name not in given:
        raise ConfigurationError(
            f"VISUAL_SEARCH['EXPERIMENT_RANKINGS'] has no ranking '{name[:80]}'. Known: {', '.join(given) or 'none'}."
        )
    return wiring.named_hook("EXPERIMENT_RANKINGS", "RESCORERS", given[name])


def _given() -> Mapping[str, Any]:
    given = conf.EXPERIMENT_RANKINGS
    if not isinstance(given, Mapping) or not all(isinstance(name, str) and name.strip() for name in given):
        raise ConfigurationError(
            f"VISUAL_SEARCH['EXPERIMENT_RANKINGS'] is {given!r}; it is a dictionary such as "
            "{'newest first': {'BACKEND': 'shop.rankings.NewestFirst', 'OPTIONS': {...}}}."
        )
    if long := next((name for name in given if len(name) > LONGEST_NAME), None):
        raise ConfigurationError(
            f"VISUAL_SEARCH['EXPERIMENT_RANKINGS']: '{long[:80]}' is longer than {LONGEST_NAME} characters."
        )
    return given


LONGEST_NAME = 60  # characters, as the table keeps it


def _changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        ranking.cache_clear()


setting_changed.connect(_changed)
