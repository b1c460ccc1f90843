"""What an engine promises: it keeps documents and answers legs. Fusion, grades and order are not its business.

Every engine passes the contract in `tests/contracts/engine.py`; a new one is done when its subclass passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from visual_search.engines.recall import Check
from visual_search.types import (
    CollectionSchema,
    Document,
    EngineAnswer,
    EngineQuery,
    FacetAnswer,
    FacetValues,
    Health,
    RebuildReport,
    Rejected,
    UpsertReport,
    Vector,
    VersionedId,
)

# Told how many documents a new index holds and which of them were rejected, right before it goes live.
Approval = Callable[[int, Sequence[Rejected]], None]

VERSIONS_PAGE = 5_000  # ids that `versions` reads at once, so that no engine holds all of a large shop's


class Ability(StrEnum):
    """What an engine can do beyond the contract; callers ask before they use it."""

    EXACT_KNN = "exact_knn"  # honours VectorLeg.exact
    SEVERAL_HOSTS = "several_hosts"  # processes on other machines may use the same index


@runtime_checkable
class SelfTesting(Protocol):
    """An engine whose quick way may lose neighbours, and which can look wider. Both methods raise as an engine's do.

    `queries`: unit vectors of the space, for an engine that can't read its own back.
    """

    def recall(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> float:
        """Recall@10 of the quick way against exact search, on the live index."""

    def tune(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> Check:
        """Look as wide as the recall that is wanted takes; kept with the index, for all processes."""


@runtime_checkable
class Engine(Protocol):
    """Keeps documents and answers queries. Thread-safe; several processes may use one index at once.

    All methods raise `EngineUnavailable` when the engine can't be reached or is busy, `IndexMissing` when the
    collection was never made, and `SchemaMismatch` when the index was made for another schema.
    """

    @property
    def abilities(self) -> frozenset[Ability]: ...

    def ensure(self, collection: str, schema: CollectionSchema) -> bool:
        """Make an empty index if there is none; whether this call made it.

        Raises SchemaMismatch if there is one with another schema.
        """

    def schema(self, collection: str) -> CollectionSchema:
        """The shape that the live index was made for, whatever the settings now ask for."""

    def upsert(self, collection: str, documents: Iterable[Document]) -> UpsertReport:
        """Store documents whose version is greater than what the index has (or had, for a deleted id).

        Idempotent. One bad document is rejected with a reason and doesn't stop the others.
        """

    def delete(self, collection: str, ids: Sequence[VersionedId]) -> UpsertReport:
        """Remove documents. The version is remembered: a late upsert with an equal or smaller one is skipped."""

    def search(self, collection: str, query: EngineQuery) -> EngineAnswer:
        """Answer all legs from one state of the index. Unknown facet names or spaces raise BadInput."""

    def facets(
        self, collection: str, ids: Sequence[str], fields: Sequence[str], *, each: str | None = None
    ) -> tuple[FacetAnswer, ...]:
        """Count facet values over exactly these documents. A path counts on each of its levels.

        `each`: a keyword facet with one value a document; documents that share it count once for each value that any of
        them has. Those without it count each for itself.
        """

    def values(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, FacetValues]:
        """The facet values of these documents, by id and field: sorted, a path with all its levels, absent where there is none.

        Ids that the index doesn't have are left out.
        """

    def versions(self, collection: str) -> Iterator[VersionedId]:
        """Every document's id and version, in ascending order of id (by code point); deleted ones left out."""

    def rebuild(
        self,
        collection: str,
        schema: CollectionSchema,
        documents: Iterable[Document | VersionedId],
        approve: Approval | None = None,
    ) -> RebuildReport:
        """Fill a new index from the iterable and swap it in at the end, or not at all when the iterable or `approve` raises.

        Then the new index is dropped. Readers keep the old index until the swap. A VersionedId in the iterable is a
        delete that was made while the rebuild ran. The previous index is kept for `rollback`; older ones are dropped.
        """

    def rollback(self, collection: str) -> str:
        """Swap the previous index back in and return its name. Raises IndexMissing where none is kept."""

    def refresh(self, collection: str) -> None:
        """Make what was written visible to the next search. Only tests and commands need it."""

    def drop(self, collection: str) -> None:
        """Remove the collection and all its indexes. No error where there is none."""

    def health(self) -> Health:
        """Never raises; says what is wrong in `detail`."""

    def close(self) -> None:
        """Give back files, threads and connections of this process."""
