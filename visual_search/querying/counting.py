"""Counts facets, each without its own filter where the question asks for that: what a page shows beside its choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from visual_search.engines.base import Engine
from visual_search.types import (
    FAMILY,
    PATH_SEPARATOR,
    AnyOf,
    CollectionSchema,
    FacetAnswer,
    FacetCount,
    FacetKind,
    Filter,
    Grade,
    Hit,
    Not,
    Query,
)

Relaxed = Mapping[
    str, Sequence[Hit]
]  # facet -> the hits that the question would have without the filters of that facet


def fields_of(query: Query, schema: CollectionSchema) -> tuple[str, ...]:
    """The facets that this question counts."""
    return query.facets if query.facets is not None else tuple(facet.name for facet in schema.told.facets)


def loosened(query: Query, schema: CollectionSchema) -> dict[str, Query]:
    """For each facet that has a filter and is counted without it: the question without that filter.

    What a question excludes by `Not` stays excluded: nobody ticked it.
    """
    if not query.disjunctive:
        return {}
    filtered = [rule.field for rule in query.filters if not isinstance(rule, Not)]
    return {
        name: replace(query, filters=tuple(rule for rule in query.filters if not _is_of(rule, name)))
        for name in fields_of(query, schema)
        if name in filtered
    }


def counted(
    engine: Engine, query: Query, hits: Sequence[Hit], relaxed: Relaxed, schema: CollectionSchema
) -> tuple[FacetAnswer, ...]:
    """The facets over the hits, or, where the question is `disjunctive`, what each choice would show once it is ticked.

    Then hits that are "nothing close" don't count beside close ones: what fills a short page is filled anew after a tick.
    Raises as the engine does.
    """
    answers = _over(engine, query, hits, fields_of(query, schema))
    paths = {field.name for field in schema.facets if field.kind is FacetKind.PATH}
    return tuple(
        _joined(
            _over(engine, query, relaxed[answer.field], (answer.field,))[0],
            answer,
            _ticked(query, answer.field),
            PATH_SEPARATOR if answer.field in paths else "",
        )
        if answer.field in relaxed
        else answer
        for answer in answers
    )


def _over(engine: Engine, query: Query, hits: Sequence[Hit], fields: Sequence[str]) -> tuple[FacetAnswer, ...]:
    close = [hit for hit in hits if hit.grade is not Grade.DISTANT] if query.disjunctive else hits
    over = close or hits
    ids = [id for hit in over for id in (hit.id, *hit.folded)]
    # Without families there is nothing to count once, and with one hit each the plain counts are the same.
    once = {"each": FAMILY.name} if len(ids) > len(over) else {}
    answers = engine.facets(query.collection, ids, fields, **once)
    return tuple(replace(answer, objects=len(over), close=bool(close) or not hits) for answer in answers)


def _ticked(query: Query, name: str) -> list[str]:
    return [
        as_text(value)
        for rule in query.filters
        if isinstance(rule, AnyOf) and rule.field == name
        for value in rule.values
    ]


def _joined(without: FacetAnswer, within: FacetAnswer, ticked: Sequence[str], separator: str) -> FacetAnswer:
    """The counts without the facet's own filter, but of what is ticked those of the hits that the page shows.

    The window of a leg reaches deeper into a filtered shop, so both may differ a little. Values keep the order that they have
    without the filter. `separator`: what stands between the levels of a path; "" where the values are none.
    """

    def holds(value: str | bool) -> bool:
        """Whether a tick is for all objects with this value: the value itself, or a level above it."""
        text = as_text(value)
        return any(text == one or (separator and text.startswith(one + separator)) for one in ticked)

    # What only fills the page is no result of a tick, unless nothing is close with or without it.
    shown = within.close or not without.close
    inside = {one.value: one.count for one in within.counts if holds(one.value)} if shown else {}
    counts = [replace(one, count=inside.pop(one.value, 0)) if holds(one.value) else one for one in without.counts] + [
        FacetCount(value, count) for value, count in inside.items()
    ]
    return replace(
        without,
        counts=tuple(counts),
        minimum=min(_numbers(without.minimum, within.minimum), default=None),
        maximum=max(_numbers(without.maximum, within.maximum), default=None),
    )


def as_text(value: object) -> str:
    """A facet's value as addresses write it: "true" for True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _numbers(*ends: float | None) -> list[float]:
    return [end for end in ends if end is not None]


def _is_of(rule: Filter, name: str) -> bool:
    return not isinstance(rule, Not) and rule.field == name
