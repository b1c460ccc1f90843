"""The Engine protocol on Elasticsearch: legs as one _msearch, external versions, rebuilds behind an alias."""

from __future__ import annotations

import contextlib
import inspect
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import streaming_bulk

from visual_search.engines.base import Ability
from visual_search.engines.elasticsearch import mapping, names, query
from visual_search.engines.elasticsearch.errors import kind_of, readable
from visual_search.engines.elasticsearch.probe import probe
from visual_search.engines.recall import RECALL_LEAST, Check, Sample, recall_of, widen
from visual_search.engines.terms import asked_in, is_begun, plan, read_grams, weigh_grams
from visual_search.engines.validation import check_query, known_field, same_schema, schema_in_words, why_not
from visual_search.errors import ConfigurationError, EngineUnavailable, IndexMissing, SchemaMismatch, VisualSearchError
from visual_search.ranking.bm25 import USUAL_GRAMS
from visual_search.types import (
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    Document,
    EngineAnswer,
    EngineQuery,
    FacetAnswer,
    FacetCount,
    FacetKind,
    GramsLeg,
    Health,
    Leg,
    LegAnswer,
    LegHit,
    RebuildReport,
    Rejected,
    UpsertReport,
    Vector,
    VectorLeg,
    VersionedId,
    WordsLeg,
)

CHUNK_DOCUMENTS = 200
CHUNK_BYTES = 8 * 1024 * 1024  # 200 documents with three 512-d vectors are about 6 MB of JSON
WIDTHS = (1.0, 2.0, 4.0, 8.0, 16.0)  # how many times the usual candidates a vector leg compares exactly
META_SECONDS = 5.0  # how long a process believes which index the alias names
SEARCH_PAUSES = (0.1, 0.3, 0.9)  # seconds before a search is tried again that found a shard without a node
SHARD_WAIT = 10.0  # seconds a write waits for a shard that has no node
PAGE = 5_000  # ids a query of `versions`
KEEP_ALIVE = "10m"  # `versions` may be read slowly: a reconcile works between two pages
logger = logging.getLogger(__name__)


