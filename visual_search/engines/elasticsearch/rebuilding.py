"""A rebuild: an index is filled beside the one in use, checked and tuned, and swapped in by its alias."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from elasticsearch import ApiError, ConnectionTimeout, TransportError

from visual_search.engines.base import Approval
from visual_search.engines.elasticsearch import names, query, tuning
from visual_search.engines.elasticsearch.client import Server
from visual_search.engines.elasticsearch.errors import readable
from visual_search.engines.elasticsearch.generations import Generations
from visual_search.engines.elasticsearch.meta import Metas
from visual_search.engines.elasticsearch.writing import write
from visual_search.engines.recall import RECALL_LEAST, Sample
from visual_search.engines.refusals import no_earlier_index
from visual_search.errors import EngineUnavailable, IndexMissing
from visual_search.types import CollectionSchema, Document, RebuildReport, VersionedId

MERGE_SECONDS = 600  # how long a client waits for the new index to be refreshed and merged


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """Rebuilds and rollbacks of any collection on one server."""

    server: Server
    generations: Generations
    metas: Metas

    def rebuild(
        self,
        collection: str,
        schema: CollectionSchema,
        documents: Iterable[Document | VersionedId],
        approve: Approval | None = None,
    ) -> RebuildReport:
        """Fill, check and swap; whatever goes wrong before the swap removes the new index and leaves the old one in use."""
        begin = time.perf_counter()
        with readable(collection):
            name = self.generations.create_beside(collection, schema)
        building = names.building_alias(name)
        try:
            samples = {space.name: Sample() for space in schema.spaces}
            changes = _sampled(documents, samples)
            packed = self.server.abilities.packed
            report = write(self.server, collection, building, schema, changes, packed=packed)
            count = self._finish(collection, name, len(set(report.stored)))
            if approve is not None:
                approve(count, report.rejected)
            self._check_recall(collection, name, schema, samples)
            with readable(collection):
                old = self.generations.behind(self.generations.alias(collection))
                self._swap(collection, current=name, previous=old, building=building)
        except BaseException as error:
            with contextlib.suppress(ApiError, TransportError):
                self.server.client.indices.delete(index=name, ignore_unavailable=True)
            if isinstance(error, IndexMissing):
                raise EngineUnavailable(
                    f"The new index of '{collection}' was removed while it was filled: another rebuild finished first, or "
                    "the collection was dropped. What is there now stays in use."
                ) from error
            raise
        self.generations.drop_older(collection, name, old)
        return RebuildReport(count, report.rejected, time.perf_counter() - begin, name, old)

    def rollback(self, collection: str) -> str:
        """Swap the previous index back in and return its name. Raises IndexMissing where none is kept."""
        with readable(collection):
            alias = self.generations.alias(collection)
            current = self.generations.behind(alias)
            previous = self.generations.behind(names.previous_alias(alias))
            if current is None or previous is None:
                raise no_earlier_index(collection)
            self._swap(collection, current=previous, previous=current)
        return previous

    def _finish(self, collection: str, name: str, written: int) -> int:
        """Make the new index ready to be searched and say how many documents it has; a loss is EngineUnavailable."""
        client = self.server.client
        slow = client.options(request_timeout=MERGE_SECONDS)
        with readable(collection):
            slow.indices.refresh(index=name)
            count = client.count(index=name)["count"]
            if count != written:
                raise EngineUnavailable(
                    f"The new index of '{collection}' has {count} documents, but {written} were written. The old one "
                    "stays; run `manage.py visual_search rebuild` again."
                )
            # One segment has one graph: searches are several times faster, and nothing else writes here yet.
            # With millions of pictures it takes longer than any timeout; then the server goes on by itself.
            with contextlib.suppress(ConnectionTimeout):
                slow.indices.forcemerge(index=name, max_num_segments=1)
            client.indices.put_settings(
                index=name, settings={"refresh_interval": "1s", "number_of_replicas": self.generations.replicas}
            )
            return int(client.count(index=name, query=query.ALIVE)["count"])

    def _check_recall(
        self, collection: str, name: str, schema: CollectionSchema, samples: Mapping[str, Sample]
    ) -> None:
        """Tune the new index before anybody uses it; one that loses neighbours however wide it looks is EngineUnavailable."""
        checks = {
            space: tuning.tuned(self.server, collection, name, space, sample.vectors, schema=schema)
            for space, sample in samples.items()
            if sample.vectors
        }
        for space, check in checks.items():
            if check.recall < RECALL_LEAST:
                raise EngineUnavailable(
                    f"The new index of '{collection}' finds only {check.recall:.2f} of the nearest objects in space "
                    f"'{space}', even when it compares {check.width:.0f} times the usual candidates. The old one stays."
                )
        self.metas.keep_widths(collection, name, schema, {space: check.width for space, check in checks.items()})

    def _swap(self, collection: str, *, current: str, previous: str | None, building: str = "") -> None:
        self.generations.swap(collection, current=current, previous=previous, building=building)
        self.metas.forget(collection)


def _sampled(
    documents: Iterable[Document | VersionedId], samples: Mapping[str, Sample]
) -> Iterator[Document | VersionedId]:
    """The same documents; some of their vectors stay in the samples."""
    for document in documents:
        if isinstance(document, Document):
            for space, vectors in document.vectors.items():
                for item in vectors:
                    if space in samples and item.vector.any() and np.isfinite(item.vector).all():
                        samples[space].add(item.vector)
        yield document
