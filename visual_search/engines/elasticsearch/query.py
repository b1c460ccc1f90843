"""Query bodies as plain dictionaries: one search for each leg. Pure functions, tested without a server."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from multilingual.analysis import is_form
from visual_search.engines.terms import Asked, Clause, Counted, Wanted
from visual_search.engines.validation import has_half_character, plain_codes
from visual_search.types import (
    ALL_WORDS,
    AnyOf,
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    EngineQuery,
    FacetKind,
    Filter,
    GramsLeg,
    IdsLeg,
    Not,
    VectorLeg,
    WordsLeg,
)

MOST_LANGUAGES = 200  # counted at once; more than ISO 639-1 has codes
MOST_CANDIDATES = 10_000  # the server's limit for num_candidates and for a page
TIES = 24  # so many more candidates than asked for, so that ids decide between equals at the k-th place
SECOND_PASS = 100  # objects compared exactly at least; with 50, recall@10 was 1.000 on 50,000 products x 2 pictures
MOST_FACET_VALUES = 1_000  # of one facet, those with most objects; nobody reads through more
MOST_COUNTED = 40_000  # the server's limit for precision_threshold
LONGEST_TERM = 32_766  # bytes; the server indexes no longer one, and refuses a whole question that holds one
ALIVE: dict[str, Any] = {"term": {"deleted": False}}  # what isn't a tombstone
_GREATEST = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the node was found to have (probe.py)."""

    bbq: bool = False  # vectors of one bit a number
    packed: bool = False  # vectors may be sent as base64 (from 9.3)


def body(
    leg: VectorLeg | CodeLeg | IdsLeg | BrowseLeg, query: EngineQuery, schema: CollectionSchema, *, width: float = 1.0
) -> dict[str, Any]:
    """The search of a leg that needs nothing counted first. Every reply carries the ids alone; vectors never come back.

    `width`: how many times the usual candidates a vector leg compares exactly.
    """
    allowed = filters(query, schema)
    if isinstance(leg, VectorLeg):
        asked = _vector(leg, allowed, width)
    elif isinstance(leg, CodeLeg):
        asked = {
            "query": _constant([*allowed, {"terms": {"codes": _sendable(plain_codes(leg.codes))}}]),
            "sort": _BY_SCORE,
        }
    elif isinstance(leg, IdsLeg):
        # All of them, whatever k: their order is known here alone (answers.ids_answer), and the first may not pass.
        ids = list(dict.fromkeys(_sendable(leg.ids)))
        return _ids_of(len(ids), query=_constant([*allowed, {"terms": {"id": ids}}]), sort=["_doc"])
    else:
        asked = {"query": _constant(allowed), "sort": _order(leg)}
    return _ids_of(leg.k, **asked)


def _ids_of(k: int, **asked: Any) -> dict[str, Any]:
    return {
        "size": min(k, MOST_CANDIDATES),
        "_source": False,
        "docvalue_fields": ["id"],
        "track_total_hits": True,
        **asked,
    }


# Rounding may take the cosine of opposite vectors below -1, and the server refuses a score below 0.
_COSINE = "Math.max(0.0, (cosineSimilarity(params.q, '{field}') + 1.0) / 2.0)"
_BY_SCORE: list[Any] = [{"_score": "desc"}, {"id": "asc"}]


def _constant(clauses: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"constant_score": {"filter": {"bool": {"filter": list(clauses)}}}}


def _order(leg: BrowseLeg) -> list[Any]:
    if leg.order_by is None:
        return [{"id": "asc"}]
    order = "desc" if leg.descending else "asc"
    return [{f"facets.{leg.order_by}": {"order": order, "missing": "_last"}}, {"id": "asc"}]


# --- Filters ------------------------------------------------------------------------------------


def filters(query: EngineQuery, schema: CollectionSchema) -> list[dict[str, Any]]:
    """All conditions; they go inside every leg, so that they hold before anything is scored."""
    clauses: list[dict[str, Any]] = [ALIVE]
    clauses += [_filter(filter, schema) for filter in query.filters]
    if query.exclude:
        clauses.append({"bool": {"must_not": {"terms": {"id": _sendable(query.exclude)}}}})
    if query.only is not None:
        clauses.append({"terms": {"id": _sendable(query.only)}})
    return clauses


