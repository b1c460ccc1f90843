"""What an engine is asked, leg by leg, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from visual_search.types.vectors import Vector

Relation = Literal["eq", "gte"]


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

    name: str
    space: str
    vector: Vector
    k: int
    exact: bool = False
    named: bool = True  # False where nobody asks which picture or language it was: naming it costs Elasticsearch time


@dataclass(frozen=True, slots=True)
class WordsLeg:
    """BM25 over titles, keywords and descriptions, with the analyzer of each language; the first weighs most."""

    name: str
    text: str
    languages: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class CodeLeg:
    """Objects that carry one of these codes, whole and without case."""

    name: str
    codes: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class IdsLeg:
    """Objects with these ids that pass the filters, in the order of `ids`: the first `k` of them, each once.

    Ids that the index doesn't have are simply not there. At most 10,000 ids.
    """

    name: str
    ids: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class BrowseLeg:
    """All objects that pass the filters, in the order of a number facet, or of their ids."""

    name: str
    k: int
    order_by: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class GramsLeg:
    """Objects whose texts (in any language) or `seen_text` share pieces of words with what a photo says.

    Pieces of three and four characters survive the letters that a reader of labels drops and swaps.
    """

    name: str
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
    key: str = ""  # of the best vector, where the leg names it: a picture's id or a language


@dataclass(frozen=True, slots=True)
class LegAnswer:
    """Hits best first, ties by id; those of an IdsLeg in the order of its ids.

    `total` counts matches ("gte" where the engine stopped at k).
    """

    name: str
    hits: tuple[LegHit, ...]
    total: int
    relation: Relation = "eq"


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    legs: tuple[LegAnswer, ...]
    degraded: tuple[str, ...] = ()

    def leg(self, name: str) -> LegAnswer:
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
