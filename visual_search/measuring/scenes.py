"""Measures what the detector finds in crowded photos, as the task `scene_coco`.

The task `scene_ikea` (datasets.py) measures the search by these things.

`<queries>/scene_coco/` holds queries.csv (query_id, image) and objects.csv (query_id, coco_class, x, y, w, h in pixels
of the stored picture, in_catalogue 0 or 1).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visual_search import wiring
from visual_search.errors import BadInput
from visual_search.imaging.regions import PROPOSALS, Detector, overlap, tapped
from visual_search.measuring import metrics
from visual_search.measuring.datasets import rows
from visual_search.measuring.measures import Table
from visual_search.measuring.scratch import open_picture
from visual_search.types import Box, Point, Region

NAME = "scene_coco"
LEAST_OVERLAP = 0.5  # intersection over union from which on a box counts as that of a thing, as in COCO's AP50
CUTS = (5, 10, PROPOSALS)  # numbers of boxes: what a person chooses from, and all that are proposed to a tap
TAPS_EACH = 5  # taps on each thing
TAP_SPREAD = 0.15  # of a thing's sides: the standard deviation of taps around its middle (set by judgement)
FIGURES = (*(f"@{cut}" for cut in CUTS), "tapped", "class right", "kinds", "boxes", "proposals")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that people marked in a photo."""

    label: str
    box: Box
    sold: bool  # whether the catalogue has products of its kind


@dataclass(frozen=True, slots=True)
class Scene:
    """A photo and all things that people marked in it."""

    picture: Path
    things: tuple[Thing, ...]


def read_scenes(folder: Path, limit: int | None = None) -> list[Scene]:
    """Raises BadInput for a missing file or column, or a number that is none."""
    marked = defaultdict(list)
    for row in rows(folder / "objects.csv", "query_id", "coco_class", "x", "y", "w", "h", "in_catalogue"):
        marked[row["query_id"]].append(row)
    scenes = []
    for query in rows(folder / "queries.csv", "query_id", "image", "width", "height"):
        try:
            width, height = float(query["width"]), float(query["height"])
            things = tuple(_thing(row, width, height) for row in marked[query["query_id"]])
        except (ValueError, ZeroDivisionError) as problem:
            raise BadInput(f"{folder}: photo {query['query_id']} has a wrong number ({problem}).") from problem
        scenes.append(Scene(folder / query["image"], things))
    if limit is not None and limit < len(scenes):
        scenes = [scenes[int(n * len(scenes) / limit)] for n in range(limit)]
    return scenes


def _thing(row: Mapping[str, str], width: float, height: float) -> Thing:
    x, y, w, h = (float(row[key]) for key in ("x", "y", "w", "h"))
    box = (x / width, y / height, (x + w) / width, (y + h) / height)
    return Thing(row["coco_class"], box, row["in_catalogue"] == "1")


def matched(things: Sequence[Thing], regions: Sequence[Region]) -> list[tuple[int, int]]:
    """Pairs (thing, region) that are one: best overlap first, each at most once."""
    shared = sorted(
        ((-overlap(thing.box, region.box), t, r) for t, thing in enumerate(things) for r, region in enumerate(regions)),
    )
    pairs: dict[int, int] = {}
    for negative, t, r in shared:
        if -negative >= LEAST_OVERLAP and t not in pairs and r not in pairs.values():
            pairs[t] = r
    return list(pairs.items())


def objects_found(
    scenes: Sequence[Scene], detector: Detector, *, advanced: Callable[[int], object] = lambda _: None
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, tuple[float, float]]]]:
    """The figures for "products" and for "all things", and their 95 % intervals by a bootstrap over photos.

    @n: recall within n boxes (COCO counts 100). tapped: the share of taps that choose a box of their thing. class right:
    the share of right classes among the boxes that are searched unasked. kinds: the share of a photo's kinds of things
    that have such a box. boxes, proposals: such boxes, and all boxes, in a photo. ms: median milliseconds for a photo,
    without an interval.
    """
    answers: list[tuple[Scene, tuple[Region, ...]]] = []
    seconds = []
    for scene in scenes:
        image = open_picture(scene.picture, grey=False)
        begin = time.perf_counter()
        answers.append((scene, detector.regions(image, faint=True)))
        seconds.append(time.perf_counter() - begin)
        advanced(1)
    rows: dict[str, dict[str, float]] = {}
    intervals: dict[str, dict[str, tuple[float, float]]] = {}
    for name, wanted in (("products", _is_sold), ("all things", _is_any)):
        estimates = _estimates(_pairs(answers, wanted))
        means = dict.fromkeys(FIGURES, 0.0) | {column: one.mean for column, one in estimates.items()}
        rows[name] = means | {"ms": float(np.median(seconds)) * 1000}
        intervals[name] = {column: (one.low, one.high) for column, one in estimates.items()}
    return rows, intervals


