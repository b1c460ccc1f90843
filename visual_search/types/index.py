"""What the index keeps, and what its engine reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from visual_search.types.shop import FAMILY, FacetField, FacetValue, Text
from visual_search.types.vectors import NamedVector, Space


@dataclass(frozen=True, slots=True)
class CollectionSchema:
    """The shape of one collection. The order of its parts doesn't matter. An index never mixes vectors of two encoders."""

    spaces: tuple[Space, ...]
    facets: tuple[FacetField, ...]
    languages: tuple[str, ...]  # ISO 639-1 codes with an own text field; others go to "und"

    @property
    def has_families(self) -> bool:
        """Whether the index says which objects are sizes and colours of one thing."""
        return FAMILY in self.facets

    @property
    def told(self) -> CollectionSchema:
        """The same without what nobody asks for by name."""
        return replace(self, facets=tuple(facet for facet in self.facets if facet != FAMILY))

    def space(self, name: str) -> Space:
        return next(space for space in self.spaces if space.name == name)


@dataclass(frozen=True, slots=True)
class Document:
    """Everything the index keeps of one object. A greater `version` replaces a smaller one, never the reverse."""

    id: str
    version: int
    texts: Mapping[str, Text] = field(default_factory=dict)
    vectors: Mapping[str, tuple[NamedVector, ...]] = field(default_factory=dict)  # space name -> vectors
    facets: Mapping[str, FacetValue] = field(default_factory=dict)
    codes: tuple[str, ...] = ()  # SKU, GTIN: matched whole, without case
    seen_text: str = ""  # what is written on the object, as read from its pictures


@dataclass(frozen=True, slots=True)
class VersionedId:
    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Rejected:
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class UpsertReport:
    """`skipped`: the index already had that version or a newer one; that is a success."""

    stored: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class RebuildReport:
    documents: int
    rejected: tuple[Rejected, ...]
    seconds: float
    index: str  # the name of the new index
    previous: str | None  # kept for rollback


@dataclass(frozen=True, slots=True)
class Health:
    ok: bool
    engine: str
    detail: str = ""
    documents: Mapping[str, int] = field(default_factory=dict)  # collection -> count
    advice: tuple[str, ...] = ()
