"""From the server's replies to answers. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from visual_search.engines.answers import COSINE_DIGITS, LEAST_TEXT_SCORE, TEXT_DIGITS, facet_counts, ids_answer
from visual_search.types import (
    ALL_WORDS,
    BrowseLeg,
    CodeLeg,
    FacetAnswer,
    FacetCount,
    FacetKind,
    FacetValues,
    GramsLeg,
    IdsLeg,
    Leg,
    LegAnswer,
    LegHit,
    VectorLeg,
)


def leg_answer(leg: Leg, reply: dict[str, Any]) -> LegAnswer:
    """The answer of one leg from the reply to its search."""
    rows = reply["hits"]["hits"]
    if isinstance(leg, VectorLeg):
        hits = [
            LegHit(row["fields"]["id"][0], round(min(1.0, max(-1.0, 2 * row["_score"] - 1)), COSINE_DIGITS), _key(row))
            for row in rows
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        total = reply["hits"]["total"]["value"]
        return LegAnswer(leg.name, tuple(hits[: leg.k]), total, "eq" if total < leg.k or leg.exact else "gte")
    if isinstance(leg, IdsLeg):
        return ids_answer(leg, {row["fields"]["id"][0] for row in rows})
    total = reply["hits"]["total"]
    if isinstance(leg, CodeLeg | BrowseLeg):
        hits = [LegHit(row["fields"]["id"][0], 1.0) for row in rows]
    else:
        most = 1.0 if isinstance(leg, GramsLeg) else math.inf
        hits = [
            LegHit(row["fields"]["id"][0], min(most, _text_score(row)), ALL_WORDS if "matched_queries" in row else "")
            for row in rows
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.id))  # Rounding may have made equals.
    return LegAnswer(leg.name, tuple(hits), total["value"], total["relation"])


def named(answer: LegAnswer, names: LegAnswer) -> LegAnswer:
    """The answer whose hits have the keys that `names` gives some of them."""
    keys = {hit.id: hit.key for hit in names.hits}
    return replace(answer, hits=tuple(replace(hit, key=keys.get(hit.id, hit.key)) for hit in answer.hits))


def _text_score(row: dict[str, Any]) -> float:
    return max(round(row["_score"] or 0.0, TEXT_DIGITS), LEAST_TEXT_SCORE)


def _key(row: dict[str, Any]) -> str:
    if "inner_hits" not in row:
        return ""  # The leg names none.
    best = row["inner_hits"]["best"]["hits"]["hits"]
    if not best:
        return ""
    # The field's path is flat for a doc value of the nested object.
    values = best[0].get("fields", {})
    return str(next(iter(next(iter(values.values()), [""])), "")) if values else ""


def facet_answer(name: str, kind: FacetKind, aggregation: dict[str, Any]) -> FacetAnswer:
    """The answer for one facet from its aggregation in the reply to `query.facet_body`."""
    if kind is FacetKind.NUMBER:
        return FacetAnswer(name, minimum=aggregation["min"], maximum=aggregation["max"])
    counts = [
        FacetCount(bool(bucket["key"]) if kind is FacetKind.BOOLEAN else bucket["key"], _counted(bucket))
        for bucket in aggregation["buckets"]
    ]
    return facet_counts(name, counts)


def _counted(bucket: dict[str, Any]) -> int:
    """Documents, or groups of them and those without a group."""
    if "each" not in bucket:
        return int(bucket["doc_count"])
    return int(bucket["each"]["value"]) + int(bucket["alone"]["doc_count"])


def facet_values(row: dict[str, Any], kinds: Mapping[str, FacetKind]) -> tuple[str, FacetValues]:
    """A document's id and its facet values, from the reply to `query.values_body`."""
    fields = row["fields"]
    found = {name: fields[f"facets.{name}"] for name in kinds if fields.get(f"facets.{name}")}
    return fields["id"][0], {
        # Java sorts by UTF-16, and other letters than Python's may come first.
        name: tuple(sorted(float(value) if kinds[name] is FacetKind.NUMBER else value for value in values))
        for name, values in found.items()
    }
