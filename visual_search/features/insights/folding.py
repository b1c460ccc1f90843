"""The journey of insights: the questions of a day that is over become counts, and nothing else of them is kept.

The query log's sealing calls it, in its own transaction: what is written here stands if the day is sealed, and else not.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from django.db import models, transaction

from visual_search.features.insights.hiding import Group, groups, named
from visual_search.features.insights.models import DayFact, DayHit, DayStep, DayText, FoldedDay, WeekText
from visual_search.features.insights.options import options
from visual_search.features.insights.percentiles import rounded
from visual_search.types import Found, SealedQuestion, SealedText

NONE = "-"  # the value of a question that has none of a dimension: nothing close, so no category
ON_TOP = 3  # so many hits stand in the first row of a page
WHOLE = "all"  # the step that is the whole search
BATCH = 500

Pair = tuple[str, SealedQuestion, Found | None]


def fold(day: int, questions: Sequence[SealedQuestion], counts: Mapping[str, int]) -> None:
    """Count the questions of this day; `counts` are those of all questions, also of shoppers who want no row."""
    with transaction.atomic():
        record, _ = FoldedDay.objects.get_or_create(day=day)
        record.questions += len(questions)
        record.clients += len({question.client for question in questions})
        record.counts = dict(counts)
        record.save()
        facts: dict[tuple[str, ...], Mapping[str, float]] = {
            (dimension, value): group.values
            for dimension, pairs in DIMENSIONS.items()
            for value, group in named(groups(pairs(questions)), options().k).items()
        }
        _add(DayFact, day, ("dimension", "value"), facts)
        _add(DayText, day, ("collection", "language", "text"), _texts(questions))
        _add(DayHit, day, ("collection", "text", "object_id"), _hits(questions))
        _add_steps(day, questions)
        _expire(day)


def fold_week(first: int, texts: Sequence[SealedText]) -> None:
    """Keep the texts of the week that begins on this day. A week is announced once."""
    rows = [
        WeekText(
            day=first,
            text=text.text,
            clients=text.clients,
            questions=text.questions,
            nothing=text.nothing,
            nothing_close=text.nothing_close,
        )
        for text in texts
    ]
    WeekText.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _kinds(questions: Sequence[SealedQuestion]) -> Iterator[Pair]:
    return ((question.kind, question, None) for question in questions)


def _languages(questions: Sequence[SealedQuestion]) -> Iterator[Pair]:
    return ((question.language or NONE, question, None) for question in questions)


def _categories(questions: Sequence[SealedQuestion]) -> Iterator[Pair]:
    return ((question.category or NONE, question, None) for question in questions)


def _seen(questions: Sequence[SealedQuestion]) -> Iterator[Pair]:
    """Things in photos that were searched by, with what was found for each."""
    for question in questions:
        # A photo of three chairs asks for chairs once.
        for label in dict.fromkeys(thing.label for thing in question.seen if thing.close is not None):
            close = any(thing.close for thing in question.seen if thing.label == label)
            found = question.found if question.found in (Found.FEW, Found.MANY) else Found.MANY
            yield label, question, found if close else Found.NOTHING_CLOSE


def _facets(questions: Sequence[SealedQuestion]) -> Iterator[Pair]:
    return ((name, question, None) for question in questions for name in question.facets)


def _refinements(questions: Sequence[SealedQuestion]) -> Iterator[Pair]:
    return ((name, question, None) for question in questions for name in question.refinements)


DIMENSIONS = {
    "kind": _kinds,
    "language": _languages,
    "category": _categories,
    "seen": _seen,
    "facet": _facets,
    "refinement": _refinements,
}


def _texts(questions: Sequence[SealedQuestion]) -> dict[tuple[str, ...], Mapping[str, float]]:
    """What the query log lets staff read. It has counted the clients of a text before it gave it away.

    Each text has one row, with the collection and the language that most of its questions have: by language it might be
    of one client again.
    """
    grouped: dict[str, Group] = defaultdict(Group)
    asked: dict[str, Tally[tuple[str, str]]] = defaultdict(Tally)
    for question in questions:
        if question.text is not None:
            grouped[question.text].add(question)
            asked[question.text][question.collection, question.language] += 1
    return {(*asked[text].most_common(1)[0][0], text): group.values for text, group in grouped.items()}


def _hits(questions: Sequence[SealedQuestion]) -> dict[tuple[str, ...], Mapping[str, float]]:
    tallies: dict[tuple[str, ...], Tally[str]] = defaultdict(Tally)
    clients: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for question in questions:
        for text in dict.fromkeys(("", question.text or "")):
            for object_id, figure in _of_hits(question):
                key = (question.collection, text, object_id)
                clients[key].add(question.client)
                tallies[key][figure] += 1
    return {
        key: {"clients": len(clients[key]), **tally}
        for key, tally in tallies.items()
        if len(clients[key]) >= options().k
    }


def _of_hits(question: SealedQuestion) -> Iterator[tuple[str, str]]:
    """Each object of the answer with the figure that it adds to."""
    if question.page == 1:
        yield from ((object_id, "on_top") for object_id in question.hits[:ON_TOP])
    for event in question.events:
        if event.action == "impression":
            yield event.object_id, "seen"
        elif event.action == "click":
            yield event.object_id, "clicks"
            if event.position and event.position > options().deep:
                yield event.object_id, "deep"


def _add_steps(day: int, questions: Sequence[SealedQuestion]) -> None:
    tallies: dict[str, Tally[str]] = defaultdict(Tally)
    clients: dict[str, set[int]] = defaultdict(set)
    for question in questions:
        for step, took in (*question.timings_ms.items(), (WHOLE, question.took_ms)):
            tallies[step][str(rounded(took))] += 1
            clients[step].add(question.client)
    for step, tally in tallies.items():
        if len(clients[step]) < options().k:
            continue
        row, _ = DayStep.objects.get_or_create(day=day, step=step)
        row.counts = dict(Tally(row.counts) + tally)
        row.save()


def _add(
    model: type[models.Model], day: int, keys: tuple[str, ...], found: Mapping[tuple[str, ...], Mapping[str, float]]
) -> None:
    """Add these figures to those of the day. A day is rarely announced twice, but then with other questions."""
    manager = model._default_manager
    sums: dict[tuple[str, ...], dict[str, float]] = {key: dict(values) for key, values in found.items()}
    figures = [field.name for field in model._meta.concrete_fields if field.name not in ("id", "day", *keys)]
    for row in manager.filter(day=day).values():
        known = sums.setdefault(tuple(row[key] for key in keys), {})
        for name in figures:
            known[name] = known.get(name, 0) + row[name]
    manager.filter(day=day).delete()
    manager.bulk_create(
        [model(day=day, **dict(zip(keys, key, strict=True)), **values) for key, values in sums.items()],
        batch_size=BATCH,
    )


def _expire(day: int) -> None:
    """Delete what is older than the shop keeps."""
    for model in (FoldedDay, DayFact, DayText, WeekText, DayHit, DayStep):
        model._default_manager.filter(day__lt=day - options().days).delete()
