"""What a shop tells us about an object, and what a result tile shows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

FacetValue = str | float | bool | tuple[str, ...] | None
FacetValues = Mapping[str, tuple[str | float | bool, ...]]  # by facet, of one object as the index has them
PATH_SEPARATOR = " > "


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an object. An object may have any number; the one that is nearest to a shopper's photo counts."""

    id: str
    """What the picture is called, unlike all others of the object and the same at each save: `str(photo.pk)`."""

    load: Callable[[], bytes]
    """A function without arguments that gives the file's bytes: JPEG, PNG or WebP.

    It is called when the picture is indexed, never while somebody searches, so it may read from a remote storage. The
    file may have `PICTURE_MAX_BYTES` and `PICTURE_MAX_PIXELS` at most, and at least 16 pixels a side. Where the function
    raises FileNotFoundError or ValueError, or the picture is refused, the object is indexed without it; after any other
    error, such as a storage that doesn't answer, it is tried again, too.
    """

    position: int = 0
    """Its place among the object's pictures, the lowest first."""

    role: str = "main"
    """What it is to the shop ("main", "view", "scene"). Search doesn't read it."""

    url: str = ""
    """Its address. `reconcile --deep` takes another address (without what follows "?") for another picture."""

    @classmethod
    def from_file(cls, file: Any, id: Any, position: int = 0, role: str = "main") -> Picture:
        """The picture of a model's file: what an `ImageField` or a `FileField` holds, in whichever storage.

        A row whose file was deleted is a picture that isn't there: staff read so, and the object is found without it.
        """

        def load() -> bytes:
            with file.open("rb") as opened:
                return bytes(opened.read())

        try:
            url = str(file.url)
        # Without a file Django raises ValueError, and a storage may raise anything.
        except Exception:
            url = ""
        return cls(str(id), load, position, role, url)


@dataclass(frozen=True, slots=True)
class Text:
    """What an object says in one language."""

    title: str
    """Plain text. It weighs most among the words, and it alone is also compared by meaning, across languages."""

    description: str = ""
    """Plain text, found by its words. Take HTML out before: its tags would be words."""

    keywords: tuple[str, ...] = ()
    """What else the object is called: synonyms, a material, a brand. They count half as much as the title, and aren't shown."""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Copies of a picture in one format, for browsers to choose from: `<source type=... srcset=...>`."""

    type: str
    """Such as "image/avif". Browsers take the first source whose type they show."""

    srcset: str
    """Addresses with their widths: "/media/a-1.avif 320w, /media/a-2.avif 640w"."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a result tile shows, as plain text. It is made for each answer and not stored in the index.

    REST answers and their OpenAPI schema show these fields too, in this order.
    """

    # api/tiles.py reads the fields: in one's metadata "rest" is its name in REST, where that is another one (None: it
    # stays out), and "help" what OpenAPI says of it.

    id: str
    """The primary key as text: `str(obj.pk)`."""

    sku: str
    """What staff call the object; "" where it has no such code."""

    title: str
    """The name that shoppers read, in the language that was asked for."""

    url: str
    """Where a click on the tile leads: `obj.get_absolute_url()`."""

    image_url: str = field(default="", metadata={"rest": "image"})
    """The address of the picture that the tile shows; "" for none. REST calls it `image`."""

    price: str = ""
    """Formatted for people, with its currency: "€1,250.00"; "" for none."""

    subtitle: str = field(default="", metadata={"rest": None})
    """A line below the title, such as the brand. REST leaves it out."""

    in_stock: bool = True
    """False: the tile says "Out of stock"."""

    brand: str = ""
    """Who made it; a line of the tile, with the colour."""

    colour: str = ""
    """In the words of the shop; "" where it has none, or the picture says enough."""

    image_sources: tuple[ImageSource, ...] = field(default=(), metadata={"rest": None})
    """The same picture in other formats and widths, the first that a browser shows is taken; REST leaves them out."""


class FacetKind(StrEnum):
    """What the values of a facet are, and so how shoppers may filter by it."""

    KEYWORD = "keyword"
    """A text, or several. Shoppers choose among the values; an object with one of those that they chose is found."""

    PATH = "path"
    """Levels joined by " > ", such as "Home > Office"; one path, or several. A level finds all that lies below it."""

    NUMBER = "number"
    """A number. Shoppers filter by a range, and may sort by it."""

    BOOLEAN = "boolean"
    """True or False."""


@dataclass(frozen=True, slots=True)
class FacetField:
    """One facet of a source's `schema`: something that shoppers filter by and that answers count."""

    name: str
    """Small letters, digits and underscores: it is the key in `facets()` and the parameter `f.NAME` in addresses."""

    kind: FacetKind
    """What its values are."""

    label: object = ""
    """How pages name it; "" for the name itself. A lazy translation is shown in the shopper's language."""

    searchable: bool = True
    """Whether words find its values, such as a brand or a category. Numbers and yes or no are never words."""


# What nearly every shop has, by the names that `Source.card` reads.
CATEGORY = FacetField("category", FacetKind.PATH, "Category")
PRICE = FacetField("price", FacetKind.NUMBER, "Price")
IN_STOCK = FacetField("in_stock", FacetKind.BOOLEAN, "In stock")
# What sizes and colours of one thing share. It is kept as a facet of its own, which nobody asks for by name.
FAMILY = FacetField("_family", FacetKind.KEYWORD, searchable=False)
COLOUR_FACETS = ("colour", "color")  # Names of keyword facets that hold colours, by which words such as "red" count.


def path_prefixes(path: str) -> tuple[str, ...]:
    """'Home > Office > Desk' -> ('Home', 'Home > Office', 'Home > Office > Desk')."""
    parts = [part.strip() for part in path.split(">") if part.strip()]
    return tuple(PATH_SEPARATOR.join(parts[: n + 1]) for n in range(len(parts)))


class Basket(NamedTuple):
    """What one client bought on one day."""

    client: str
    """Whatever is the same for one client and different for two: an account's key, a pseudonym; an order's where nobody knows."""

    day: int
    """Days since 1970."""

    items: Iterable[Any]
    """The primary keys of the objects, in any order."""
