"""Runs a task through the real ranking and reports its metrics beside the baselines."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from PIL import Image

from multilingual.detection import detect
from visual_search import search
from visual_search.content.lexicon import Counts
from visual_search.encoders.base import Encoder
from visual_search.imaging.reading import Reader
from visual_search.imaging.regions import Detector
from visual_search.measuring import alone, baselines, metrics
from visual_search.measuring.alterations import ALTERATIONS
from visual_search.measuring.datasets import Item, Question, Task
from visual_search.measuring.readings import ItemReadings
from visual_search.measuring.scratch import (
    Advanced,
    CachingEncoder,
    documents,
    filled,
    ignore_progress,
    open_picture,
    scratch_index,
)
from visual_search.querying.likes import Resembled
from visual_search.types import Document, NamedVector, Query, QueryPicture, Vector, unit

FOLDS = (
    5  # Where titles are hidden, a title is asked of an encoder that has learned from the other four fifths of them.
)
RANDOM_DRAWS = 10  # random orders that chance is averaged over (set by judgement)
IDS_KEPT = 50  # ids of each ranking in the report; R@50 needs as many


@dataclass(frozen=True, slots=True)
class Part:
    """The search's figures over some of the queries."""

    queries: int
    results: Mapping[str, metrics.Estimate]
    languages: Mapping[str, tuple[int, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Alone:
    """R@10 of one way to find by words, over those queries that no right answer has for a title, word for word."""

    every: metrics.Estimate
    scripts: Mapping[str, tuple[int, float]]  # script -> queries, mean
    languages: Mapping[str, tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Report:
    """What one task gave: search and baselines, over all queries and by language.

    `new_words` is the part of the queries that no right answer has for a title, word for word: what full text alone
    doesn't answer. It is None where all queries are of that kind.
    """

    task: str
    queries: int
    left_out: int  # questions that nothing in the index answers
    items: int
    taught: bool  # whether the encoder had learned from the titles, as after a rebuild of the shop's index
    engine: str
    results: Mapping[str, Mapping[str, metrics.Estimate]]  # search, colour, random -> metric -> estimate
    languages: Mapping[str, tuple[int, Mapping[str, float]]]  # language -> queries, means
    kinds: Mapping[str, tuple[int, Mapping[str, float]]]  # the same by kind of question, where there are several
    new_words: Part | None
    rankings: Mapping[str, tuple[str, ...]]  # query -> the first ids
    rows: Mapping[str, Mapping[str, float]]  # query -> metric -> value, to compare two runs query by query
    groups: Mapping[str, str]  # query -> what the bootstrap draws by
    over: str  # says which items were searched: runs over others aren't comparable
    seconds: float
    alone: Mapping[str, Alone] = field(default_factory=dict)  # "words", "meaning" and "both", where questions are words

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(
    task: Task,
    encoder: Encoder,
    *,
    reader: Reader | None = None,
    detector: Detector | None = None,
    grey: bool = False,
    use_configured_engine: bool = False,
    readings: ItemReadings | None = None,
    advanced: Advanced = ignore_progress,
) -> Report:
    """Index the task's items in a scratch index, ask its questions, and compare with chance and with colour.

    Photos are read with `reader`, taken apart with `detector`, and compared with the items' pictures as in the shop.
    `readings` keeps what was read in the items' pictures, for another task over the same items.
    `grey` takes the colour out of items and questions. `advanced(n)` is called after n items or questions.
    """
    begin = time.perf_counter()
    with scratch_index(encoder, use_configured_engine=use_configured_engine) as (engine, collection, schema):
        readings = readings or ItemReadings(reader)
        by_picture = any(question.picture is not None for question in task.questions)
        made = list(
            documents(
                task.items,
                encoder,
                titles=task.titles,
                grey=grey,
                readings=readings if by_picture else None,
                advanced=advanced,
            )
        )
        filled(engine, collection, made)
        by_id = {document.id: document for document in made}
        counts = Counts()
        counts.add(made, schema)
        lexicon = counts.lexicon()
        pupil = _pupil(task, encoder, made)
        lessons = _lessons(task, made, pupil) if pupil else [_Lesson((), range(len(task.questions)))]
        rankings: dict[int, list[str]] = {}
        single: dict[str, dict[int, list[str]]] = {"words": {}, "meaning": {}}
        for lesson in lessons:
            if pupil:
                pupil.fit(*lesson.pairs)
            for n in lesson.questions:
                question = task.questions[n]
                ranking = search.rank(
                    question_to_query(question, collection, grey=grey),
                    engine=engine,
                    encoder=encoder,
                    schema=schema,
                    reader=reader,
                    detector=detector,
                    kept=readings.kept,
                    resembled=_resembled(by_id[question.like], encoder) if question.like else None,
                    words_of_shop=lexicon,
                )
                rankings[n] = [hit.id for hit in ranking.hits]
                if question.words and question.picture is None:
                    asked = question.words, ranking.language
                    by_words = alone.by_words(
                        *asked, engine=engine, collection=collection, schema=schema, lexicon=lexicon
                    )
                    by_meaning = alone.by_meaning(
                        *asked, engine=engine, collection=collection, schema=schema, encoder=encoder
                    )
                    single["words"][n] = [hit.id for hit in by_words]
                    single["meaning"][n] = [hit.id for hit in by_meaning]
                advanced(1)
        name = engine.health().engine
    return reported(
        task,
        [rankings[n] for n in range(len(task.questions))],
        by_leg={way: [found.get(n, []) for n in range(len(task.questions))] for way, found in single.items() if found},
        engine=name,
        taught=pupil is not None,
        grey=grey,
        begin=begin,
    )


def reported(
    task: Task,
    rankings: Sequence[Sequence[str]],
    *,
    engine: str,
    taught: bool,
    grey: bool,
    begin: float,
    by_leg: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> Report:
    """The report of these rankings, one for each question, beside the baselines. `begin`: by `time.perf_counter`.

    `by_leg`: the rankings of full text alone and of meaning alone.
    """
    groups = _groups(task.questions)
    rows = _rows(rankings, task)
    results = {"search": metrics.estimates(rows, groups)}
    if any(question.picture is not None or question.like for question in task.questions):
        results["colour"] = metrics.estimates(_rows(_by_colour(task, grey=grey), task), groups)
    results["random"] = _by_chance(task, groups)
    ids = [question.id for question in task.questions]
    return Report(
        task=task.name,
        queries=len(task.questions),
        left_out=task.left_out,
        items=len(task.items),
        taught=taught,
        engine=engine,
        results=results,
        languages=_broken_down([question.language for question in task.questions], rows),
        kinds=_broken_down([question.kind for question in task.questions], rows),
        new_words=_new_words(task, rows),
        alone=_alone(task, {**by_leg, "both": rankings}) if by_leg else {},
        rankings={id: tuple(ranking[:IDS_KEPT]) for id, ranking in zip(ids, rankings, strict=True)},
        rows=dict(zip(ids, rows, strict=True)),
        groups=dict(zip(ids, groups, strict=True)),
        over=hashlib.sha256("\0".join(sorted(item.id for item in task.items)).encode()).hexdigest()[:16],
        seconds=time.perf_counter() - begin,
    )


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What the encoder learns (the arguments of `fit`), and the questions that it is asked afterwards."""

    pairs: tuple[np.ndarray, list[str], list[str]] | tuple[()]
    questions: Sequence[int]


def _pupil(task: Task, encoder: Encoder, made: Sequence[Document]) -> CachingEncoder | None:
    """The encoder, where it learns from titles of pictures and the task asks in words."""
    asks_in_words = any(question.words for question in task.questions) and any(
        document.vectors.get(encoder.card.image.name) for document in made
    )
    return encoder if asks_in_words and isinstance(encoder, CachingEncoder) and encoder.teachable else None


def _lessons(task: Task, made: Sequence[Document], encoder: Encoder) -> list[_Lesson]:
    """One lesson from all titles, as a rebuild of the index gives it; where titles are hidden, one for each fold.

    A fold's questions are asked after a lesson that left out every item with one of their titles.
    """
    space = encoder.card.image.name
    pairs = [
        (document.vectors[space][0].vector, item.title)
        for item, document in zip(task.items, made, strict=True)
        if document.vectors.get(space) and item.title
    ]
    everything = range(len(task.questions))
    if task.titles:
        return [_Lesson(_columns(pairs), everything)]
    titles = {title: n % FOLDS for n, title in enumerate(dict.fromkeys(title for _, title in pairs))}
    return [
        _Lesson(
            _columns([pair for pair in pairs if titles[pair[1]] != fold]),
            [n for n in everything if titles.get(task.questions[n].words, 0) == fold],
        )
        for fold in range(FOLDS)
    ]


def _columns(pairs: Sequence[tuple[Vector, str]]) -> tuple[np.ndarray, list[str], list[str]]:
    return np.stack([vector for vector, _ in pairs]), [title for _, title in pairs], ["en"] * len(pairs)


def question_to_query(question: Question, collection: str, *, grey: bool = False) -> Query:
    image = opened(question, grey=grey)
    return Query(
        collection=collection,
        pictures=(QueryPicture(image),) if image is not None else (),
        words=question.words,
        language=question.language,
        like=(question.like,) if question.like else (),
    )


def opened(question: Question, *, grey: bool) -> Image.Image | None:
    """The picture that is asked with, altered where the question says so; None where it asks without one."""
    if question.picture is None:
        return None
    image = open_picture(question.picture)
    if question.alteration:
        image = ALTERATIONS[question.alteration](image)
    return image.convert("L").convert("RGB") if grey else image


def _resembled(document: Document, encoder: Encoder) -> Resembled:
    """All pictures and the first title, as a search for what is like an object takes them."""
    liked: dict[str, Sequence[NamedVector]] = dict(document.vectors)
    if encoder.card.text is not None and encoder.card.text.name in liked:
        liked[encoder.card.text.name] = liked[encoder.card.text.name][:1]
    return Resembled(liked=liked)


def _rows(rankings: Sequence[Sequence[str]], task: Task) -> list[dict[str, float]]:
    return [
        metrics.of_ranking(ranking, question.relevance, exact=task.exact)
        for ranking, question in zip(rankings, task.questions, strict=True)
    ]


def _groups(questions: Sequence[Question]) -> list[str]:
    return [question.group or question.id for question in questions]


def _new_words(task: Task, rows: Sequence[Mapping[str, float]]) -> Part | None:
    new = [n for n, question in enumerate(task.questions) if not question.verbatim]
    if not new or len(new) == len(task.questions):
        return None
    questions, part = [task.questions[n] for n in new], [rows[n] for n in new]
    languages = _broken_down([question.language for question in questions], part)
    return Part(len(new), metrics.estimates(part, _groups(questions)), languages)


def _alone(task: Task, ways: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Alone]:
    new = [n for n, question in enumerate(task.questions) if not question.verbatim]
    if not new:
        return {}
    questions = [task.questions[n] for n in new]
    scripts = [detect(question.words).script for question in questions]
    languages = [question.language for question in questions]
    told = {}
    for way, rankings in ways.items():
        every = _rows(rankings, task)
        rows = [every[n] for n in new]
        by_script, by_language = (
            {name: (count, means["R@10"]) for name, (count, means) in _broken_down(names, rows).items()}
            for names in (scripts, languages)
        )
        told[way] = Alone(metrics.estimates(rows, _groups(questions))["R@10"], by_script, by_language)
    return told


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
    own = dict(zip(ids, vectors, strict=True))
    rankings = []
    for question in task.questions:
        image = opened(question, grey=grey)
        vector = baselines.colour(image) if image is not None else own.get(question.like)
        nearest = baselines.nearest(ids, vectors, vector, depth=IDS_KEPT + 1) if vector is not None else []
        rankings.append([id for id in nearest if id != question.like][:IDS_KEPT])
    return rankings


def _colour_of(item: Item, *, grey: bool) -> np.ndarray:
    return baselines.colour(open_picture(item.pictures[0], grey=grey))


def _broken_down(
    names: Sequence[str | None], rows: Sequence[Mapping[str, float]]
) -> dict[str, tuple[int, dict[str, float]]]:
    """Queries and means by name, the largest first; empty unless there are two names."""
    by_name: dict[str, list[Mapping[str, float]]] = {}
    for name, row in zip(names, rows, strict=True):
        if name:
            by_name.setdefault(name, []).append(row)
    if len(by_name) < 2:
        return {}
    return {
        name: (len(some), {metric: float(np.mean([row[metric] for row in some])) for metric in metrics.NAMES})
        for name, some in sorted(by_name.items(), key=lambda item: (-len(item[1]), item[0]))
    }
