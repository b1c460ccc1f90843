"""A scripted clerk receives photos one after the other and confirms each: how often the product is among the first three.

In one run nothing is learned; in the other each confirmed photo becomes a view, as at the desk, and helps with later ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from visual_search import search, wiring
from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput
from visual_search.measuring.datasets import Item, Question, Task, read_task
from visual_search.measuring.measures import Conditions, Table
from visual_search.measuring.quality import question_to_query
from visual_search.measuring.readings import CachingReader, ItemReadings
from visual_search.measuring.scratch import documents, filled, scratch_index
from visual_search.types import Document

PHOTOS = 200
SHOWN = 3
_SEED = 56
_SHORTEST = 4  # letters of a word that tells a product


@dataclass(frozen=True, slots=True)
class Received:
    """`place` of the right product, from 1 on, 0 where it wasn't found; `printed`: a word of its title was read on the photo."""

    place: int
    printed: bool


def measure(queries: Path, conditions: Conditions) -> Table:
    """Raises BadInput without a catalogue."""
    if conditions.catalogue is None:
        raise BadInput("receiving needs --catalogue, a folder with products.csv and pictures.")
    task = read_task("grocery_photo", catalogue=conditions.catalogue, queries=queries)
    order = np.random.default_rng(_SEED).permutation(len(task.questions))
    photos = [task.questions[place] for place in order[: conditions.limit or PHOTOS]]
    plain, learned = (list(_received(task, photos, conditions, learn=learn)) for learn in (False, True))
    rows = {
        "nothing learned": _shares(plain),
        "each photo learned": _shares(learned),
        "with a word of the title, nothing learned": _shares([one for one in plain if one.printed]),
        "with a word of the title, each learned": _shares([one for one in learned if one.printed]),
    }
    columns = {"photos": "{:.0f}", "first": "{:.3f}", f"first {SHOWN}": "{:.3f}"}
    return Table(f"receiving: {len(photos)} photos over {len(task.items)} products", columns, rows)


def _received(task: Task, photos: Sequence[Question], conditions: Conditions, *, learn: bool) -> Iterator[Received]:
    encoder, known = wiring.encoder(), {item.id: item for item in task.items}
    configured = wiring.reader()
    if configured is None:
        raise BadInput("receiving reads labels: install the extra 'reading', or set VISUAL_SEARCH['READER'].")
    with (
        closing(CachingReader(configured, conditions.cache / "readings.sqlite3")) as reader,
        scratch_index(encoder, use_configured_engine=conditions.configured_engine) as (engine, collection, schema),
    ):
        readings = ItemReadings(reader)
        filled(engine, collection, documents(task.items, encoder, titles=False, readings=readings))
        for version, question in enumerate(photos, 2):
            ranking = search.rank(
                question_to_query(question, collection),
                engine=engine,
                encoder=encoder,
                schema=schema,
                reader=reader,
                detector=wiring.detector(),
                kept=readings.kept,
            )
            right = max(question.relevance, key=question.relevance.__getitem__)
            ids = [hit.id for hit in ranking.hits]
            witness = ranking.pictures[0].witness
            yield Received(
                ids.index(right) + 1 if right in ids else 0, _printed(known[right], witness.text if witness else "")
            )
            if learn and question.picture is not None:
                known[right] = replace(known[right], pictures=(*known[right].pictures, question.picture))
                filled(engine, collection, _again(known[right], version, encoder, readings))


def _again(item: Item, version: int, encoder: Encoder, readings: ItemReadings) -> Iterator[Document]:
    for document in documents([item], encoder, titles=False, readings=readings):
        yield replace(document, version=version)


def _printed(item: Item, read: str) -> bool:
    words = set(re.findall(rf"\w{{{_SHORTEST},}}", item.title.casefold()))
    return not words.isdisjoint(re.findall(r"\w+", read.casefold()))


def _shares(received: Sequence[Received]) -> dict[str, float]:
    count = max(1, len(received))
    return {
        "photos": len(received),
        "first": sum(one.place == 1 for one in received) / count,
        f"first {SHOWN}": sum(1 <= one.place <= SHOWN for one in received) / count,
    }
