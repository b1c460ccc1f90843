"""The owner's links between products, one by one or from a table. Products are named by their id, or by a code (the SKU)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from visual_search import csv_tables
from visual_search.content.objects import id_of
from visual_search.features.recommendations.models import MOST_PLACES, CuratedLink, Kind

NEEDED, OPTIONAL = ("item", "other"), ("kind", "position", "pinned")
COLUMNS = (*NEEDED, *OPTIONAL)
MOST_LINES = 100_000
_YES, _NO = ("1", "yes", "true"), ("", "0", "no", "false")


@dataclass(slots=True)
class Taken:
    """What became of a table: links that are new, changed or as they were, and what is wrong with the lines left out."""

    new: int = 0
    changed: int = 0
    same: int = 0
    faults: list[str] = field(default_factory=list)


def take(collection: str, data: bytes) -> Taken:
    """Keep the links of a CSV table in UTF-8 with the columns item, other, and, if wanted, kind, position and pinned.

    A line with a mistake is left out and named. Raises BadInput for what is no such table.
    """
    taken, known = Taken(), _Names(collection)
    for number, row in csv_tables.rows(data, NEEDED, OPTIONAL, most=MOST_LINES):
        wanted = _link(row, known)
        if isinstance(wanted, str):
            taken.faults.append(f"line {number}: {wanted}")
            continue
        item, other, kind, position, pinned = wanted
        link, made = CuratedLink.objects.get_or_create(
            collection=collection, item=item, other=other, kind=kind, defaults={"position": position, "pinned": pinned}
        )
        if made:
            taken.new += 1
        elif (link.position, link.pinned) == (position, pinned):
            taken.same += 1
        else:
            link.position, link.pinned = position, pinned
            link.save(update_fields=["position", "pinned"])
            taken.changed += 1
    return taken


class _Names:
    """Looks each name up once."""

    def __init__(self, collection: str) -> None:
        self._collection = collection
        self._ids: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._ids:
            self._ids[name] = id_of(self._collection, name) if name else ""
        return self._ids[name]


def _link(row: Mapping[str, str], known: _Names) -> tuple[str, str, str, int, bool] | str:
    """The link that a line tells of, or what is wrong with it."""
    names = [row[name] for name in NEEDED]
    if missing := next((name for name in names if not known[name]), None):
        return f"there is no product '{missing[:80]}' in the index"
    if not all(names):
        return "it names no two products"
    item, other = (known[name] for name in names)
    if item == other:
        return f"'{names[0]}' is linked with itself"
    kind = row["kind"] or Kind.GOES_WITH.value
    if kind not in Kind.values:
        return f"kind is '{kind[:80]}'; it must be one of {_listed(Kind.values)}"
    position = row["position"] or "0"
    if not (position.isascii() and position.isdecimal() and int(position) <= MOST_PLACES):
        return f"position is '{position[:20]}'; 0 to {MOST_PLACES} are allowed"
    pinned = row["pinned"].casefold()
    if pinned not in (*_YES, *_NO):
        return f"pinned is '{pinned[:20]}'; it must be 1 or 0"
    return item, other, kind, int(position), pinned in _YES


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)
