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
from visual_search.engines.elasticsearch.replies import leg_answer, named
from visual_search.engines.refusals import no_index
from visual_search.engines.terms import asked_in, is_begun, plan, read_grams, weigh_grams
from visual_search.errors import EngineUnavailable, SchemaMismatch
from visual_search.ranking.bm25 import USUAL_GRAMS
from visual_search.types import CollectionSchema, EngineAnswer, EngineQuery, GramsLeg, Leg, VectorLeg, WordsLeg

# Index -> languages of its texts. Processes see the same, each by itself.
Held = dict[str, frozenset[str]]
SEARCH_PAUSES = (0.1, 0.3, 0.9)  # seconds before a search is tried again that found a shard without a node


def answer(
    server: Server,
    collection: str,
    index: str,
    asked: EngineQuery,
    *,
    schema: CollectionSchema,
    widths: Mapping[str, float],
    held: Held | None = None,
) -> EngineAnswer:
    """Ask an index, or what an alias names. `widths`: how many times the usual candidates, for spaces that look wider.

    `held`: by index the languages of its texts, as the last question saw them; words are counted in these alone. Each count
    says which languages there are, so that a question that comes after the first text of another language is asked again.
    """
    held = {} if held is None else held
    # Comparing with every vector, as tests of recall do, may take longer than a shopper would wait.
    exact = any(isinstance(leg, VectorLeg) and leg.exact for leg in asked.legs)
    client = server.patient if exact else server.client
    among = held.get(index)
    try:
        answered, languages = _answer(client, collection, index, _Question(asked, schema, widths, among))
    except _AnotherLanguage:
        answered, languages = _answer(client, collection, index, _Question(asked, schema, widths))
    if languages is not None:
        held[index] = languages
    return answered


def _answer(
    client: Elasticsearch, collection: str, index: str, question: _Question
) -> tuple[EngineAnswer, frozenset[str] | None]:
    """The answer, and the languages of the index's texts if words were counted."""
    legs = question.asked.legs
    steps = [_step(leg, question) for leg in legs]
    replies = iter(_msearch(client, collection, index, [body for step in steps for body in step.bodies]))
    first = [[next(replies) for _ in step.bodies] for step in steps]
    seen = [query.languages_counted(own[0]) for step, own in zip(steps, first, strict=True) if step.counts_languages]
    if question.among is not None and any(not languages <= question.among for languages in seen):
        raise _AnotherLanguage
    bodies = [step.then(own) if step.then else None for step, own in zip(steps, first, strict=True)]
    more = iter(_msearch(client, collection, index, [body for body in bodies if body is not None]))
    answers = []
    for leg, step, own, body in zip(legs, steps, first, bodies, strict=True):
        reply = own[0] if body is None else next(more)
        if step.names and body is not None:
            answers.append(named(leg_answer(leg, own[0]), leg_answer(leg, reply)))
        else:
            answers.append(leg_answer(leg, reply))
    return EngineAnswer(tuple(answers)), seen[0] if seen else None


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


class _AnotherLanguage(Exception):
    """The index has texts in a language that the last question didn't see."""


# --- Steps --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Question:
    """What all legs share. `among`: the languages in which words are counted; None: in all."""

    asked: EngineQuery
    schema: CollectionSchema
    widths: Mapping[str, float]
    among: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """What a leg asks first, and from the replies what it asks then; without `then` the first reply is the leg's.

    `counts_languages`: the first reply says in which languages there are texts. `names`: the second only names the pictures of
    hits that the first one holds.
    """

    bodies: list[dict[str, Any]]
    then: Callable[[list[dict[str, Any]]], dict[str, Any] | None] | None = None
    counts_languages: bool = False
    names: bool = False


def _step(leg: Leg, question: _Question) -> _Step:
    asked, schema = question.asked, question.schema
    if isinstance(leg, WordsLeg):
        return _words_step(leg, question)
    if isinstance(leg, GramsLeg):
        return _grams_step(leg, asked, schema)
    if isinstance(leg, VectorLeg):
        return _vector_step(leg, question)
    return _Step([query.body(leg, asked, schema)])


def _vector_step(leg: VectorLeg, question: _Question) -> _Step:
    """Naming a hit's picture takes longer than finding it, so where only the first are to be named, they are asked again."""
    body = query.body(leg, question.asked, question.schema, width=question.widths.get(leg.space, 1.0))
    if leg.names_all or leg.named == 0:
        return _Step([body])

    def then(replies: list[dict[str, Any]]) -> dict[str, Any] | None:
        first = leg_answer(leg, replies[0]).hits[: leg.named]
        return query.naming_body(leg, [hit.id for hit in first]) if first else None

    return _Step([body], then, names=True)


def _words_step(leg: WordsLeg, question: _Question) -> _Step:
    asked, schema = question.asked, question.schema
    # Without any language nothing would be counted, and nobody would learn of the first text in one of them.
    words = (asked_in(leg, schema, question.among) if question.among else ()) or asked_in(leg, schema)

    def then(replies: list[dict[str, Any]]) -> dict[str, Any]:
        counted = query.words_counted(words, replies[0])
        begun = is_begun(words, counted)
        enough = query.with_all(replies[1], begun=begun) >= leg.k
        return query.words_body(leg, plan(words, counted, begun=begun, enough=enough), asked, schema)

    if not words:
        return _Step([query.words_body(leg, (), asked, schema)])
    bodies = [query.words_counts_body(words), query.with_all_body(words, asked, schema)]
    return _Step(bodies, then, counts_languages=True)


def _grams_step(leg: GramsLeg, asked: EngineQuery, schema: CollectionSchema) -> _Step:
    grams = read_grams(leg.text)

    def then(replies: list[dict[str, Any]]) -> dict[str, Any]:
        documents, frequencies = query.grams_counted(grams, replies)
        return query.grams_body(leg, weigh_grams(frequencies, documents, USUAL_GRAMS), asked, schema)

    return _Step(query.grams_counts_bodies(grams), then) if grams else _Step([query.grams_body(leg, {}, asked, schema)])
