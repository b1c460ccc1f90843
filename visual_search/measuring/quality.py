"""Runs a task through the real ranking and reports its metrics beside the baselines."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from visual_search import search
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.measuring import baselines, metrics
from visual_search.measuring.datasets import Item, Question, Task
from visual_search.measuring.scratch import Advanced, documents, ignore_progress, open_picture, scratch_index
from visual_search.types import CollectionSchema, Query, QueryPicture, unit

RANDOM_DRAWS = 10


@dataclass(frozen=True, slots=True)
class Report:
    """What one task gave: search and baselines, over all queries and by language."""

    task: str
    queries: int
    items: int
    results: Mapping[str, Mapping[str, metrics.Estimate]]  # search, colour, random -> metric -> estimate
    languages: Mapping[str, tuple[int, Mapping[str, float]]]  # language -> queries, means
    seconds: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(
    task: Task,
    encoder: Encoder,
    *,
    grey: bool = False,
    use_configured_engine: bool = False,
    advanced: Advanced = ignore_progress,
) -> Report:
    """Index the task's items in a scratch index, ask its questions, and compare with chance and with colour.

    `grey` takes the colour out of items and questions. `advanced(n)` is called after n items or questions.
    """
    begin = time.perf_counter()
    with scratch_index(encoder, use_configured_engine=use_configured_engine) as (engine, collection, schema):
        made = documents(task.items, encoder, titles=task.titles, grey=grey, advanced=advanced)
        report = engine.upsert(collection, made)
        if report.rejected:
            raise ValueError(f"{len(report.rejected)} items were rejected, first: {report.rejected[0].reason}")
        engine.refresh(collection)
        rankings = [
            _ask(question, engine, encoder, collection, schema, grey=grey, advanced=advanced)
            for question in task.questions
        ]
    groups = [question.group or question.id for question in task.questions]
    results = {"search": _estimates(rankings, task, groups)}
    if task.questions[0].picture is not None:
        results["colour"] = _estimates(_by_colour(task, grey=grey), task, groups)
    results["random"] = _by_chance(task, groups)
    return Report(
        task=task.name,
        queries=len(task.questions),
        items=len(task.items),
        results=results,
        languages=_by_language(task, rankings),
        seconds=time.perf_counter() - begin,
    )


def _ask(
    question: Question,
    engine: Engine,
    encoder: Encoder,
    collection: str,
    schema: CollectionSchema,
    *,
    grey: bool,
    advanced: Advanced,
) -> list[str]:
    pictures = (QueryPicture(open_picture(question.picture, grey=grey)),) if question.picture else ()
    query = Query(collection=collection, pictures=pictures, words=question.words, language=question.language)
    ranking = search.rank(query, engine=engine, encoder=encoder, schema=schema)
    advanced(1)
    return [hit.id for hit in ranking.hits]


def _rows(rankings: Sequence[Sequence[str]], task: Task) -> list[dict[str, float]]:
    return [
        metrics.of_ranking(ranking, question.relevance, exact=task.exact)
        for ranking, question in zip(rankings, task.questions, strict=True)
    ]


def _estimates(rankings: Sequence[Sequence[str]], task: Task, groups: Sequence[str]) -> dict[str, metrics.Estimate]:
    return metrics.estimates(_rows(rankings, task), groups)


def _by_chance(task: Task, groups: Sequence[str]) -> dict[str, metrics.Estimate]:
    ids = [item.id for item in task.items]
    draws = [
        _rows([baselines.random_rankings(ids, seed=draw * 1_000_003 + n) for n in range(len(task.questions))], task)
        for draw in range(RANDOM_DRAWS)
    ]
    mean = [
        {name: float(np.mean([row[name] for row in rows])) for name in metrics.NAMES}
        for rows in zip(*draws, strict=True)
    ]
    return metrics.estimates(mean, groups)


def _by_colour(task: Task, *, grey: bool) -> list[list[str]]:
    shown = [item for item in task.items if item.pictures]
    ids = [item.id for item in shown]
    vectors = unit(np.stack([_colour_of(item, grey=grey) for item in shown]))
    return [
        baselines.nearest(ids, vectors, baselines.colour(open_picture(question.picture, grey=grey)))
        for question in task.questions
        if question.picture is not None
    ]


def _colour_of(item: Item, *, grey: bool) -> np.ndarray:
    return baselines.colour(open_picture(item.pictures[0], grey=grey))


def _by_language(task: Task, rankings: Sequence[Sequence[str]]) -> dict[str, tuple[int, dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {}
    for question, row in zip(task.questions, _rows(rankings, task), strict=True):
        if question.language:
            found.setdefault(question.language, []).append(row)
    if len(found) < 2:
        return {}
    return {
        language: (len(rows), {name: float(np.mean([row[name] for row in rows])) for name in metrics.NAMES})
        for language, rows in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    }
