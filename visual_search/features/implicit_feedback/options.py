"""What a shop sets in `VISUAL_SEARCH["IMPLICIT_FEEDBACK"]`, checked."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.core.signals import setting_changed

from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError

SETTINGS = {
    "IMPLICIT_FEEDBACK": Setting(
        {},
        "dictionary of options",
        "From how many shoppers the order among hits learns, and how soon it forgets; see `Options`.",
    ),
}

LEAST_K = 5  # what is promised to shoppers; a shop may ask for more


@dataclass(frozen=True, slots=True)
class Options:
    """The options, each with its unit or reason. docs/how-to/ranking-by-behaviour.md explains them."""

    k: int = LEAST_K  # browsers of one day that must have seen a product, else that day counts nothing for it
    half_life_days: float = 180.0  # after so long a look and a choice count half
    least_choices: int = 200  # as decayed; below, nothing is reordered, for chance would do it
    prior_looks: float = 20.0  # a product is believed to be usual until it had about so many looks
    days: int = 400  # what wasn't seen for so long is forgotten


def read(given: Mapping[str, Any]) -> Options:
    """The options that these settings give. Raises ConfigurationError, which names the wrong one and what it may be."""
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"VISUAL_SEARCH['IMPLICIT_FEEDBACK'] is {given!r}; it is a dictionary such as {{'HALF_LIFE_DAYS': 180}}."
        )
    known = {field.name for field in fields(Options)}
    values = {str(name).lower(): value for name, value in given.items()}
    if unknown := sorted(set(values) - known):
        raise ConfigurationError(
            f"VISUAL_SEARCH['IMPLICIT_FEEDBACK'] has no option '{unknown[0].upper()}'. "
            f"Known: {', '.join(sorted(name.upper() for name in known))}."
        )
    for name, least in (("k", LEAST_K), ("least_choices", 1), ("days", 1)):
        value = values.get(name, least)
        if type(value) is not int or value < least:
            raise ConfigurationError(
                f"VISUAL_SEARCH['IMPLICIT_FEEDBACK']['{name.upper()}'] is {value!r}; "
                f"it must be a whole number from {least} on."
            )
    for name in ("half_life_days", "prior_looks"):
        value = values.get(name, 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise ConfigurationError(
                f"VISUAL_SEARCH['IMPLICIT_FEEDBACK']['{name.upper()}'] is {value!r}; it must be a number above 0."
            )
    return Options(**values)


@functools.cache
def options() -> Options:
    """The options of this shop's settings."""
    return read(conf.IMPLICIT_FEEDBACK)


def _changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        options.cache_clear()


setting_changed.connect(_changed)
