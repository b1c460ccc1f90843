"""The legs of a question as one or two _msearch requests: words are counted first, then asked with their weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from visual_search.engines.elasticsearch import query
from visual_search.engines.elasticsearch.client import Server
from visual_search.engines.elasticsearch.errors import kind_in, readable
from visual_search.engines.elasticsearch.replies import leg_answer
from visual_search.engines.refusals import no_index
from visual_search.engines.terms import asked_in, is_begun, plan, read_grams, weigh_grams
from visual_search.errors import EngineUnavailable, SchemaMismatch
from visual_search.ranking.bm25 import USUAL_GRAMS
from visual_search.types import CollectionSchema, EngineAnswer, EngineQuery, GramsLeg, Leg, VectorLeg, WordsLeg

SEARCH_PAUSES = (0.1, 0.3, 0.9)  # seconds before a search is tried again that found a shard without a node


def answer(
    server: Server,
    collection: str,
    index: str,
    asked: EngineQuery,
    *,
    schema: CollectionSchema,
    widths: Mapping[str, float],
) -> EngineAnswer:
    """Ask an index, or what an alias names. `widths`: how many times the usual candidates, for spaces that look wider."""
    # Comparing with every vector, as tests of recall do, may take longer than a shopper would wait.
    exact = any(isinstance(leg, VectorLeg) and leg.exact for leg in asked.legs)
    client = server.patient if exact else server.client
    steps = [_step(leg, asked, schema, widths) for leg in asked.legs]
    replies = iter(_msearch(client, collection, index, [body for step in steps for body in step.bodies]))
    first = [[next(replies) for _ in step.bodies] for step in steps]
    bodies = [step.then(own) if step.then else None for step, own in zip(steps, first, strict=True)]
    more = iter(_msearch(client, collection, index, [body for body in bodies if body is not None]))
    return EngineAnswer(
        tuple(
            leg_answer(leg, own[0] if body is None else next(more))
            for leg, own, body in zip(asked.legs, first, bodies, strict=True)
        )
    )


def _msearch(
    client: Elasticsearch, collection: str, index: str, bodies: Sequence[dict[str, Any]]
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
                raise _failure(reply, collection)
    return replies


def _failure(reply: dict[str, Any], collection: str) -> EngineUnavailable | SchemaMismatch:
    status, kind = reply.get("status", 500), kind_in(reply)
    if status == 404:
        return no_index(collection)
    if status == 400:
        return SchemaMismatch(
            f"The index of '{collection}' doesn't fit the question ({kind}). Run `manage.py visual_search rebuild`."
        )
    return EngineUnavailable(f"Elasticsearch couldn't answer ({status}, {kind}).")


# --- Steps --------------------------------------------------------------------------------------


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
