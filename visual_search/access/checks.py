"""What `manage.py check` says about the door: limits, where they are counted, and proxies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from visual_search.access import limits
from visual_search.conf import SETTINGS, conf
from visual_search.errors import ConfigurationError

# Their `incr` reads and writes, so two processes that ask at once are counted as one.
NOT_ATOMIC = (
    "django.core.cache.backends.db.DatabaseCache",
    "django.core.cache.backends.filebased.FileBasedCache",
    "django.core.cache.backends.dummy.DummyCache",
)
OF_ONE_PROCESS = "django.core.cache.backends.locmem.LocMemCache"


@register("visual_search")
def check_access(**kwargs: Any) -> list[CheckMessage]:
    if not isinstance(getattr(settings, "VISUAL_SEARCH", {}), dict):
        return []  # Another check says so.
    return [*_keys(conf.API_KEYS_REQUIRED), *_limits(conf.LIMITS), *_cache(conf.LIMITS_CACHE), *_proxies(conf.PROXIES)]


@register("visual_search", deploy=True)
def check_proxies_are_said(**kwargs: Any) -> list[CheckMessage]:
    """Only for `check --deploy`: on the own machine there is no proxy, and nobody to be limited."""
    if not isinstance(getattr(settings, "VISUAL_SEARCH", {}), dict) or conf.LIMITS is None or conf.PROXIES is not None:
        return []
    return [
        Warning(
            "VISUAL_SEARCH['PROXIES'] isn't set, so whoever sends X-Forwarded-For isn't limited.",
            hint="Set it to how many proxies of your own stand in front: 0 for none.",
            id="visual_search.W040",
        )
    ]


def _keys(required: object) -> Iterator[CheckMessage]:
    if not isinstance(required, bool):
        yield Error(
            f"VISUAL_SEARCH['API_KEYS_REQUIRED'] is {required!r}, but it must be True or False.",
            id="visual_search.E043",
        )


def _limits(given: object) -> Iterator[CheckMessage]:
    known: dict[str, str] = SETTINGS["LIMITS"].default
    if given is None:
        return
    if not isinstance(given, dict):
        yield Error(
            f"VISUAL_SEARCH['LIMITS'] is {given!r}, but it must be a dictionary such as {{'search': '600/min'}}, or None.",
            id="visual_search.E040",
        )
        return
    for name, rate in given.items():
        if name not in known:
            yield Error(
                f"VISUAL_SEARCH['LIMITS'] has no limit '{name}'.",
                hint=f"Known: {', '.join(known)}.",
                id="visual_search.E040",
            )
        elif rate is not None:
            try:
                limits.read(rate)
            except ConfigurationError as problem:
                yield Error(f"VISUAL_SEARCH['LIMITS']['{name}']: {problem}", id="visual_search.E040")


def _cache(alias: object) -> Iterator[CheckMessage]:
    if alias is None:
        return
    if alias not in settings.CACHES:
        yield Error(
            f"VISUAL_SEARCH['LIMITS_CACHE'] names the cache {alias!r}, which CACHES hasn't.",
            hint=f"Known: {', '.join(settings.CACHES)}. None counts in the database.",
            id="visual_search.E041",
        )
        return
    backend = import_string(str(settings.CACHES[alias]["BACKEND"]))
    path = f"{backend.__module__}.{backend.__qualname__}"
    if path in NOT_ATOMIC:
        yield Error(
            f"VISUAL_SEARCH['LIMITS_CACHE'] names the cache '{alias}', a {backend.__name__}, which loses counts.",
            hint="Name a cache on Redis or Memcached, or None to count in the database.",
            id="visual_search.E041",
        )
    elif path == OF_ONE_PROCESS and not settings.DEBUG:
        yield Warning(
            f"VISUAL_SEARCH['LIMITS_CACHE'] names the cache '{alias}', which each process has for itself.",
            hint="Name a cache on Redis or Memcached, or None to count in the database.",
            id="visual_search.W041",
        )


def _proxies(number: object) -> Iterator[CheckMessage]:
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
        yield Error(
            f"VISUAL_SEARCH['PROXIES'] is {number!r}, but it must be a whole number of proxies, or None.",
            hint=SETTINGS["PROXIES"].reason,
            id="visual_search.E042",
        )