class ElasticsearchEngine:
    """Keeps each collection in one index behind the alias `<prefix><collection>`.

    `request_timeout`, `bulk_timeout` and `bulk_backoff` in seconds; the last is the first wait when the server is busy, and
    doubles. One client a process, made at the first use (so after a fork).
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
        self.options: dict[str, Any] = {
            "hosts": [hosts] if isinstance(hosts, str) else list(hosts),
            "api_key": api_key,
            "basic_auth": basic_auth,
            "ca_certs": ca_certs,
            "request_timeout": request_timeout,
            "retry_on_status": (429, 502, 503, 504),
            "max_retries": 3,
            **_backoff(),
        }
        self.prefix = index_prefix
        self.bulk_timeout = bulk_timeout
        self.bulk_backoff = bulk_backoff
        self.replicas = replicas
        self._lock = threading.RLock()
        self._client: Elasticsearch | None = None
        self._process = 0
        self._abilities: query.Abilities | None = None
        self._known: dict[str, _Known] = {}

    # --- Client ---------------------------------------------------------------------------------

    @property
    def client(self) -> Elasticsearch:
        if self._client is None or self._process != os.getpid():
            with self._lock:
                if self._client is None or self._process != os.getpid():
                    options = {name: value for name, value in self.options.items() if value is not None}
                    try:
                        if "ca_certs" in options:
                            Path(options["ca_certs"]).stat()  # Else the first request says "can't be reached".
                        self._client = Elasticsearch(**options)
                    except (OSError, TypeError, ValueError) as error:
                        # Its text names the option, never its value.
                        raise ConfigurationError(
                            f"The options of the Elasticsearch engine can't be used: {error} "
                            "Check ELASTICSEARCH_URL, ELASTICSEARCH_API_KEY and ELASTICSEARCH_CA_CERTS."
                        ) from error
                    self._process = os.getpid()
        return self._client

    @property
    def found(self) -> query.Abilities:
        if self._abilities is None:
            with self._lock:
                if self._abilities is None:
                    with readable():
                        self._abilities = probe(self.client, self.prefix)
        return self._abilities

    def close(self) -> None:
        with self._lock:
            if self._client is not None and self._process == os.getpid():
                self._client.close()
            self._client = None
            self._known.clear()

    # --- Names ----------------------------------------------------------------------------------

    def alias(self, collection: str) -> str:
        return names.alias_of(self.prefix, collection)

    def _behind(self, alias: str) -> str | None:
        """The index that an alias names; None where there is no such alias."""
        try:
            return next(iter(self.client.indices.get_alias(name=alias)), None)
        except NotFoundError:
            return None

    def _generations(self, collection: str) -> list[str]:
        alias = self.alias(collection)
        return names.generations(alias, self.client.indices.get(index=f"{alias}-v*", features="aliases"))

    def _next_name(self, collection: str, schema: CollectionSchema) -> str:
        number = max((names.number_of(name) for name in self._generations(collection)), default=0) + 1
        return names.generation_name(self.alias(collection), number, mapping.fingerprint_of(schema))

    # --- The life of a collection ---------------------------------------------------------------

    def ensure(self, collection: str, schema: CollectionSchema) -> bool:
        made = False
        try:
            found = self.schema(collection)
        except IndexMissing:
            with readable(collection):
                made = self._create_first(collection, schema)
            found = self.schema(collection)
        if not same_schema(found, schema):
            raise SchemaMismatch(
                f"The index of '{collection}' was made for {schema_in_words(found)}, but the settings now ask for "
                f"{schema_in_words(schema)}. Run `manage.py rebuild_index`."
            )
        return made

    def _create_first(self, collection: str, schema: CollectionSchema) -> bool:
        name = names.generation_name(self.alias(collection), 1, mapping.fingerprint_of(schema))
        body = mapping.index_body(schema, bbq=self.found.bbq, replicas=self.replicas, packed=self.found.packed)
        try:
            self.client.indices.create(index=name, **body, aliases={self.alias(collection): {}})
        except ApiError as error:
            # Another process made it at the same moment.
            if kind_of(error) != "resource_already_exists_exception":
                raise
            return False
        return True

    def schema(self, collection: str) -> CollectionSchema:
        return self._knowledge(collection).schema

    def _knowledge(self, collection: str) -> _Known:
        """What the index says in its _meta, asked again after META_SECONDS: another process may have swapped."""
        known = self._known.get(collection)
        if known is not None and time.monotonic() - known.asked < META_SECONDS:
            return known
        with readable(collection):
            found = next(iter(self.client.indices.get_mapping(index=self.alias(collection)).values()))
        meta = found["mappings"].get("_meta", {})
        if meta.get("format") != mapping.FORMAT:
            raise SchemaMismatch(f"The index of '{collection}' has another format. Run `manage.py rebuild_index`.")
        known = _Known(
            time.monotonic(),
            mapping.schema_from_json(meta["schema"]),
            meta.get("widths", {}),
            meta.get("packed", False),
        )
        self._known[collection] = known
        return known

    def drop(self, collection: str) -> None:
        with readable(collection):
            for name in self._generations(collection):
                self.client.indices.delete(index=name, ignore_unavailable=True)
        self._known.pop(collection, None)

    def refresh(self, collection: str) -> None:
        with readable(collection):
            self.client.indices.refresh(index=self.alias(collection))

    # --- Writing --------------------------------------------------------------------------------

    def upsert(self, collection: str, documents: Iterable[Document]) -> UpsertReport:
        known = self._knowledge(collection)
        return self._write(collection, self.alias(collection), known.schema, documents, packed=known.packed)

    def delete(self, collection: str, ids: Sequence[VersionedId]) -> UpsertReport:
        return self._write(collection, self.alias(collection), self.schema(collection), ids)

    def _write(
        self,
        collection: str,
        alias: str,
        schema: CollectionSchema,
        changes: Iterable[Document | VersionedId],
        *,
        packed: bool = False,
    ) -> UpsertReport:
        stored: list[str] = []
        skipped: list[str] = []
        rejected: list[Rejected] = []

        def actions() -> Iterator[dict[str, Any]]:
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

        with readable(collection):
            for done, item in streaming_bulk(
                self.client.options(request_timeout=self.bulk_timeout),
                actions(),
                chunk_size=CHUNK_DOCUMENTS,
                max_chunk_bytes=CHUNK_BYTES,
                max_retries=4,
                initial_backoff=self.bulk_backoff,
                max_backoff=8,
                raise_on_error=False,
                # A write to an alias that has vanished must not make an index with guessed types.
                require_alias=True,
                # The server's own wait, a minute, would hold a worker for every batch while a shard has no node.
                timeout=f"{min(SHARD_WAIT, self.bulk_timeout / 2):g}s",
            ):
                result = item["index"]
                if done:
                    stored.append(result["_id"])
                elif result["status"] == 409:
                    skipped.append(result["_id"])  # The index has this version or a newer one.
                elif result["status"] == 404:
                    raise IndexMissing(f"There is no index of '{collection}' yet. Run `manage.py rebuild_index`.")
                elif result["status"] in (401, 403):
                    # That is no fault of this document: the next one would be refused, too.
                    raise EngineUnavailable(
                        f"Elasticsearch doesn't let us write to '{alias}' ({_kind(result)}). Check the rights of the user "
                        "or API key, and that the disk isn't full.",
                        retry_after=60,
                    )
                elif result["status"] == 429 or result["status"] >= 500:
                    raise EngineUnavailable(
                        f"Elasticsearch can't store documents now ({result['status']}, {_kind(result)}).",
                        retry_after=10,
                    )
                else:
                    rejected.append(Rejected(result["_id"], f"Elasticsearch refused it: {_kind(result)}."))
        return UpsertReport(tuple(stored), tuple(skipped), tuple(rejected))

    # --- Reading --------------------------------------------------------------------------------

    def search(self, collection: str, asked: EngineQuery) -> EngineAnswer:
        """Two requests where words are asked (the first also counts how common they are), else one."""
        known = self._knowledge(collection)
        check_query(asked, known.schema)
        return self._answer(collection, self.alias(collection), asked, known.schema, known.widths)

    def _answer(
        self,
        collection: str,
        index: str,
        asked: EngineQuery,
        schema: CollectionSchema,
        widths: Mapping[str, float],
    ) -> EngineAnswer:
        # Comparing with every vector, as tests of recall do, may take longer than a shopper would wait.
        exact = any(isinstance(leg, VectorLeg) and leg.exact for leg in asked.legs)
        client = self.client.options(request_timeout=self.bulk_timeout) if exact else self.client
        steps = [_step(leg, asked, schema, widths) for leg in asked.legs]
        replies = iter(self._msearch(client, collection, index, [body for step in steps for body in step.bodies]))
        own = [[next(replies) for _ in step.bodies] for step in steps]
        second = [step.then(found) if step.then else None for step, found in zip(steps, own, strict=True)]
        more = iter(self._msearch(client, collection, index, [body for body in second if body is not None]))
        return EngineAnswer(
            tuple(
                _leg_answer(leg, found[0] if body is None else next(more))
                for leg, found, body in zip(asked.legs, own, second, strict=True)
            )
        )

    def _msearch(
        self, client: Elasticsearch, collection: str, index: str, bodies: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        if not bodies:
            return []
        searches = [part for body in bodies for part in ({}, body)]
        with readable(collection):
            replies: list[dict[str, Any]] = client.msearch(index=index, searches=searches)["responses"]
            for pause in SEARCH_PAUSES:
                # The client retries what fails as a whole. A shard that has just lost its node fails inside a good reply.
                if all(reply.get("status") not in (429, 503) for reply in replies):
                    break
                time.sleep(pause)
                replies = client.msearch(index=index, searches=searches)["responses"]
            for reply in replies:
                if "error" in reply:
                    self._raise(reply, collection)
        return replies

    def _raise(self, reply: dict[str, Any], collection: str) -> None:
        status, error = reply.get("status", 500), reply["error"]
        kind = error.get("type", "unknown") if isinstance(error, dict) else "unknown"
        if status == 404:
            raise IndexMissing(f"There is no index of '{collection}' yet. Run `manage.py rebuild_index`.")
        if status == 400:
            raise SchemaMismatch(
                f"The index of '{collection}' doesn't fit the question ({kind}). Run `manage.py rebuild_index`."
            )
        raise EngineUnavailable(f"Elasticsearch couldn't answer ({status}, {kind}).")

    def facets(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> tuple[FacetAnswer, ...]:
        schema = self.schema(collection)
        kinds = {name: known_field(name, schema).kind for name in fields}
        with readable(collection):
            found = self.client.search(index=self.alias(collection), **query.facet_body(ids, fields, schema))
        return tuple(_facet_answer(name, kinds[name], found["aggregations"][name]) for name in fields)

    def versions(self, collection: str) -> Iterator[VersionedId]:
        with readable(collection):
            pit = self.client.open_point_in_time(index=self.alias(collection), keep_alive=KEEP_ALIVE)["id"]
        after: list[Any] | None = None
        try:
            while True:
                with readable(collection):
                    reply = self.client.search(
                        pit={"id": pit, "keep_alive": KEEP_ALIVE},
                        size=PAGE,
                        query={"term": {"deleted": False}},
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
                self.client.close_point_in_time(id=pit)

    def health(self) -> Health:
        counts: dict[str, int] = {}
        try:
            with readable():
                # Of our own indexes alone: a neighbour's broken one is no reason to refuse a rebuild.
                cluster = self.client.cluster.health(index=f"{self.prefix}*-v*")
                for name, found in self.client.indices.get_alias(index=f"{self.prefix}*-v*").items():
                    if alias := names.served_alias(name, found["aliases"]):
                        count = self.client.count(index=name, query={"term": {"deleted": False}})["count"]
                        counts[alias.removeprefix(self.prefix)] = count
        except VisualSearchError as error:
            return Health(False, "elasticsearch", str(error), counts)
        detail = f"cluster {cluster['status']}, {cluster['number_of_nodes']} nodes"
        return Health(cluster["status"] != "red", "elasticsearch", detail, counts)

    # --- Rebuilding -----------------------------------------------------------------------------

    def rebuild(
        self, collection: str, schema: CollectionSchema, documents: Iterable[Document | VersionedId]
    ) -> RebuildReport:
        begin = time.perf_counter()
        with readable(collection):
            self._refuse_foreign_index(collection)
            name = self._next_name(collection, schema)
            building = names.building_alias(name)
            body = mapping.index_body(schema, bbq=self.found.bbq, replicas=0, packed=self.found.packed)
            body["settings"]["refresh_interval"] = "-1"
            self.client.indices.create(index=name, **body, aliases={building: {}})
        try:
            samples = {space.name: Sample() for space in schema.spaces}
            report = self._write(collection, building, schema, _sampled(documents, samples), packed=self.found.packed)
            count = self._finish(collection, name, len(set(report.stored)))
            self._check_recall(collection, name, schema, samples)
            with readable(collection):
                old = self._behind(self.alias(collection))
                self._swap(collection, current=name, previous=old, building=building)
        except BaseException as error:
            with contextlib.suppress(ApiError, TransportError):
                self.client.indices.delete(index=name, ignore_unavailable=True)
            if isinstance(error, IndexMissing):
                raise EngineUnavailable(
                    f"The new index of '{collection}' was removed while it was filled: another rebuild finished first, or "
                    "the collection was dropped. What is there now stays in use."
                ) from error
            raise
        self._drop_older(collection, name, old)
        return RebuildReport(count, report.rejected, time.perf_counter() - begin, name, old)

    def _refuse_foreign_index(self, collection: str) -> None:
        """An index of somebody else under the alias's name is noticed before hours of filling, not after."""
        alias = self.alias(collection)
        if self.client.indices.exists(index=alias) and self._behind(alias) is None:
            raise ConfigurationError(
                f"Elasticsearch has an index called '{alias}', which this package didn't make. Set another index_prefix."
            )

    def _finish(self, collection: str, name: str, written: int) -> int:
        """Make the new index ready to be searched and say how many documents it has; a loss is EngineUnavailable."""
        slow = self.client.options(request_timeout=600)
        with readable(collection):
            slow.indices.refresh(index=name)
            found = self.client.count(index=name)["count"]
            if found != written:
                raise EngineUnavailable(
                    f"The new index of '{collection}' has {found} documents, but {written} were written. The old one "
                    "stays; run `manage.py rebuild_index` again."
                )
            # One segment has one graph: searches are several times faster, and nothing else writes here yet.
            # With millions of pictures it takes longer than any timeout; then the server goes on by itself.
            with contextlib.suppress(ConnectionTimeout):
                slow.indices.forcemerge(index=name, max_num_segments=1)
            self.client.indices.put_settings(
                index=name, settings={"refresh_interval": "1s", "number_of_replicas": self.replicas}
            )
            return int(self.client.count(index=name, query={"term": {"deleted": False}})["count"])

    def _check_recall(
        self, collection: str, name: str, schema: CollectionSchema, samples: Mapping[str, Sample]
    ) -> None:
        """Tune the new index before anybody uses it; one that loses neighbours however wide it looks is EngineUnavailable."""
        checks = {
            space: self._tuned(collection, name, schema, space, sample.vectors)
            for space, sample in samples.items()
            if sample.vectors
        }
        for space, check in checks.items():
            if check.recall < RECALL_LEAST:
                raise EngineUnavailable(
                    f"The new index of '{collection}' finds only {check.recall:.2f} of the nearest objects in space "
                    f"'{space}', even when it compares {check.width:.0f} times the usual candidates. The old one stays."
                )
        self._keep_widths(collection, name, schema, {space: check.width for space, check in checks.items()})

    def _drop_older(self, collection: str, current: str, previous: str | None) -> None:
        """Newer ones stay: another process may be filling them. A failure leaves rubbish, not a failed rebuild."""
        try:
            for other in self._generations(collection):
                if names.number_of(other) < names.number_of(current) and other != previous:
                    self.client.indices.delete(index=other, ignore_unavailable=True)
        except (ApiError, TransportError) as error:
            logger.warning("Older indexes of '%s' couldn't be removed: %s", collection, type(error).__name__)

    def rollback(self, collection: str) -> str:
        with readable(collection):
            current = self._behind(self.alias(collection))
            previous = self._behind(names.previous_alias(self.alias(collection)))
            if current is None or previous is None:
                raise IndexMissing(
                    f"There is no earlier index of '{collection}' to go back to. Run `manage.py rebuild_index`."
                )
            self._swap(collection, current=previous, previous=current)
        return previous

    def _swap(self, collection: str, *, current: str, previous: str | None, building: str = "") -> None:
        """All aliases in one call, so that no query ever finds none or two."""
        alias = self.alias(collection)
        before = names.previous_alias(alias)
        everything = f"{alias}-v*"
        actions: list[dict[str, Any]] = [
            {"remove": {"index": everything, "alias": alias, "must_exist": False}},
            {"remove": {"index": everything, "alias": before, "must_exist": False}},
            {"add": {"index": current, "alias": alias}},
        ]
        if previous is not None:
            actions.append({"add": {"index": previous, "alias": before}})
        if building:
            actions.append({"remove": {"index": current, "alias": building}})
        self.client.indices.update_aliases(actions=actions)
        self._known.pop(collection, None)

    # --- Recall ---------------------------------------------------------------------------------

    def recall(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> float:
        """Recall@10 of the graph and its second pass against exact search, on the live index."""
        return recall_of(partial(self.search, collection), space, queries)

    def tune(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> Check:
        """Compare so many candidates exactly that the recall is as wanted; kept in the index, for all processes."""
        known = self._knowledge(collection)
        found = self._tuned(collection, self.alias(collection), known.schema, space, list(queries))
        self._keep_widths(collection, self.alias(collection), known.schema, {**known.widths, space: found.width})
        self._known.pop(collection, None)
        return found

    def _tuned(
        self, collection: str, index: str, schema: CollectionSchema, space: str, queries: Sequence[Vector]
    ) -> Check:
        def recall_at(width: float) -> float:
            def search(asked: EngineQuery) -> EngineAnswer:
                return self._answer(collection, index, asked, schema, {space: width})

            return recall_of(search, space, queries)

        return widen(recall_at, WIDTHS)

    def _keep_widths(self, collection: str, index: str, schema: CollectionSchema, widths: Mapping[str, float]) -> None:
        wider = {space: width for space, width in widths.items() if width != 1.0}
        with readable(collection):
            self.client.indices.put_mapping(index=index, meta=mapping.meta_of(schema, wider, packed=self.found.packed))


# --- Legs ---------------------------------------------------------------------------------------


def _backoff() -> dict[str, float]:
    """Seconds between the client's tries, with jitter: many processes mustn't come back at the same moment."""
    known = inspect.signature(Elasticsearch.__init__).parameters  # Clients before 9.2 don't wait at all.
    return {"retry_backoff_base": 0.1, "retry_backoff_cap": 1.0} if "retry_backoff_base" in known else {}


@dataclass(frozen=True, slots=True)
class _Known:
    """What an index says of itself, and when it was asked. `widths`: of spaces that look wider than usual."""

    asked: float
    schema: CollectionSchema
    widths: Mapping[str, float]
    packed: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """What a leg asks first, and from the replies what it asks then; without `then` the first reply is the leg's."""

    bodies: list[dict[str, Any]]
    then: Callable[[list[dict[str, Any]]], dict[str, Any]] | None = None


def _step(leg: Leg, asked: EngineQuery, schema: CollectionSchema, widths: Mapping[str, float]) -> _Step:
    if isinstance(leg, WordsLeg):
        return _words_step(leg, asked, schema)
    if isinstance(leg, GramsLeg):
        return _grams_step(leg, asked, schema)
    width = widths.get(leg.space, 1.0) if isinstance(leg, VectorLeg) else 1.0
    return _Step([query.body(leg, asked, schema, width=width)])


def _words_step(leg: WordsLeg, asked: EngineQuery, schema: CollectionSchema) -> _Step:
    words = asked_in(leg, schema)

    def then(replies: list[dict[str, Any]]) -> dict[str, Any]:
        counted = query.words_counted(words, replies[0])
        begun = is_begun(words, counted)
        enough = query.with_all(replies[1], begun=begun) >= leg.k
        return query.words_body(leg, plan(words, counted, begun=begun, enough=enough), asked, schema)

    if not words:
        return _Step([query.words_body(leg, (), asked, schema)])
    return _Step([query.words_counts_body(words), query.with_all_body(words, asked, schema)], then)


def _grams_step(leg: GramsLeg, asked: EngineQuery, schema: CollectionSchema) -> _Step:
    grams = read_grams(leg.text)

    def then(replies: list[dict[str, Any]]) -> dict[str, Any]:
        documents, frequencies = query.grams_counted(grams, replies)
        return query.grams_body(leg, weigh_grams(frequencies, documents, USUAL_GRAMS), asked, schema)

    return _Step(query.grams_counts_bodies(grams), then) if grams else _Step([query.grams_body(leg, {}, asked, schema)])


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


# --- Replies ------------------------------------------------------------------------------------


def _leg_answer(leg: Leg, reply: dict[str, Any]) -> LegAnswer:
    rows = reply["hits"]["hits"]
    if isinstance(leg, VectorLeg):
        hits = [
            LegHit(row["fields"]["id"][0], round(min(1.0, max(-1.0, 2 * row["_score"] - 1)), 6), _key(row))
            for row in rows
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        total = reply["hits"]["total"]["value"]
        return LegAnswer(leg.name, tuple(hits[: leg.k]), total, "eq" if total < leg.k or leg.exact else "gte")
    constant = isinstance(leg, CodeLeg | BrowseLeg)
    most = 1.0 if isinstance(leg, GramsLeg) else math.inf
    hits = [
        LegHit(row["fields"]["id"][0], 1.0 if constant else min(most, max(round(row["_score"] or 0.0, 5), 1e-5)))
        for row in rows
    ]
    if not constant:
        hits.sort(key=lambda hit: (-hit.score, hit.id))  # Rounding may have made equals.
    total = reply["hits"]["total"]
    return LegAnswer(leg.name, tuple(hits), total["value"], total["relation"])


def _key(row: dict[str, Any]) -> str:
    if "inner_hits" not in row:
        return ""  # The leg names none.
    best = row["inner_hits"]["best"]["hits"]["hits"]
    if not best:
        return ""
    # The field's path is flat for a doc value of the nested object.
    values = best[0].get("fields", {})
    return str(next(iter(next(iter(values.values()), [""])), "")) if values else ""


def _facet_answer(name: str, kind: FacetKind, found: dict[str, Any]) -> FacetAnswer:
    if kind is FacetKind.NUMBER:
        return FacetAnswer(name, minimum=found["min"], maximum=found["max"])
    values = [
        FacetCount(bool(bucket["key"]) if kind is FacetKind.BOOLEAN else bucket["key"], bucket["doc_count"])
        for bucket in found["buckets"]
    ]
    return FacetAnswer(name, tuple(sorted(values, key=lambda item: (-item.count, item.value))))


def _kind(result: dict[str, Any]) -> str:
    error = result.get("error", {})
    return str(error.get("type", "unknown")) if isinstance(error, dict) else "unknown"