def _is_sold(thing: Thing) -> bool:
    return thing.sold


def _is_any(thing: Thing) -> bool:
    return True


def _pairs(
    answers: Sequence[tuple[Scene, tuple[Region, ...]]], wanted: Callable[[Thing], bool]
) -> list[tuple[list[Thing], tuple[Region, ...]]]:
    return [([thing for thing in scene.things if wanted(thing)], regions) for scene, regions in answers]


def _estimates(pairs: Sequence[tuple[list[Thing], tuple[Region, ...]]]) -> dict[str, metrics.Estimate]:
    """Every figure is a mean over things, boxed things, kinds or photos; the bootstrap draws whole photos."""
    boxes, recall, taps, right, kinds = [], [], [], [], []
    for photo, (things, regions) in enumerate(pairs):
        within = {cut: {t for t, _ in matched(things, regions[:cut])} for cut in CUTS}
        recall += [(photo, {f"@{cut}": float(t in within[cut]) for cut in CUTS}) for t in range(len(things))]
        taps += [
            (photo, {"tapped": float(overlap(tapped(point, regions), thing.box) >= LEAST_OVERLAP)})
            for thing in things
            for point in _taps(thing)
        ]
        sure = [region for region in regions if not region.faint]
        boxes.append((photo, {"boxes": float(len(sure)), "proposals": float(len(regions))}))
        matches = matched(things, sure)
        right += [(photo, {"class right": float(things[t].label == sure[r].label)}) for t, r in matches]
        boxed = {things[t].label for t, _ in matches}
        kinds += [(photo, {"kinds": float(kind in boxed)}) for kind in sorted({thing.label for thing in things})]
    figures: dict[str, metrics.Estimate] = {}
    for counted in (recall, taps, right, kinds, boxes):
        figures |= metrics.estimates([row for _, row in counted], [photo for photo, _ in counted])
    return figures


def _taps(thing: Thing) -> list[Point]:
    """Where people may tap on it, the same places each time."""
    x1, y1, x2, y2 = thing.box
    random = np.random.default_rng(0)
    off = np.clip(random.normal(0, TAP_SPREAD, (TAPS_EACH, 2)), -0.45, 0.45) + 0.5
    return [(x1 + across * (x2 - x1), y1 + down * (y2 - y1)) for across, down in off.tolist()]


def measure(queries: Path, limit: int | None) -> Table:
    """The task `scene_coco` of `visual_search measure_quality`, with the shop's own detector."""
    detector = wiring.detector()
    if detector is None:
        raise BadInput("VISUAL_SEARCH['DETECTOR'] is None: there is nothing to measure.")
    scenes = read_scenes(queries / NAME, limit)
    if not scenes:
        raise BadInput(f"{queries / NAME} has no photos.")
    figures, intervals = objects_found(scenes, detector)
    columns = dict.fromkeys(FIGURES, "{:.3f}") | {"boxes": "{:.1f}", "proposals": "{:.1f}", "ms": "{:.0f}"}
    return Table(
        title=f"{NAME}: things found in {len(scenes)} photos (overlap of {LEAST_OVERLAP})",
        columns=columns,
        rows=figures,
        intervals=intervals,
        notes=(
            "@k: share found with k boxes, the first of them searched unasked, the others proposed to a tap.",
            f"tapped: share of {TAPS_EACH} taps on each thing that choose a box of it. class right, kinds, boxes: of those "
            "searched unasked; kinds: share of the kinds of things in a photo that have a box.",
            "Whole photos are drawn for the intervals.",
        ),
    )
