"""What a shopper gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from visual_search.types.legs import FacetAnswer, Relation
from visual_search.types.question import QueryPicture
from visual_search.types.shop import Card, FacetValues


class Grade(StrEnum):
    SAME = "same item"
    VERY_SIMILAR = "very similar"
    SIMILAR = "similar style"
    DISTANT = "nothing close"


class Found(StrEnum):
    """What a question found, by how many of the hits are close."""

    NOTHING = "nothing"
    NOTHING_CLOSE = "nothing close"  # hits there are, but each is graded so
    FEW = "few"
    MANY = "many"


FEW_HITS = 9  # up to so many close hits are few: they don't fill the first screen


@dataclass(frozen=True, slots=True)
class Variant:
    """One size or colour of a thing. `values`: those of the facets in which its sizes and colours differ."""

    card: Card
    values: FacetValues


# Reasons of hits that the question names by itself: they come first, whatever their score.
EXACT_CODE, SAME_PICTURE = "exact code", "same picture"
PROMOTED = (
    "promoted"  # the reason of a hit that the shop placed where it stands; nobody compared it, so it has no grade
)


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is comparable within one reply only. `legs` holds each leg's part where explain was asked.

    `reason` says in a word why the hit stands where it stands ("exact code", "viewed"), `because` which object that is
    about, if another one.
    """

    id: str
    score: float
    grade: Grade | None = None
    picture: str = ""  # id of the picture that matched best
    card: Card | None = None
    legs: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    label: str = ""  # words on the photo's label that the object's own words share
    because: str = ""
    because_card: Card | None = None
    family: str = ""  # what its sizes and colours share; "" where the collection has no families
    folded: tuple[str, ...] = ()  # ids of those that belong to the result set, too
    variants: tuple[Variant, ...] = ()  # all that pass the filters, this one among them; none where it is the only one
    more_variants: int = 0  # how many there are beside these
    thing: int | None = None  # for which thing in a photo of several it is found, as its place in the scene

    @property
    def is_named(self) -> bool:
        """Whether the question names this very object, by its code or by its picture."""
        return self.reason in (EXACT_CODE, SAME_PICTURE)

    @property
    def is_promoted(self) -> bool:
        """Whether the shop placed it where it stands."""
        return self.reason == PROMOTED


@dataclass(frozen=True, slots=True)
class Banner:
    """Something that the shop says above the hits. `url`: where it leads, "" for nowhere."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """A part of the words that was read as a range of a number facet. `text`: that part, as the shopper wrote it."""

    facet: str
    text: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Narrower:
    """A category that the question seems to be about, offered as a filter. `count`: how many of the close hits it keeps."""

    facet: str
    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    query_id: str
    took_ms: float
    total: int
    relation: Relation
    hits: tuple[Hit, ...]
    facets: tuple[FacetAnswer, ...]
    page: int
    page_size: int
    language: str | None = None
    pages_of: str = ""  # what the question of the next page carries, where a rescorer took part
    distant: int = 0  # how many of `total` are graded "nothing close": they only keep the page from being bare
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what each hook did, or why nothing: "synonyms:replaced"
    redirect: str = ""  # the address of a page that answers better than the hits, as a rewriter or a curator says
    banners: tuple[Banner, ...] = ()  # what curators say above the hits
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    words: str = ""  # as they were read: without what mustn't be said
    words_not: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()  # of those asked for, the objects that there are
    pictures: tuple[QueryPicture, ...] = ()  # what was searched by, with what was seen in each; without pixels
    collection: str = "products"  # that was asked
    # Each word that was typed and isn't in the shop, and what was searched in its place.
    spelt: tuple[tuple[str, str], ...] = ()
    typed: str = ""  # the words before that
    narrower: Narrower | None = None
    understood: tuple[Understood, ...] = ()  # what became a filter and no longer stands in `words`
    # What may have been meant: words to ask instead, and which word of the question each change replaces.
    meant: str = ""
    meant_changes: tuple[tuple[str, str], ...] = ()

    @property
    def found(self) -> Found:
        """What the question found. Hits that only keep the page from being bare don't count."""
        close = self.total - self.distant
        if close > 0:
            return Found.FEW if close <= FEW_HITS else Found.MANY
        return Found.NOTHING_CLOSE if self.total else Found.NOTHING

    @property
    def photo(self) -> QueryPicture | None:
        """The question's first photo."""
        return self.pictures[0] if self.pictures else None
