"""Measures an encoder alone: an item counts by its picture with the greatest exact cosine, and nothing else counts."""

from __future__ import annotations

import time

import numpy as np

from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput
from visual_search.measuring.datasets import Task
from visual_search.measuring.quality import IDS_KEPT, Report, opened, reported
from visual_search.measuring.scratch import ITEMS_A_BATCH, Advanced, ignore_progress, open_picture


def measure_vectors(
    task: Task, encoder: Encoder, *, grey: bool = False, advanced: Advanced = ignore_progress
) -> Report:
    """The same report as `quality.measure` without reading, keypoints, things in photos, words and fusion.

    Raises BadInput for a task that asks in words.
    """
    begin = time.perf_counter()
    if any(question.words for question in task.questions):
        raise BadInput(
            f"'{task.name}' asks in words; picture vectors alone can't answer. Take tasks that ask by pictures.",
            field="task",
        )
    items = [item for item in task.items if item.pictures]
    per_item = []
    for start in range(0, len(items), ITEMS_A_BATCH):
        batch = items[start : start + ITEMS_A_BATCH]
        per_item += [encoder.images([open_picture(path, grey=grey) for path in item.pictures]).image for item in batch]
        advanced(len(batch))
    rows = np.concatenate(per_item)
    starts = np.cumsum([0, *(len(each) for each in per_item[:-1])])
    ids = [item.id for item in items]
    own = dict(zip(ids, per_item, strict=True))
    rankings = []
    for question in task.questions:
        image = opened(question, grey=grey)
        asked = own[question.like] if image is None else encoder.images([image]).image
        nearest = np.maximum.reduceat((rows @ asked.T).max(axis=1), starts)
        order = [ids[place] for place in np.argsort(-nearest, kind="stable")[: IDS_KEPT + 1]]
        rankings.append([id for id in order if id != question.like][:IDS_KEPT])
        advanced(1)
    return reported(task, rankings, engine="picture vectors alone", taught=False, grey=grey, begin=begin)


def bytes_an_item(task: Task, encoder: Encoder) -> float:
    """What the picture vectors of an item take as 32-bit numbers, on average over the items with pictures."""
    items = [item for item in task.items if item.pictures]
    spaces = {space.name: space.dims for space in (encoder.card.image, encoder.card.cross) if space is not None}
    return 4 * sum(spaces.values()) * sum(len(item.pictures) for item in items) / max(1, len(items))
