"""How collections, their aliases and their numbered indexes are called. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from visual_search.errors import ConfigurationError

_COLLECTION = re.compile(r"\w(?:-?\w){0,98}")  # "--" is left to our own aliases
_FORBIDDEN = re.compile(r"""[\s\\/*?"<>|,#:]""")
# https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create
_FORBIDDEN_START = ("_", "-", "+")
_GENERATION = re.compile(r"(?P<alias>.+)-v(?P<number>\d{4,})-[0-9a-f]{8}")
_PREVIOUS = "--previous"
_BUILDING = "--building"


def alias_of(prefix: str, collection: str) -> str:
    """The name that readers and writers use. Raises ConfigurationError where Elasticsearch would refuse it."""
    name = prefix + collection.lower()
    if (
        not _COLLECTION.fullmatch(collection)
        or _FORBIDDEN.search(prefix)
        or name != name.lower()
        or name.startswith(_FORBIDDEN_START)
    ):
        raise ConfigurationError(
            f"The collection '{collection}' with the index prefix '{prefix}' can't name an index. Use letters, digits, "
            "'_' and single '-', with a lower-case prefix, and begin with a letter or a digit."
        )
    return name


def previous_alias(alias: str) -> str:
    return alias + _PREVIOUS


def building_alias(index: str) -> str:
    """Names a half-made index. A write to an alias fails when that is gone; a write to an index would make one anew."""
    return index + _BUILDING


def generation_name(alias: str, number: int, fingerprint: str) -> str:
    return f"{alias}-v{number:04}-{fingerprint}"


def number_of(index: str) -> int:
    match = _GENERATION.fullmatch(index)
    return int(match["number"]) if match else 0


def generations(alias: str, indexes: Iterable[str]) -> list[str]:
    """Those that belong to this alias, oldest first. The pattern "things-v*" alone would also match those of "things-v2"."""
    own = (name for name in indexes if (match := _GENERATION.fullmatch(name)) and match["alias"] == alias)
    return sorted(own, key=lambda name: (number_of(name), name))


def served_alias(index: str, aliases: Iterable[str]) -> str | None:
    """The alias under which this index is searched now; None for foreign, earlier and half-made indexes."""
    match = _GENERATION.fullmatch(index)
    return match["alias"] if match and match["alias"] in aliases else None
