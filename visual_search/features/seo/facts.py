"""What a page shows that machines should read as well. The template of the page shows the same values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Link(NamedTuple):
    """A page by its name. `url` may be without a host."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on a page."""

    url: str
    alt: str = ""
    width: int | None = None  # px
    height: int | None = None
    licence_url: str = ""
    credit: str = ""  # who made it, as the page names them
    credits_url: str = ""  # the page that says how to get a licence


@dataclass(frozen=True, slots=True)
class Offer:
    """What a thing costs. A price of 0 and a price on request are no offer."""

    price: Decimal
    currency: str  # ISO 4217
    in_stock: bool


@dataclass(frozen=True, slots=True)
class Family:
    """The sizes and colours of one thing, each of which has a page of its own."""

    key: str
    name: str
    others: tuple[Link, ...] = ()
    varies_by: tuple[str, ...] = ()  # properties of schema.org, such as "color"


@dataclass(frozen=True, slots=True)
class Thing:
    """What a product page sells or shows."""

    name: str
    url: str
    sku: str = ""
    codes: tuple[str, ...] = ()  # as `Source.codes` gives them; the first GTIN of them is told
    description: str = ""
    brand: str = ""
    colour: str = ""
    category: str = ""
    pictures: tuple[Shown, ...] = ()
    offer: Offer | None = None
    family: Family | None = None


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One page. `trail` leads from the entrance of the shop to the page itself."""

    title: str
    description: str = ""
    trail: tuple[Link, ...] = ()
    thing: Thing | None = None
    listed: tuple[Link, ...] = ()  # what a page of several products lists, in its order
    picture: Shown | None = None  # the picture for whoever shares the page
    is_home: bool = False
    number: int | None = None  # which page of a list it is, from 1; None where the page has no list
    first_of: int = 1  # the place of the first of `listed`, counted over all pages of the list
    indexed: bool = True


def in_short(text: str, most: int = 160) -> str:
    """The beginning of a text in one line, ended between two words.

    >>> in_short("A chair of oak.  It has  four legs.", 20)
    'A chair of oak. It …'
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    end = most - len(" …")
    cut = line[:end]
    # Languages without spaces end anywhere.
    head = cut.rpartition(" ")[0] if " " in cut and line[end] != " " else cut
    return f"{head.rstrip()} …"
