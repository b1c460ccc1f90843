"""What a shop sets in `VISUAL_SEARCH["BRAND_PROTECTION"]`, checked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError
from visual_search.features.brand_protection.gallery import CANDIDATES

SETTINGS = {
    "BRAND_PROTECTION": Setting(
        {}, "dictionary of options", "Which offers are watched for pictures of brands, and how; see `Options`."
    ),
}
_SHARES = ("far_below",)
_COUNTS = ("candidates", "least_prices", "keep_days")


@dataclass(frozen=True, slots=True)
class Options:
    """The options, each with its unit or reason. docs/how-to/brand-protection.md explains them."""

    collections: tuple[str, ...] = ()  # of the shop, whose offers are watched as they are saved
    seller_facet: str = "seller"  # the facet of these collections that names who offers
    storage: str = "private"  # of STORAGES: where pictures of listings are kept
    read: bool = False  # whether words are read in listings' pictures, which takes half a second each
    candidates: int = CANDIDATES  # genuine pictures that are compared point by point, for each way of looking
    far_below: float = 0.5  # share of the median price under which a price is far below
    least_prices: int = 5  # fewer prices give no median
    keep_days: int = 90  # after so many, the picture of a listing without a case is deleted
    site: str = ""  # such as https://shop.example: stands before the paths of the shop's own offers
    sender_name: str = ""  # who signs notices; the name of the user who sends one by default
    insecure_webhooks: bool = False  # whether webhooks may go to http and to addresses of the own network


def read(given: Mapping[str, Any]) -> Options:
    """The options that these settings give. Raises ConfigurationError, which names the wrong one and what it may be."""
    known = {field.name for field in fields(Options)}
    values = {str(name).lower(): value for name, value in given.items()}
    if unknown := sorted(set(values) - known):
        raise ConfigurationError(
            f"VISUAL_SEARCH['BRAND_PROTECTION'] has no option '{unknown[0].upper()}'. "
            f"Known: {', '.join(sorted(name.upper() for name in known))}."
        )
    collections = values.pop("collections", ())
    if isinstance(collections, str) or not all(isinstance(one, str) for one in collections):
        raise _wrong("COLLECTIONS", collections, "a list of names of collections")
    for name in _COUNTS:
        value = values.get(name, 1)
        if type(value) is not int or value < 1:
            raise _wrong(name.upper(), value, "a whole number from 1 on")
    for name in _SHARES:
        value = values.get(name, 0.5)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise _wrong(name.upper(), value, "a share between 0 and 1")
    for name in ("read", "insecure_webhooks"):
        if not isinstance(values.get(name, False), bool):
            raise _wrong(name.upper(), values[name], "True or False")
    for name in ("seller_facet", "storage", "site", "sender_name"):
        if not isinstance(values.get(name, ""), str):
            raise _wrong(name.upper(), values[name], "a text")
    made = Options(**values, collections=tuple(collections))
    if made.storage not in settings.STORAGES:
        raise ConfigurationError(
            f"VISUAL_SEARCH['BRAND_PROTECTION']['STORAGE'] is '{made.storage}', which STORAGES of the settings doesn't have: "
            f"{', '.join(sorted(settings.STORAGES))}. Add one that no web server serves, or name one of them."
        )
    return made


def _wrong(name: str, value: object, what: str) -> ConfigurationError:
    return ConfigurationError(f"VISUAL_SEARCH['BRAND_PROTECTION']['{name}'] is {value!r}; it must be {what}.")


@functools.cache
def options() -> Options:
    """The options of this shop's settings."""
    return read(conf.BRAND_PROTECTION)


def _changed(*, setting: str, **kwargs: Any) -> None:
    if setting in ("VISUAL_SEARCH", "STORAGES"):
        options.cache_clear()


setting_changed.connect(_changed)
