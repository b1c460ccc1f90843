"""Measures how often grades and "nothing close" are right on real questions, with limits as `calibrate` learns them.

Protocol: every photo of a task is asked twice. The whole catalogue has what the photo shows, so "nothing close" is wrong
there. The second time, the departments (top level of the category path) of all right answers of the task are left out, so
"nothing close" is right. Words are asked likewise, each without its own departments. Limits are learned
as in the shop, from synthetic photos of the catalogue and words of its titles; no question of a task is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from visual_search import search
from visual_search.content.vectors import Title
from visual_search.encoders.base import Encoder
from visual_search.imaging.reading import Reader
from visual_search.imaging.regions import Detector
from visual_search.learning import calibrating, probes, sampling
from visual_search.measuring.datasets import Item, Question, Task
from visual_search.measuring.measures import Table
from visual_search.measuring.quality import question_to_query
from visual_search.measuring.readings import ItemReadings
from visual_search.measuring.scratch import (
    Advanced,
    documents,
    ignore_progress,
    open_picture,
    scratch_index,
)
from visual_search.ranking.calibration import JUDGED, PHOTO, STUDIO, Calibration
from visual_search.types import PATH_SEPARATOR, AnyOf, Grade, Not

CATEGORY = "category"  # the facet whose top level is a department
COLUMNS = {
    "photos": "{:.0f}", "nothing wrong": "{:.3f}", "nothing right": "{:.3f}", "same": "{:.0f}", "same wrong": "{:.3f}",
    "very": "{:.0f}", "very wrong": "{:.3f}", "style": "{:.0f}", "style wrong": "{:.3f}",
}  # fmt: skip
_NAMES = {Grade.SAME: "same", Grade.VERY_SIMILAR: "very", Grade.SIMILAR: "style"}


@dataclass(slots=True)
class _Tally:
    """Counts over questions; `wrongly` and `rightly`: how often nothing close was said."""

    photos: int = 0
    wrongly: int = 0
    rightly: int = 0
    given: dict[Grade, list[bool]] | None = None

    def row(self) -> dict[str, float]:
        given = self.given or {}
        row = {"photos": float(self.photos), "nothing wrong": self.wrongly / max(1, self.photos)}
        row["nothing right"] = self.rightly / max(1, self.photos)
        for grade, name in _NAMES.items():
            judged = given.get(grade, [])
            row[name] = float(len(judged))
            row[f"{name} wrong"] = 1 - sum(judged) / len(judged) if judged else 0.0
        return row


def measure_closeness(
    tasks: Sequence[Task],
    encoder: Encoder,
    *,
    reader: Reader | None,
    detector: Detector | None,
    use_configured_engine: bool = False,
    advanced: Advanced = ignore_progress,
) -> Table:
    """One row a task and kind of question, and one over all. All tasks ask the same catalogue."""
    items = tasks[0].items
    rows: dict[str, _Tally] = defaultdict(_Tally)
    with scratch_index(encoder, use_configured_engine=use_configured_engine) as (engine, collection, schema):
        readings = ItemReadings(reader)
        made = list(documents(items, encoder, titles=True, readings=readings, advanced=advanced))
        engine.upsert(collection, made)
        engine.refresh(collection)
        categories = {item.id: item.category for item in items if item.category}
        probed = probes.Asked(engine, encoder, collection, CATEGORY, lambda ids: categories)
        learned = _learned(items, probed, advanced)
        for task in tasks:
            departments = _departments(task.questions, items)
            for question in task.questions:
                if question.picture is None:
                    # Names of everything that a shop sells leave no department over: each is asked without its own.
                    departments = _departments([question], items)
                query = question_to_query(question, collection)
                elsewhere = replace(query, filters=(Not(AnyOf(CATEGORY, departments)),))
                asked = [
                    search.rank(
                        one, engine=engine, encoder=encoder, schema=schema, reader=reader, detector=detector,
                        kept=readings.kept, calibration=learned, kinds=probed.categories,
                    )
                    for one in (query, elsewhere)
                ]  # fmt: skip
                kind = _kind(question, asked[0])
                for name in (f"{task.name}, {kind}", f"all, {kind}"):
                    _count(rows[name], question, asked[0], asked[1], exact=task.exact)
                advanced(1)
    return Table(
        "Grades on real photos, limits learned from synthetic ones",
        COLUMNS,
        {name: tally.row() for name, tally in sorted(rows.items())},
        (
            "nothing wrong: 'nothing close' was said though the catalogue has it; nothing right: it was said where the "
            "department was taken out",
            f"same, very, style: hits among the first {JUDGED} with that grade; a wrong 'same item' isn't the very "
            "product, other grades are wrong where no relation is known",
        ),
    )


def _count(
    tally: _Tally, question: Question, ranking: search.Ranking, elsewhere: search.Ranking, *, exact: int
) -> None:
    tally.photos += 1
    tally.wrongly += "nothing_close" in ranking.warnings
    tally.rightly += "nothing_close" in elsewhere.warnings or not elsewhere.hits
    tally.given = given = tally.given if tally.given is not None else {}
    for hit in ranking.hits[:JUDGED]:
        if hit.grade in _NAMES:
            least = exact if hit.grade is Grade.SAME else 1
            given.setdefault(hit.grade, []).append(question.relevance.get(hit.id, 0) >= least)


def _kind(question: Question, ranking: search.Ranking) -> str:
    if question.picture is None:
        return "words"
    witness = ranking.pictures[0].witness
    return STUDIO if witness is not None and witness.studio else PHOTO


def _departments(questions: Sequence[Question], items: Sequence[Item]) -> tuple[str, ...]:
    right = {id for question in questions for id in question.relevance}
    return tuple(sorted({_department(item) for item in items if item.id in right and item.category}))


def _department(item: Item) -> str:
    return item.category.split(PATH_SEPARATOR)[0]


def _learned(items: Sequence[Item], asked: probes.Asked, advanced: Advanced) -> Calibration:
    shown = sampling.evenly([item for item in items if item.pictures], calibrating.MOST_OBJECTS)
    said = sampling.evenly([item for item in items if item.texts], calibrating.MOST_TITLES)
    titles = [
        (item.id, [Title(text.title, language) for language, text in item.texts.items() if text.title]) for item in said
    ]
    return probes.teach(
        asked,
        ((item.id, open_picture(item.pictures[0])) for item in shown),
        [(id, some) for id, some in titles if some],
        progress=advanced,
    )
