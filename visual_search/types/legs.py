"""What an engine is asked, leg by leg, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from multilingual.analysis import Related
from visual_search.types.vectors import Vector

Relation = Literal["eq", "gte"]
ALL_WORDS = "all"  # the `key` of a hit that has all the words


class LegKind(StrEnum):
    """What a leg compares with what. `querying/kinds.py` says how each kind counts."""

    PHOTO = "photo"  # a photo with the pictures of objects
    LABEL = "label"  # what stands on a photo with labels and titles
    CONFIRMED = "confirmed"  # keypoints of a photo with those of pictures
    NAMED = "named"  # the name of a thing in a photo with titles; says what is kindred to the thing
    LIKE = "like"  # pictures of an object to resemble with pictures
    LIKE_TEXT = "like_text"  # its title with titles
    WORDS = "words"  # words with titles, keywords and descriptions: BM25
    MEANING = "meaning"  # words with titles in any language, by vectors
    DEPICTED = "depicted"  # words with what pictures show
    IMAGINED = "imagined"  # the picture that words ask for with pictures
    COLOUR = "colour"  # colours among the words with facets and pictures
    BESIDE_COLOUR = "beside_colour"  # the words beside the colours; counts through COLOUR alone
    CODE = "code"  # SKU or GTIN
    BROWSE = "browse"  # everything that passes the filters
    OFFERED = "offered"  # objects that a curator may add
    ORDER = "order"  # a result set by a number
    UNLIKE = "unlike"  # pictures of an object not to resemble with pictures
    UNLIKE_PHOTO = "unlike_photo"  # a photo not to resemble with pictures
    NOT_SAID = "not_said"  # a word that texts mustn't say
    FREE_OF = "free_of"  # what texts say that lack a word
    KEPT_APART = "kept_apart"  # of two words that are kept apart, the one that is asked and the other
    NOT_MEANT = "not_meant"  # a phrase that titles mustn't mean


@dataclass(frozen=True, slots=True)
class LegId:
    """Which leg of a question: its kind, and what of the question it asks for."""

    kind: LegKind
    number: int = 0  # which photo, vector or phrase of the question, from 0
    part: int | None = None  # which thing in that photo, or which word of that phrase; None: all of it

    @property
    def whole(self) -> LegId:
        """The leg of the whole photo that this part belongs to."""
        return self if self.part is None else replace(self, part=None)

    def of_same_photo(self, kind: LegKind) -> LegId:
        """The leg of another kind that asks for the same photo."""
        return LegId(kind, self.number)

    def __str__(self) -> str:
        """As `explain` names it: "photo", "photo1", "photo1/0"."""
        return f"{self.kind}{self.number or ''}" + ("" if self.part is None else f"/{self.part}")


LegName = LegId | str  # an engine gives a leg's name back with its answer, and reads nothing in it


def kind_of(name: LegName) -> LegKind | None:
    """What a leg of this name compares; None where its name says nothing, as in measurements of one leg."""
    return name.kind if isinstance(name, LegId) else None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The facet has at least one of these values. On a path, a value matches itself and all below it."""

    field: str
    values: tuple[str | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The number lies between both ends, ends included; None leaves that side open."""

    field: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Not:
    filter: AnyOf | Between


Filter = AnyOf | Between | Not


@dataclass(frozen=True, slots=True)
class VectorLeg:
    """The `k` objects nearest by cosine in one space; an object's best vector counts, and is `named` by its key."""

    name: LegName
    space: str
    vector: Vector
    k: int
    exact: bool = False
    # Of so many of the best hits the answer says which picture or language it was. Naming one costs Elasticsearch time.
    named: int | None = None  # None: all

    @property
    def names_all(self) -> bool:
        return self.named is None or self.named >= self.k


@dataclass(frozen=True, slots=True)
class WordsLeg:
    """BM25 over titles, keywords, facets and descriptions, with the analyzer of each language; the first weighs most.

    `every`: also words such as "without" must be there for a hit to have all the words. `endings`: languages and words;
    behind the `text` stands any one of the words, in the languages that have one, and the others aren't asked. `related`:
    what would do in place of single words.
    """

    name: LegName
    text: str
    languages: tuple[str, ...]
    k: int
    every: bool = False
    endings: tuple[tuple[str, str], ...] = ()
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeLeg:
    """Objects that carry one of these codes, whole and without case."""

    name: LegName
    codes: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class IdsLeg:
    """Objects with these ids that pass the filters, in the order of `ids`: the first `k` of them, each once.

    Ids that the index doesn't have are simply not there. At most 10,000 ids.
    """

    name: LegName
    ids: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class BrowseLeg:
    """All objects that pass the filters, in the order of a number facet, or of their ids."""

    name: LegName
    k: int
    order_by: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class GramsLeg:
    """Objects whose texts (in any language) or `seen_text` share pieces of words with what a photo says.

    Pieces of three and four characters survive the letters that a reader of labels drops and swaps.
    """

    name: LegName
    text: str
    k: int


Leg = VectorLeg | WordsLeg | CodeLeg | IdsLeg | BrowseLeg | GramsLeg


@dataclass(frozen=True, slots=True)
class EngineQuery:
    legs: tuple[Leg, ...]
    filters: tuple[Filter, ...] = ()  # all of them hold, inside every leg, before anything is scored
    exclude: tuple[str, ...] = ()  # ids that may not come back
    only: tuple[str, ...] | None = None  # if given, no other ids may come back


@dataclass(frozen=True, slots=True)
class LegHit:
    """`score`: cosine in [-1, 1] for a vector leg; BM25 (open-ended, larger is better) for words; for grams the share in
    [0, 1] of the most that the text could give; 1.0 otherwise.
    """

    id: str
    score: float
    # Of the best vector, where the leg names it: a picture's id or a language. Of words: `ALL_WORDS` where the object has
    # what was asked for and not only some of it.
    key: str = ""


@dataclass(frozen=True, slots=True)
class LegAnswer:
    """Hits best first, ties by id; those of an IdsLeg in the order of its ids.

    `total` counts matches ("gte" where the engine stopped at k).
    """

    name: LegName
    hits: tuple[LegHit, ...]
    total: int
    relation: Relation = "eq"


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    legs: tuple[LegAnswer, ...]
    degraded: tuple[str, ...] = ()

    def leg(self, name: LegName) -> LegAnswer:
        return next(leg for leg in self.legs if leg.name == name)


@dataclass(frozen=True, slots=True)
class FacetCount:
    value: str | bool
    count: int


@dataclass(frozen=True, slots=True)
class FacetAnswer:
    """Counts, most first, ties by value; for a number its least and greatest value instead."""

    field: str
    counts: tuple[FacetCount, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    objects: int = 0  # how many were counted, with a value or without; an engine leaves it to the search
    close: bool = True  # False where all of these are "nothing close"