def _filter(filter: Filter, schema: CollectionSchema) -> dict[str, Any]:
    if isinstance(filter, Not):
        return {"bool": {"must_not": _filter(filter.filter, schema)}}
    field = f"facets.{filter.field}"
    if isinstance(filter, AnyOf):
        kind = next(known.kind for known in schema.facets if known.name == filter.field)
        fitting = [value for value in filter.values if _is_of(kind, value)]
        return {"terms": {field: _sendable(fitting)}}
    if filter.at_least is None and filter.at_most is None:
        return {"exists": {"field": field}}
    # JSON has no infinity; the greatest number does the same, since no stored number is infinite.
    ends = {"gte": filter.at_least, "lte": filter.at_most}
    finite = {name: max(-_GREATEST, min(_GREATEST, end)) for name, end in ends.items() if end is not None}
    if filter.at_least == math.inf or filter.at_most == -math.inf:
        return {"match_none": {}}
    return {"range": {field: finite}}


def _is_of(kind: FacetKind, value: str | float | bool) -> bool:
    """The server would take "3" for 3 and "true" for True; a filter of another type matches nothing on any engine."""
    if kind is FacetKind.BOOLEAN:
        return isinstance(value, bool)
    if kind is FacetKind.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


_Value = TypeVar("_Value", str, str | float | bool)


def _sendable(values: Iterable[_Value]) -> list[_Value]:
    """Without texts that no document has and for which the server refuses the whole request.

    Those hold half of a surrogate pair, or are longer than any term that is indexed.
    """
    return [value for value in values if not isinstance(value, str) or _is_term(value)]


def _is_term(text: str) -> bool:
    return not has_half_character(text) and len(text.encode()) <= LONGEST_TERM


# --- Vectors ------------------------------------------------------------------------------------


def naming_body(leg: VectorLeg, ids: Sequence[str]) -> dict[str, Any]:
    """The search that names the nearest picture of each of these objects, whatever the filters."""
    allowed: list[dict[str, Any]] = [{"terms": {"id": _sendable(ids)}}]
    return _ids_of(len(ids), **_vector(replace(leg, exact=True, named=None), allowed, 1.0))


def _vector(leg: VectorLeg, allowed: list[dict[str, Any]], width: float) -> dict[str, Any]:
    path = f"vectors.{leg.space}"
    vector = leg.vector.tolist()
    exact = {
        "script_score": {
            "query": {"match_all": {}},
            "script": {"source": _COSINE.format(field=f"{path}.v"), "params": {"q": vector}},
        }
    }
    # Scores come from the raw vectors alone: what a graph of quantised ones says differs by up to 0.1, also with the
    # server's own `rescore_vector`, and names the wrong picture for one object in twenty.
    nested: dict[str, Any] = {"path": path, "score_mode": "max", "query": exact}
    if leg.names_all:
        nested["inner_hits"] = {"name": "best", "size": 1, "_source": False, "docvalue_fields": [f"{path}.key"]}
    scored = {"nested": nested}
    if leg.exact:
        return {"query": {"bool": {"filter": allowed, "must": scored}}, "sort": _BY_SCORE}
    k = min(int(max(SECOND_PASS, leg.k + TIES) * width), MOST_CANDIDATES)
    knn = {
        "field": f"{path}.v",
        "query_vector": vector,
        "k": k,
        "num_candidates": k,
        "filter": {"bool": {"filter": allowed}},
    }
    candidates = {"nested": {"path": path, "query": {"knn": knn}}}
    return {"query": {"bool": {"filter": candidates, "must": scored}}, "sort": _BY_SCORE}


# --- Words and pieces of words ------------------------------------------------------------------
# Elasticsearch's own counts hold deleted documents until a merge, and differ from one copy of a shard to the other. So the
# frequencies are counted first, of what is alive, and travel with the question as boosts.


def words_counts_body(asked: Sequence[Asked]) -> dict[str, Any]:
    """Counts for `words_counted`: documents by language; then, of each language, each part and the beginning."""
    filters = []
    for query in asked:
        filters += [{"term": {_field(query.language, part): part}} for part in query.parts]
        if query.beginning:
            filters.append({"prefix": {_field(query.language, query.beginning): query.beginning}})
    return _counts({"languages": {"terms": {"field": "languages", "size": MOST_LANGUAGES}}}, filters)


