"""What a shop tells us about an object, and what a result tile shows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FacetValue = str | float | bool | tuple[str, ...] | None
PATH_SEPARATOR = " > "


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an object. `load` gives the file's bytes on demand; `id` is stable over saves."""

    id: str
    load: Callable[[], bytes]
    position: int = 0
    role: str = "main"
    url: str = ""

    @classmethod
    def from_file(cls, file: Any, id: Any, position: int = 0, role: str = "main") -> Picture:
        """The picture of a model's file: what an `ImageField` or a `FileField` holds, in whichever storage."""

        def load() -> bytes:
            with file.open("rb") as opened:
                return bytes(opened.read())

        return cls(str(id), load, position, role, file.url)


@dataclass(frozen=True, slots=True)
class Text:
    """What an object says in one language."""

    title: str
    description: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """What a result tile shows. `price` is already formatted for people.

    REST answers and their OpenAPI schema show these fields too, in this order and by themselves (api/tiles.py). In a
    field's metadata "rest" is its name there, where that is another one (None: it stays out), and "help" what
    OpenAPI says of it.
    """

    id: str
    sku: str
    title: str
    url: str
    image_url: str = field(default="", metadata={"rest": "image"})
    price: str = ""
    subtitle: str = field(default="", metadata={"rest": None})
    in_stock: bool = True


class FacetKind(StrEnum):
    KEYWORD = "keyword"  # one string, or several
    PATH = "path"  # "Home > Office": a filter on any prefix matches
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class FacetField:
    """`searchable`: whether words find its values, such as a brand or a category; numbers and yes or no are never words."""

    name: str
    kind: FacetKind
    label: str = ""
    searchable: bool = True


# What nearly every shop has, by the names that `Source.card` reads.
CATEGORY = FacetField("category", FacetKind.PATH, "Category")
PRICE = FacetField("price", FacetKind.NUMBER, "Price")
IN_STOCK = FacetField("in_stock", FacetKind.BOOLEAN, "In stock")


def path_prefixes(path: str) -> tuple[str, ...]:
    """'Home > Office > Desk' -> ('Home', 'Home > Office', 'Home > Office > Desk')."""
    parts = [part.strip() for part in path.split(">") if part.strip()]
    return tuple(PATH_SEPARATOR.join(parts[: n + 1]) for n in range(len(parts)))
