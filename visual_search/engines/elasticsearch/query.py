"""Query bodies as plain dictionaries: one search for each leg. Pure functions, tested without a server."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from multilingual.analysis import analyse_query
from multilingual.languages import UNDETERMINED
from visual_search.engines.elasticsearch.mapping import TEXT_PARTS
from visual_search.engines.validation import plain_code
from visual_search.types import (
    AnyOf,
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    EngineQuery,
    FacetKind,
    Filter,
    Leg,
    Not,
    VectorLeg,
    WordsLeg,
)

WEIGHTS = dict(zip(TEXT_PARTS, (4, 2, 1), strict=True))  # as in the embedded engine
OTHER_LANGUAGE = 0.5
MAX_TERMS = 32
MOST_CANDIDATES = 10_000  # the server's limit for num_candidates and for a page
TIES = 24  # so many more are fetched than asked for, so that ids decide between equals at the k-th place
SECOND_PASS = 50  # candidates compared exactly; measured recall@10 1.000 on 50,000 products x 2 pictures
MOST_FACET_VALUES = 1_000
_GREATEST = sys.float_info.max
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the node was found to have (probe.py)."""

    rescore_vector: bool = False
    bbq: bool = False


def body(leg: Leg, query: EngineQuery, schema: CollectionSchema, abilities: Abilities) -> dict[str, Any]:
    """The search of one leg. Every reply carries the ids alone; vectors never come back."""
    allowed = filters(query, schema)
    if isinstance(leg, VectorLeg):
        found = _vector(leg, allowed, schema, abilities)
    elif isinstance(leg, WordsLeg):
        found = _words(leg, allowed, schema)
    elif isinstance(leg, CodeLeg):
        codes = [plain for code in _sendable(leg.codes) if (plain := plain_code(code))]
        found = {"query": _constant([*allowed, {"terms": {"codes": codes}}]), "sort": _BY_SCORE}
    else:
        found = {"query": _constant(allowed), "sort": _order(leg)}
    return {
        "size": min(leg.k + TIES if isinstance(leg, VectorLeg) else leg.k, MOST_CANDIDATES),
        "_source": False,
        "docvalue_fields": ["id"],
        "track_total_hits": True,
        **found,
    }


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
    found: list[dict[str, Any]] = [{"term": {"deleted": False}}]
    found += [_filter(filter, schema) for filter in query.filters]
    if query.exclude:
        found.append({"bool": {"must_not": {"terms": {"id": _sendable(query.exclude)}}}})
    if query.only is not None:
        found.append({"terms": {"id": _sendable(query.only)}})
    return found


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
    """Without texts that hold half of a surrogate pair: no document has them, and the server refuses the whole request."""
    return [value for value in values if not (isinstance(value, str) and _HALF.search(value))]


# --- Vectors ------------------------------------------------------------------------------------


def _vector(
    leg: VectorLeg, allowed: list[dict[str, Any]], schema: CollectionSchema, abilities: Abilities
) -> dict[str, Any]:
    path = f"vectors.{leg.space}"
    vector = leg.vector.tolist()
    best = {"name": "best", "size": 1, "_source": False, "docvalue_fields": [f"{path}.key"]}
    exact = {
        "script_score": {
            "query": {"match_all": {}},
            "script": {"source": f"(cosineSimilarity(params.q, '{path}.v') + 1.0) / 2.0", "params": {"q": vector}},
        }
    }
    if leg.exact:
        nested = {"nested": {"path": path, "score_mode": "max", "query": exact, "inner_hits": best}}
        return {"query": {"bool": {"filter": allowed, "must": nested}}, "sort": _BY_SCORE}
    k = min(leg.k + TIES, MOST_CANDIDATES)
    knn: dict[str, Any] = {
        "field": f"{path}.v",
        "query_vector": vector,
        "k": k,
        "num_candidates": min(max(100, 2 * k), MOST_CANDIDATES),
        "filter": {"bool": {"filter": allowed}},
        "inner_hits": best,
    }
    if schema.space(leg.space).dims <= 64:
        return {"knn": knn}  # The graph holds whole vectors: scores are exact already.
    if abilities.rescore_vector:
        knn["rescore_vector"] = {"oversample": 2.0}
        return {"knn": knn}
    # Any version: the first candidates are compared once more with the raw vectors on disk.
    second = {"nested": {"path": path, "score_mode": "max", "query": exact}}
    return {
        "knn": knn,
        "rescore": {
            "window_size": max(SECOND_PASS, k),
            "query": {"query_weight": 0, "rescore_query_weight": 1, "rescore_query": second},
        },
    }


# --- Words --------------------------------------------------------------------------------------


def _words(leg: WordsLeg, allowed: list[dict[str, Any]], schema: CollectionSchema) -> dict[str, Any]:
    """The best of all languages counts; the first weighs most. With all words if possible, with some of them otherwise."""
    asked = dict.fromkeys(language if language in schema.languages else UNDETERMINED for language in leg.languages)
    choices = [
        choice
        for place, language in enumerate(asked)
        if (choice := _in_language(leg.text, language, 1.0 if place == 0 else OTHER_LANGUAGE))
    ]
    wanted: dict[str, Any] = {"dis_max": {"queries": choices}} if choices else {"match_none": {}}
    return {"query": {"bool": {"filter": allowed, "must": wanted}}, "sort": _BY_SCORE}


def _in_language(text: str, language: str, boost: float) -> dict[str, Any] | None:
    terms = analyse_query(text, language)[:MAX_TERMS]
    if not terms:
        return None
    clauses = [_term(term, language) for term in terms]
    if len(terms) == 1 and len(terms[0]) == 1:
        # The word may not be finished yet: "armch" is on its way to "armchair". What it is whole of scores far more.
        prefix = {"prefix": {f"texts.{language}.title": {"value": terms[0][0], "boost": 0.01}}}
        clauses = [{"bool": {"should": [clauses[0], prefix]}}]
    return {"bool": {"should": clauses, "minimum_should_match": 1, "boost": boost}}


def _term(term: tuple[str, ...], language: str) -> dict[str, Any]:
    parts = [
        {"match_phrase": {f"texts.{language}.{part}": {"query": " ".join(term), "boost": weight}}}
        for part, weight in WEIGHTS.items()
    ]
    return {"bool": {"should": parts, "minimum_should_match": 1}}


# --- Facets -------------------------------------------------------------------------------------


def facet_body(ids: Sequence[str], fields: Sequence[str], schema: CollectionSchema) -> dict[str, Any]:
    """Counts over exactly these documents."""
    kinds = {field.name: field.kind for field in schema.facets}
    return {
        "size": 0,
        "query": _constant([{"term": {"deleted": False}}, {"terms": {"id": _sendable(ids)}}]),
        "aggs": {
            name: {"stats": {"field": f"facets.{name}"}}
            if kinds[name] is FacetKind.NUMBER
            else {"terms": {"field": f"facets.{name}", "size": MOST_FACET_VALUES}}
            for name in fields
        },
    }