def languages_counted(reply: Mapping[str, Any]) -> frozenset[str]:
    """The languages in which the index has texts."""
    return frozenset(bucket["key"] for bucket in reply["aggregations"]["languages"]["buckets"])


def words_counted(asked: Sequence[Asked], reply: Mapping[str, Any]) -> dict[str, Counted]:
    """What the counts say, by language; languages without a text are left out."""
    documents = {bucket["key"]: bucket["doc_count"] for bucket in reply["aggregations"]["languages"]["buckets"]}
    counts = iter(_buckets(reply))
    counted = {}
    for query in asked:
        frequencies = {part: next(counts) for part in query.parts}
        begun = next(counts) if query.beginning else 0
        if query.language in documents:
            counted[query.language] = Counted(documents[query.language], frequencies, begun)
    return counted


def with_all_body(asked: Sequence[Asked], query: EngineQuery, schema: CollectionSchema) -> dict[str, Any]:
    """Counts the allowed documents that have all terms in one of the languages: as they stand, and with the last one begun."""
    choices = [{"bool": {"should": [_all_of(item, begun=begun) for item in asked]}} for begun in (False, True)]
    return {**_counts({}, choices), "query": _constant(filters(query, schema))}


def with_all(reply: Mapping[str, Any], *, begun: bool) -> int:
    return _buckets(reply)[int(begun)]


def _all_of(asked: Asked, *, begun: bool) -> dict[str, Any]:
    language = asked.language
    slots = asked.slots[:-1] if begun and asked.beginning else asked.slots
    clauses = [
        _any_of([[{"term": {_field(language, part): part}} for part in each] for each in slot]) for slot in slots
    ]
    if begun and asked.beginning:
        clauses.append({"prefix": {_field(language, asked.beginning): asked.beginning}})
    return {"bool": {"filter": clauses}}


def _any_of(alternatives: Sequence[list[dict[str, Any]]]) -> dict[str, Any]:
    """A filter: all of one of the alternatives."""
    choices = [parts[0] if len(parts) == 1 else {"bool": {"filter": parts}} for parts in alternatives]
    return choices[0] if len(choices) == 1 else {"bool": {"should": choices}}


def words_body(leg: WordsLeg, wanted: Sequence[Wanted], query: EngineQuery, schema: CollectionSchema) -> dict[str, Any]:
    """The best of all languages counts."""
    choices = [_in_language(item) for item in wanted]
    matching: dict[str, Any] = {"dis_max": {"queries": choices}} if choices else {"match_none": {}}
    return _by_score(leg.k, matching, query, schema)


def _in_language(wanted: Wanted) -> dict[str, Any]:
    """The clauses of one language. `matched_queries` of a hit names those languages in which it has all the words."""
    name = f"{ALL_WORDS}.{wanted.language}"
    clauses = [_scored(wanted.language, clause) for clause in wanted.clauses]
    if wanted.all_of:
        every: dict[str, Any] = {"bool": {"should": clauses, "minimum_should_match": len(clauses), "_name": name}}
        return {"bool": {"must": every, "should": _bonus(wanted, [])}} if wanted.heads else every
    some: dict[str, Any] = {"bool": {"should": clauses, "minimum_should_match": 1}}
    if not wanted.telling:
        return some
    telling = [_scored(wanted.language, clause) for clause in wanted.telling]
    having = {"bool": {"should": telling, "minimum_should_match": wanted.least}}
    # It adds nothing to the score.
    named = {"constant_score": {"filter": having, "boost": 0.0, "_name": name}}
    return {"bool": {"must": some, "should": [named, *_bonus(wanted, [having])]}}


