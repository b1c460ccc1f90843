"""Documents and deletes as bulk actions with external versions, and what each status of a reply means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from elasticsearch.helpers import streaming_bulk

from visual_search.engines.elasticsearch import mapping
from visual_search.engines.elasticsearch.client import Server
from visual_search.engines.elasticsearch.errors import kind_in, readable
from visual_search.engines.refusals import no_index
from visual_search.engines.validation import why_not
from visual_search.errors import EngineUnavailable
from visual_search.types import CollectionSchema, Document, Rejected, UpsertReport, VersionedId

CHUNK_DOCUMENTS = 200
CHUNK_BYTES = (
    8 * 1024 * 1024
)  # Of one bulk request, like CHUNK_DOCUMENTS: 200 documents with three 512-d vectors are about 6 MB of JSON
SHARD_WAIT = 10.0  # seconds a write waits for a shard that has no node


def write(
    server: Server,
    collection: str,
    alias: str,
    schema: CollectionSchema,
    changes: Iterable[Document | VersionedId],
    *,
    packed: bool = False,
) -> UpsertReport:
    """Store and delete in the order given. What a node refuses for all documents alike is EngineUnavailable."""
    stored: list[str] = []
    skipped: list[str] = []
    rejected: list[Rejected] = []
    with readable(collection):
        for done, item in streaming_bulk(
            server.patient,
            _actions(alias, schema, changes, rejected, packed=packed),
            chunk_size=CHUNK_DOCUMENTS,
            max_chunk_bytes=CHUNK_BYTES,
            max_retries=4,
            initial_backoff=server.bulk_backoff,
            max_backoff=8,
            raise_on_error=False,
            # A write to an alias that has vanished must not make an index with guessed types.
            require_alias=True,
            # The server's own wait, a minute, would hold a worker for every batch while a shard has no node.
            timeout=f"{min(SHARD_WAIT, server.bulk_timeout / 2):g}s",
        ):
            result = item["index"]
            if done:
                stored.append(result["_id"])
            elif result["status"] == 409:
                skipped.append(result["_id"])  # The index has this version or a newer one.
            else:
                rejected.append(_rejection(collection, alias, result))
    return UpsertReport(tuple(stored), tuple(skipped), tuple(rejected))


def _actions(
    alias: str,
    schema: CollectionSchema,
    changes: Iterable[Document | VersionedId],
    rejected: list[Rejected],
    *,
    packed: bool,
) -> Iterator[dict[str, Any]]:
    """One action for each change; documents that can't be stored go to `rejected` instead."""
    for change in changes:
        if isinstance(change, VersionedId):
            source = mapping.tombstone(change.id, change.version)
        elif fault := why_not(change, schema):
            rejected.append(Rejected(change.id, fault))
            continue
        else:
            source = mapping.source_of(change, schema, packed=packed)
        yield {
            "_op_type": "index",
            "_index": alias,
            "_id": change.id,
            "version": change.version,
            "version_type": "external",
            "_source": source,
        }


def _rejection(collection: str, alias: str, result: dict[str, Any]) -> Rejected:
    """Why one document was refused; raises where that is no fault of this document, and the next would be refused, too."""
    status, kind = result["status"], kind_in(result)
    if status == 404:
        raise no_index(collection)
    if status in (401, 403):
        raise EngineUnavailable(
            f"Elasticsearch doesn't let us write to '{alias}' ({kind}). Check the rights of the user or API key, and that "
            "the disk isn't full.",
            retry_after=60,
        )
    if status == 429 or status >= 500:
        raise EngineUnavailable(f"Elasticsearch can't store documents now ({status}, {kind}).", retry_after=10)
    return Rejected(result["_id"], f"Elasticsearch refused it: {kind}.")
