"""The names under which callers know the shop's collections, and the ids under which they know its objects."""

from __future__ import annotations

from collections.abc import Mapping

from visual_search import registry
from visual_search.conf import conf
from visual_search.errors import BadInput, ConfigurationError
from visual_search.registry import Source


def names() -> Mapping[str, str]:
    """Name -> collection, as `COMPATIBILITY_INDEXES` says. The first is the one whose objects are known by their id alone.

    Raises ConfigurationError.
    """
    given: Mapping[str, str] = conf.COMPATIBILITY_INDEXES
    if not isinstance(given, Mapping) or not given:
        raise ConfigurationError(
            f"VISUAL_SEARCH['COMPATIBILITY_INDEXES'] is {given!r}; it must name a collection, as in "
            "{'products': 'products'}."
        )
    public = registry.public()
    closed = [collection for collection in given.values() if collection not in public]
    if closed:
        raise ConfigurationError(
            f"VISUAL_SEARCH['COMPATIBILITY_INDEXES'] names {closed[0]!r}, which isn't a collection that anybody may ask. "
            f"Those are: {', '.join(public) or 'none'}."
        )
    return given


def source_of(name: str, *, what: str) -> Source:
    """The source behind a name. Raises BadInput (404) for one that isn't offered."""
    collection = names().get(name)
    if collection is None:
        known = ", ".join(names())
        raise BadInput(f"There is no {what} '{name[:80]}' here. Known: {known}.", field=what, status=404)
    return registry.source(collection)


def public_id(name: str, id: str) -> str:
    """The id under which callers know an object: its own, and with the name before it if it isn't of the first name."""
    return id if name == next(iter(names())) else f"{name}.{id}"


def named_id(public: str) -> tuple[str, str]:
    """The name and the object's own id. An id that stands for no object of a named collection is one of the first name."""
    first, *others = names()
    for name in others:
        if public.startswith(f"{name}."):
            return name, public.removeprefix(f"{name}.")
    return first, public