def _bonus(wanted: Wanted, having: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What titles get more that are about what the question is about."""
    if not wanted.heads:
        return []
    about = {"terms": {_field(wanted.language, wanted.heads[0]): list(wanted.heads)}}
    return [{"constant_score": {"filter": {"bool": {"filter": [*having, about]}}, "boost": wanted.bonus}}]


def _field(language: str, term: str) -> str:
    return f"{'forms' if is_form(term) else 'texts'}.{language}"


def _scored(language: str, clause: Clause) -> dict[str, Any]:
    if clause.beginning is not None:
        word, weight = clause.beginning
        return {"constant_score": {"filter": {"prefix": {_field(language, word): word}}, "boost": weight}}
    choices: list[dict[str, Any]] = []
    for alternative in clause.alternatives:
        parts: list[dict[str, Any]] = [
            {"term": {_field(language, part): {"value": part, "boost": weight}}} for part, weight in alternative
        ]
        choices.append(parts[0] if len(parts) == 1 else {"bool": {"must": parts}})
    return choices[0] if len(choices) == 1 else {"dis_max": {"queries": choices}}


def grams_counts_bodies(grams: Sequence[str]) -> list[dict[str, Any]]:
    """Counts for `grams_counted`: all documents, then each piece.

    A search each, for which the index has the number at hand; as filters of one aggregation each would be walked through
    against the nested vectors, which took seven times as long on 100,000 objects.
    """
    counted = [ALIVE, *({"term": {"grams": gram}} for gram in grams)]
    return [{"size": 0, "track_total_hits": True, "query": query} for query in counted]


def grams_counted(grams: Sequence[str], replies: Sequence[Mapping[str, Any]]) -> tuple[int, dict[str, int]]:
    documents, *counts = (reply["hits"]["total"]["value"] for reply in replies)
    return documents, dict(zip(grams, counts, strict=True))


def grams_body(
    leg: GramsLeg, weights: Mapping[str, float], query: EngineQuery, schema: CollectionSchema
) -> dict[str, Any]:
    clauses = [{"term": {"grams": {"value": gram, "boost": weight}}} for gram, weight in weights.items()]
    matching: dict[str, Any] = (
        {"bool": {"should": clauses, "minimum_should_match": 1}} if clauses else {"match_none": {}}
    )
    return _by_score(leg.k, matching, query, schema)


def _by_score(k: int, matching: dict[str, Any], query: EngineQuery, schema: CollectionSchema) -> dict[str, Any]:
    must = {"bool": {"filter": filters(query, schema), "must": matching}}
    return _ids_of(k, query=must, sort=_BY_SCORE)


def _counts(aggregations: dict[str, Any], filters: Sequence[dict[str, Any]]) -> dict[str, Any]:
    aggregations = {**aggregations, "counts": {"filters": {"filters": list(filters)}}} if filters else aggregations
    return {"size": 0, "track_total_hits": False, "aggs": aggregations}


def _buckets(reply: Mapping[str, Any]) -> list[int]:
    buckets = reply.get("aggregations", {}).get("counts", {}).get("buckets", [])
    return [bucket["doc_count"] for bucket in buckets]


# --- Facets -------------------------------------------------------------------------------------


def facet_body(
    ids: Sequence[str], fields: Sequence[str], schema: CollectionSchema, each: str | None = None
) -> dict[str, Any]:
    """Counts over exactly these documents; those that share a value of the facet `each` count once a value."""
    kinds = {field.name: field.kind for field in schema.facets}
    within: dict[str, Any] = {}
    if each:
        field = f"facets.{each}"
        # Up to so many the server counts them one by one, and its most is 40,000.
        counted = {"cardinality": {"field": field, "precision_threshold": min(len(ids) + 1, MOST_COUNTED)}}
        within = {"aggs": {"each": counted, "alone": {"missing": {"field": field}}}}
    return {
        "size": 0,
        "query": _constant([ALIVE, {"terms": {"id": _sendable(ids)}}]),
        "aggs": {
            name: {"stats": {"field": f"facets.{name}"}}
            if kinds[name] is FacetKind.NUMBER
            else {"terms": {"field": f"facets.{name}", "size": MOST_FACET_VALUES}, **within}
            for name in fields
        },
    }


def values_body(ids: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    """The facet values of these documents."""
    return {
        "size": len(ids),
        "_source": False,
        "docvalue_fields": ["id", *(f"facets.{name}" for name in fields)],
        "track_total_hits": False,
        "query": _constant([ALIVE, {"terms": {"id": _sendable(ids)}}]),
        "sort": ["_doc"],
    }
