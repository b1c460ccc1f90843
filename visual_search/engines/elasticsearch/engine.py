"""The Engine protocol on Elasticsearch: legs as one _msearch, external versions, rebuilds behind an alias."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from elasticsearch import ApiError, TransportError

from visual_search.engines.base import VERSIONS_PAGE, Ability, Approval
from visual_search.engines.elasticsearch import names, query, searching, tuning
from visual_search.engines.elasticsearch.client import Server
from visual_search.engines.elasticsearch.errors import readable
from visual_search.engines.elasticsearch.generations import Generations
from visual_search.engines.elasticsearch.meta import Metas
from visual_search.engines.elasticsearch.rebuilding import Rebuilding
from visual_search.engines.elasticsearch.replies import facet_answer, facet_values
from visual_search.engines.elasticsearch.writing import write
from visual_search.engines.recall import Check, recall_of
from visual_search.engines.refusals import refuse_other_schema
from visual_search.engines.validation import check_query, known_field
from visual_search.errors import IndexMissing, VisualSearchError
from visual_search.types import (
    CollectionSchema,
    Document,
    EngineAnswer,
    EngineQuery,
    FacetAnswer,
    FacetValues,
    Health,
    RebuildReport,
    UpsertReport,
    Vector,
    VersionedId,
)

KEEP_ALIVE = "10m"  # `versions` may be read slowly: a reconcile works between two pages


class ElasticsearchEngine:
    """Keeps each collection in one index behind the alias `<prefix><collection>`.

    `request_timeout`, `bulk_timeout` and `bulk_backoff` in seconds; the last is the first wait when the server is busy, and
    doubles.
    """

    abilities = frozenset({Ability.EXACT_KNN, Ability.SEVERAL_HOSTS})

    def __init__(
        self,
        hosts: Sequence[str] | str,
        *,
        api_key: str | None = None,
        basic_auth: tuple[str, str] | None = None,
        ca_certs: str | None = None,
        index_prefix: str = "",
        request_timeout: float = 5.0,
        bulk_timeout: float = 60.0,
        bulk_backoff: float = 0.5,
        replicas: int = 0,
    ) -> None:
        options: dict[str, Any] = {
            "hosts": [hosts] if isinstance(hosts, str) else list(hosts),
            "api_key": api_key,
            "basic_auth": basic_auth,
            "ca_certs": ca_certs,
            "request_timeout": request_timeout,
        }
        self.server = Server(options, prefix=index_prefix, bulk_timeout=bulk_timeout, bulk_backoff=bulk_backoff)
        self.generations = Generations(self.server, replicas=replicas)
        self.metas = Metas(self.generations)
        self._held: searching.Held = {}
        self._rebuilding = Rebuilding(self.server, self.generations, self.metas)

    # --- The life of a collection ---------------------------------------------------------------

    def ensure(self, collection: str, schema: CollectionSchema) -> bool:
        made = False
        try:
            indexed = self.schema(collection)
        except IndexMissing:
            with readable(collection):
                made = self.generations.create_first(collection, schema)
            indexed = self.schema(collection)
        refuse_other_schema(collection, indexed=indexed, wanted=schema)
        return made

    def schema(self, collection: str) -> CollectionSchema:
        return self.metas.of(collection).schema

    def drop(self, collection: str) -> None:
        with readable(collection):
            self.generations.drop_all(collection)
        self.metas.forget(collection)

    def refresh(self, collection: str) -> None:
        with readable(collection):
            self.server.client.indices.refresh(index=self.generations.alias(collection))

    def close(self) -> None:
        self.server.close()
        self.metas.clear()

    # --- Writing --------------------------------------------------------------------------------

    def upsert(self, collection: str, documents: Iterable[Document]) -> UpsertReport:
        meta = self.metas.of(collection)
        alias = self.generations.alias(collection)
        return write(self.server, collection, alias, meta.schema, documents, packed=meta.packed)

    def delete(self, collection: str, ids: Sequence[VersionedId]) -> UpsertReport:
        return write(self.server, collection, self.generations.alias(collection), self.schema(collection), ids)

    # --- Reading --------------------------------------------------------------------------------

    def search(self, collection: str, asked: EngineQuery) -> EngineAnswer:
        """Two requests where words are asked (the first also counts how common they are), else one."""
        meta = self.metas.of(collection)
        check_query(asked, meta.schema)
        alias = self.generations.alias(collection)
        return searching.answer(
            self.server, collection, alias, asked, schema=meta.schema, widths=meta.widths, held=self._held
        )

    def facets(
        self, collection: str, ids: Sequence[str], fields: Sequence[str], *, each: str | None = None
    ) -> tuple[FacetAnswer, ...]:
        schema = self.schema(collection)
        if each:
            known_field(each, schema)
        kinds = {name: known_field(name, schema).kind for name in fields}
        alias = self.generations.alias(collection)
        with readable(collection):
            reply = self.server.client.search(index=alias, **query.facet_body(ids, fields, schema, each))
        return tuple(facet_answer(name, kinds[name], reply["aggregations"][name]) for name in fields)

    def values(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, FacetValues]:
        schema = self.schema(collection)
        kinds = {name: known_field(name, schema).kind for name in fields}
        alias = self.generations.alias(collection)
        found: dict[str, FacetValues] = {}
        for first in range(0, len(ids), query.MOST_CANDIDATES):
            body = query.values_body(ids[first : first + query.MOST_CANDIDATES], fields)
            with readable(collection):
                reply = self.server.client.search(index=alias, **body)
            found.update(facet_values(row, kinds) for row in reply["hits"]["hits"])
        return found

    def versions(self, collection: str) -> Iterator[VersionedId]:
        with readable(collection):
            pit = self.server.client.open_point_in_time(
                index=self.generations.alias(collection), keep_alive=KEEP_ALIVE
            )["id"]
        after: list[Any] | None = None
        try:
            while True:
                with readable(collection):
                    reply = self.server.client.search(
                        pit={"id": pit, "keep_alive": KEEP_ALIVE},
                        size=VERSIONS_PAGE,
                        query=query.ALIVE,
                        sort=[{"id": "asc"}],
                        search_after=after,
                        source=False,
                        docvalue_fields=[{"field": "id"}, {"field": "version"}],
                        track_total_hits=False,
                    )
                pit, rows = reply["pit_id"], reply["hits"]["hits"]
                if not rows:
                    return
                after = rows[-1]["sort"]
                yield from (VersionedId(row["fields"]["id"][0], row["fields"]["version"][0]) for row in rows)
        finally:
            with contextlib.suppress(ApiError, TransportError):
                self.server.client.close_point_in_time(id=pit)

    def health(self) -> Health:
        counts: dict[str, int] = {}
        prefix = self.server.prefix
        try:
            with readable():
                client = self.server.client
                # Of our own indexes alone: a neighbour's broken one is no reason to refuse a rebuild.
                cluster = client.cluster.health(index=f"{prefix}*-v*")
                for name, index in client.indices.get_alias(index=f"{prefix}*-v*").items():
                    if alias := names.served_alias(name, index["aliases"]):
                        count = client.count(index=name, query=query.ALIVE)["count"]
                        counts[alias.removeprefix(prefix)] = count
        except VisualSearchError as error:
            return Health(False, "elasticsearch", str(error), counts)
        detail = f"cluster {cluster['status']}, {cluster['number_of_nodes']} nodes"
        return Health(cluster["status"] != "red", "elasticsearch", detail, counts)

    # --- Rebuilding -----------------------------------------------------------------------------

    def rebuild(
        self,
        collection: str,
        schema: CollectionSchema,
        documents: Iterable[Document | VersionedId],
        approve: Approval | None = None,
    ) -> RebuildReport:
        return self._rebuilding.rebuild(collection, schema, documents, approve)

    def rollback(self, collection: str) -> str:
        return self._rebuilding.rollback(collection)

    # --- Recall ---------------------------------------------------------------------------------

    def recall(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> float:
        """Recall@10 of the graph and its second pass against exact search, on the live index."""
        return recall_of(partial(self.search, collection), space, queries)

    def tune(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> Check:
        """Compare so many candidates exactly that the recall is as wanted; kept in the index, for all processes."""
        meta = self.metas.of(collection)
        alias = self.generations.alias(collection)
        check = tuning.tuned(self.server, collection, alias, space, list(queries), schema=meta.schema)
        self.metas.keep_widths(collection, alias, meta.schema, {**meta.widths, space: check.width})
        self.metas.forget(collection)
        return check
