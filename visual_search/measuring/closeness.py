"""How honest grades are on real photos, after `calibrate`: "nothing close" said rightly and wrongly, and wrong grades.

Protocol: every photo of a task is asked twice. Once of the whole catalogue, which has what the photo shows: "nothing
close" is wrong there. Once of the catalogue without the departments (top level of the category path) that any right answer
of the task belongs to: there it is right. Limits are learned as in the shop, from synthetic photos of the catalogue alone;
no photo of a task is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from visual_search import calibrating, search
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.imaging.reading import Reader
from visual_search.imaging.regions import Detector
from visual_search.measuring.datasets import Item, Question, Task
from visual_search.measuring.measures import Table
from visual_search.measuring.quality import question_to_query
from visual_search.measuring.scratch import (
    Advanced,
    documents,
    ignore_progress,
    open_picture,
    scratch_index,
)
from visual_search.measuring.sights import Sights
from visual_search.ranking.calibration import PHOTO, STUDIO, Calibration, Probe, calibrate
from visual_search.types import PATH_SEPARATOR, AnyOf, Grade, Not

FIELD = "category"
JUDGED = 10  # hits of each answer whose grades are judged
COLUMNS = {
    "photos": "{:.0f}", "nothing wrong": "{:.3f}", "nothing right": "{:.3f}", "same": "{:.0f}", "same wrong": "{:.3f}",
    "very": "{:.0f}", "very wrong": "{:.3f}", "style": "{:.0f}", "style wrong": "{:.3f}",
}  # fmt: skip
_NAMES = {Grade.SAME: "same", Grade.VERY_SIMILAR: "very", Grade.SIMILAR: "style"}


@dataclass(slots=True)
class _Tally:
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
    """One row a task and kind of picture, and one over all. All tasks ask the same catalogue by photo."""
    items = tasks[0].items
    rows: dict[str, _Tally] = defaultdict(_Tally)
    with scratch_index(encoder, use_configured_engine=use_configured_engine) as (engine, collection, schema):
        sights = Sights(reader)
        made = list(documents(items, encoder, titles=True, sights=sights, advanced=advanced))
        engine.upsert(collection, made)
        engine.refresh(collection)
        learned = _learned(items, engine, encoder, collection, advanced)
        for task in tasks:
            departments = _departments(task, items)
            for question in task.questions:
                if question.picture is None:
                    continue
                query = question_to_query(question, collection)
                elsewhere = replace(query, filters=(Not(AnyOf(FIELD, departments)),))
                asked = [
                    search.rank(
                        one, engine=engine, encoder=encoder, schema=schema, reader=reader, detector=detector,
                        kept=sights.kept, calibration=learned,
                    )
                    for one in (query, elsewhere)
                ]  # fmt: skip
                kind = STUDIO if asked[0].photo_witness.studio else PHOTO
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


def _count(tally: _Tally, question: Question, found: search.Ranking, elsewhere: search.Ranking, *, exact: int) -> None:
    tally.photos += 1
    tally.wrongly += "nothing_close" in found.warnings
    tally.rightly += "nothing_close" in elsewhere.warnings or not elsewhere.hits
    tally.given = given = tally.given if tally.given is not None else {}
    for hit in found.hits[:JUDGED]:
        if hit.grade in _NAMES:
            least = exact if hit.grade is Grade.SAME else 1
            given.setdefault(hit.grade, []).append(question.relevance.get(hit.id, 0) >= least)


def _departments(task: Task, items: Sequence[Item]) -> tuple[str, ...]:
    right = {id for question in task.questions for id in question.relevance}
    return tuple(sorted({_department(item) for item in items if item.id in right and item.category}))


def _department(item: Item) -> str:
    return item.category.split(PATH_SEPARATOR)[0]


def _learned(
    items: Sequence[Item], engine: Engine, encoder: Encoder, collection: str, advanced: Advanced
) -> Calibration:
    shown = [item for item in items if item.pictures]
    chosen = shown[:: max(1, -(-len(shown) // calibrating.MOST))]
    categories = {item.id: item.category for item in items if item.category}
    found: list[Probe] = []
    for start in range(0, len(chosen), calibrating.AT_ONCE):
        chunk: list[tuple[str, Image.Image]] = []
        for item in chosen[start : start + calibrating.AT_ONCE]:
            picture = open_picture(item.pictures[0])
            picture.thumbnail((calibrating.SIDE, calibrating.SIDE))
            chunk.append((item.id, picture))
        found += calibrating.probes(
            chunk, engine, encoder, collection, field=FIELD, categories=lambda ids: categories, progress=advanced
        )
    return calibrate(found)
