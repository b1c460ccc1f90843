"""What a shop sets in `VISUAL_SEARCH["QUERY_LOG"]`, checked, and the keys that these options ask for."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.core.signals import setting_changed

from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError
from visual_search.privacy.keys import DAY_SECONDS, EpochKeys, FolderKeyStore, KeyStore, MemoryKeyStore
from visual_search.privacy.ledger import Budget, Cost
from visual_search.privacy.noise import PublicKeys, Release

SETTINGS = {
    "QUERY_LOG": Setting(
        {}, "dictionary of options", "What may be studied of questions, and for how long; see `Options`."
    ),
}

SETTLE_SECONDS = 1800.0  # after midnight: within this time other processes write their last rows of the day
TALLY_GRACE = 2.0 * DAY_SECONDS  # and never longer than a window, else the key of the one between would be gone

clock = time.time  # One clock for keys, rows and time limits. Tests put another one here.


def now() -> float:
    """Seconds since 1970."""
    return clock()


class Mode(StrEnum):
    OFF = "off"
    COUNTERS = "counters"  # rates only: no row, no text
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Options:
    """The options, each with its unit or reason. docs/how-to/query-log.md explains them."""

    mode: Mode = Mode.ANONYMOUS
    key_folder: Path | None = None  # None: keys live in this process alone. Several processes need one folder on tmpfs.
    site: str = "shop"  # pseudonyms of two sites never match
    k: int = 10  # clients a day from which a text becomes readable for staff
    weeks: bool = False  # whether texts that k clients typed within a week become readable, too
    rows_hours: int = 48  # how long single rows are kept
    counts_days: int = 400  # how long counts are kept: a year and a month, to compare seasons
    window_days: int = 28  # data of these days enters one public release
    epsilon: float = 1.0
    delta: float = 1e-6
    per_client: int = 3  # different texts that one client-day adds to public counts, and as many products or categories
    epsilon_products: float = 0.5  # of the public list of products
    epsilon_categories: float = 0.5  # of the public list of categories and seen labels
    epsilon_cap: float = 2.0  # of all public lists of a window together
    in_background: bool = True  # False: the question that fills the buffer waits until it is written

    @property
    def readable_from(self) -> int:
        """How many contributions in a window make a text readable. One client on every day of the window isn't enough."""
        return max(self.k, self.window_days + 1)

    @property
    def release(self) -> Release:
        """The terms of the public list of texts."""
        return Release(
            epsilon=_exact(self.epsilon),
            delta=Fraction(self.delta).limit_denominator(10**12),
            per_client=self.per_client,
            readable_from=self.readable_from,
        )

    @property
    def products(self) -> PublicKeys:
        """The terms of the public list of products."""
        return PublicKeys(_exact(self.epsilon_products), self.per_client)

    @property
    def categories(self) -> PublicKeys:
        """The terms of the public list of categories and labels: a client-day adds to few of both together."""
        return PublicKeys(_exact(self.epsilon_categories), self.per_client)

    @property
    def budget(self) -> Budget:
        """What the lists of one window may cost."""
        texts = self.release.cost
        shares = {"texts": texts, "products": self.products.cost, "categories": self.categories.cost}
        return Budget(Cost(_exact(self.epsilon_cap), texts.delta), shares)


def read(given: Mapping[str, Any]) -> Options:
    """The options that these settings give. Raises ConfigurationError, which names the wrong one and what it may be."""
    known = {field.name: field for field in fields(Options)}
    values = {name.lower(): value for name, value in given.items()}
    if unknown := sorted(set(values) - set(known)):
        raise ConfigurationError(
            f"VISUAL_SEARCH['QUERY_LOG'] has no option '{unknown[0].upper()}'. "
            f"Known: {', '.join(name.upper() for name in known)}."
        )
    if "mode" in values:
        try:
            values["mode"] = Mode(values["mode"])
        except ValueError:
            raise ConfigurationError(
                f"VISUAL_SEARCH['QUERY_LOG']['MODE'] is {values['mode']!r}; it may be {', '.join(Mode)}."
            ) from None
    if values.get("key_folder") is not None:
        values["key_folder"] = Path(values["key_folder"])
    options = Options(**values)
    if options.k < 2 or min(options.rows_hours, options.counts_days, options.window_days) < 1:
        raise ConfigurationError("VISUAL_SEARCH['QUERY_LOG']: K is at least 2; hours and days are at least 1.")
    try:
        options.budget  # noqa: B018 - it refuses numbers that promise nothing, and shares that pass the cap.
    except ValueError as problem:
        raise ConfigurationError(f"VISUAL_SEARCH['QUERY_LOG']: {problem}") from problem
    return options


def _exact(number: float) -> Fraction:
    return Fraction(number).limit_denominator(10**6)


@functools.cache
def options() -> Options:
    """The options of this shop's settings."""
    return read(conf.QUERY_LOG)


@functools.cache
def _store() -> KeyStore:
    folder = options().key_folder
    return MemoryKeyStore() if folder is None else FolderKeyStore(folder)


@functools.cache
def day_keys() -> EpochKeys:
    """The keys that close the rows of each day."""
    return EpochKeys(_store(), series="day", clock=now)


@functools.cache
def week_keys() -> EpochKeys:
    """The keys of the weeks, where texts are read by week, too."""
    return EpochKeys(_store(), series="week", days=7, clock=now)


@functools.cache
def window_keys() -> EpochKeys:
    """The keys of the windows, whose texts enter one public list each."""
    return EpochKeys(_store(), series="window", days=options().window_days, clock=now)


@functools.cache
def tally_keys() -> EpochKeys:
    """The keys that close the tallies of windows. They outlive their window a little, for lists that are made late."""
    days = options().window_days
    return EpochKeys(_store(), series="tally", days=days, grace=min(TALLY_GRACE, days * DAY_SECONDS), clock=now)


def forget() -> None:
    """Read the settings anew. Keys in memory are lost by that; keys in a folder stay."""
    for cached in (options, _store, day_keys, week_keys, window_keys, tally_keys):
        cached.cache_clear()


def _changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        forget()


setting_changed.connect(_changed)
