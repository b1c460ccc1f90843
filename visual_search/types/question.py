"""What a shopper asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image

from multilingual.analysis import Related
from visual_search.types.legs import Filter
from visual_search.types.photos import Box, Point, Scene, Witness
from visual_search.types.vectors import Vector


@dataclass(frozen=True, slots=True)
class QueryPicture:
    """A photo that has passed `imaging.decode`, or the vectors made of it earlier (from a sealed token)."""

    image: Image.Image | None = None
    vectors: Mapping[str, Vector] = field(default_factory=dict)  # space name -> vector
    witness: Witness | None = None  # of a photo that comes as vectors
    box: Box | None = None  # the part to search by; None: `thing`, else what looks best
    thing: int | None = None  # the part to search by, as its place among the photo's things
    point: Point | None = None  # where somebody tapped: the thing there is the part to search by
    scene: Scene | None = None  # what the photo shows, once looked at
    expires: int | None = (
        None  # when the token that this came from ends, in seconds since 1970; None: it came as pixels
    )
    preview: str = ""  # SHA-256 of the preview that the page shows of it; "" where no page does
    others: tuple[Mapping[str, Vector], ...] = ()  # vectors of parts that count beside `vectors`: the nearest decides
    weight: float = 1.0  # beside the other parts of the question; 0: as if it weren't there


@dataclass(frozen=True, slots=True)
class TasteEvent:
    """One thing that this shopper did, as their own device tells it. `kind`: view, click, basket, purchase or dislike."""

    id: str
    kind: str
    age_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Query:
    """One question, whoever asked it: a photo, words, a product to resemble, or any mix."""

    collection: str = "products"
    pictures: tuple[QueryPicture, ...] = ()
    words: str = ""
    like: tuple[str, ...] = ()  # ids of objects to resemble; never among the hits
    like_weights: Mapping[str, float] = field(default_factory=dict)  # by id; 1 where none is given
    asked: str = ""  # the words before rewriters changed them, as hooks see them; "" for those of `words`
    words_weight: float = 1.0
    unlike: tuple[str, ...] = ()  # ids of objects that the hits shouldn't resemble; never among the hits
    beside: tuple[str, ...] = ()  # ids of objects that are never among the hits, nor their other sizes and colours
    words_not: tuple[str, ...] = ()  # what the hits mustn't say: a word each, or a few that go together
    # What rewriters know of the words: what would do in place of single ones; of which two the second isn't meant by who
    # says the first; and which ones are right, whether or not the shop has them (folded).
    alternatives: tuple[Related, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    right: tuple[str, ...] = ()
    language: str | None = None  # None: detect
    filters: tuple[Filter, ...] = ()
    sort: str = "relevance"
    page: int = 1
    page_size: int = 24
    # The id of the answer's first page, "" on that page itself: hooks that choose by chance choose alike on all pages by it.
    # None where the caller doesn't carry it from page to page, or the shopper wants no part in what is tried out.
    pages_of: str | None = None
    variants: tuple[str, ...] = ()  # names of what is tried on this question; rules of these names hold, too
    facets: tuple[str, ...] | None = None  # None: all of the collection
    disjunctive: bool = False  # whether each facet is counted without its own filter, and close hits alone
    explain: bool = False
    proposals: bool = False  # whether the answer shall list what may be more things in a photo
    read: bool = True  # whether label text and codes in photos count
    spell: bool = True  # whether words that the shop doesn't have are taken for those that are meant
    understand: bool = True  # whether a range of prices in the words becomes a filter
    # What the shopper's device remembers. It lives for this answer alone: nothing may store or log it.
    taste: tuple[TasteEvent, ...] = field(default=(), repr=False)
    taste_problem: str = ""  # why what the device sent was ignored; '' where nothing was wrong
