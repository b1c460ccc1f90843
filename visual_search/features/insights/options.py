"""What a shop sets in `VISUAL_SEARCH["INSIGHTS"]`, checked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.core.signals import setting_changed

from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError

SETTINGS = {
    "INSIGHTS": Setting(
        {}, "dictionary of options", "What is counted of searches for staff, and for how long; see `Options`."
    ),
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options, each with its unit or reason. docs/how-to/insights.md explains them."""

    k: int = 5  # clients of a day that must share a value before it is named
    days: int = 400  # how long counts are kept: a year and a month, to compare seasons
    deep: int = 8  # a click behind this place is far down: two rows of a wide page
    calibration_days: int = 90  # after so long the shop's pictures are others than those that grades were learned from
    recipients: tuple[str, ...] = ()  # who gets the weekly report


def read(given: Mapping[str, Any]) -> Options:
    """The options that these settings give. Raises ConfigurationError, which names the wrong one and what it may be."""
    known = {field.name for field in fields(Options)}
    values = {name.lower(): value for name, value in given.items()}
    if unknown := sorted(set(values) - known):
        raise ConfigurationError(
            f"VISUAL_SEARCH['INSIGHTS'] has no option '{unknown[0].upper()}'. "
            f"Known: {', '.join(sorted(name.upper() for name in known))}."
        )
    recipients = values.pop("recipients", ())
    if isinstance(recipients, str) or not all(isinstance(one, str) and "@" in one for one in recipients):
        raise ConfigurationError(
            f"VISUAL_SEARCH['INSIGHTS']['RECIPIENTS'] is {recipients!r}; it must be a list of mail addresses."
        )
    for name, least in (("k", 2), ("days", 1), ("deep", 1), ("calibration_days", 1)):
        value = values.get(name, least)
        if type(value) is not int or value < least:
            raise ConfigurationError(
                f"VISUAL_SEARCH['INSIGHTS']['{name.upper()}'] is {value!r}; it must be a whole number from {least} on."
            )
    return Options(**values, recipients=tuple(recipients))


@functools.cache
def options() -> Options:
    """The options of this shop's settings."""
    return read(conf.INSIGHTS)


def _changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        options.cache_clear()


setting_changed.connect(_changed)
