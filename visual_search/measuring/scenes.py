"""What the detector finds in crowded photos: the task `scene_coco`. What a search makes of it is `scene_ikea` in datasets.py.

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
FOUND = 0.5  # overlap from which on a box counts as found
CUTS = (5, 10, PROPOSALS)  # boxes: what a person chooses from, and all that are proposed to a tap
TAPS = 5  # on each thing
AIM = 0.15  # of a thing's sides, standard deviation: people don't hit the middle
FIGURES = (*(f"@{cut}" for cut in CUTS), "tapped", "class right", "kinds", "boxes", "proposals")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that people marked in a photo."""

    label: str
    box: Box
    sold: bool  # whether the catalogue has products of its kind


@dataclass(frozen=True, slots=True)
class Scene:
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


def matched(things: Sequence[Thing], found: Sequence[Region]) -> list[tuple[int, int]]:
    """Pairs (thing, region) that are one: best overlap first, each at most once."""
    shared = sorted(
        ((-overlap(thing.box, region.box), t, r) for t, thing in enumerate(things) for r, region in enumerate(found)),
    )
    pairs: dict[int, int] = {}
    for negative, t, r in shared:
        if -negative >= FOUND and t not in pairs and r not in pairs.values():
            pairs[t] = r
    return list(pairs.items())


def objects_found(
    scenes: Sequence[Scene], detector: Detector, *, advanced: Callable[[int], object] = lambda _: None
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, tuple[float, float]]]]:
    """By what is looked for ("products", "all things"): recall within so many boxes (COCO counts 100), the share of taps
    on things that are understood, the share of right classes among what is searched unasked, the share of kinds of
    things with such a box, such boxes and all of them, and milliseconds (median), a photo.

    With it the 95 % intervals of all but the milliseconds, by a bootstrap over photos.
    """
    seen: list[tuple[Scene, tuple[Region, ...]]] = []
    seconds = []
    for scene in scenes:
        image = open_picture(scene.picture, grey=False)
        begin = time.perf_counter()
        seen.append((scene, detector.regions(image, faint=True)))
        seconds.append(time.perf_counter() - begin)
        advanced(1)
    rows: dict[str, dict[str, float]] = {}
    intervals: dict[str, dict[str, tuple[float, float]]] = {}
    for name, wanted in (("products", _is_sold), ("all things", _is_any)):
        found = _estimates(_pairs(seen, wanted))
        means = dict.fromkeys(FIGURES, 0.0) | {column: one.mean for column, one in found.items()}
        rows[name] = means | {"ms": float(np.median(seconds)) * 1000}
        intervals[name] = {column: (one.low, one.high) for column, one in found.items()}
    return rows, intervals


def _is_sold(thing: Thing) -> bool:
    return thing.sold


def _is_any(thing: Thing) -> bool:
    return True


def _pairs(
    seen: Sequence[tuple[Scene, tuple[Region, ...]]], wanted: Callable[[Thing], bool]
) -> list[tuple[list[Thing], tuple[Region, ...]]]:
    return [([thing for thing in scene.things if wanted(thing)], regions) for scene, regions in seen]


def _estimates(pairs: Sequence[tuple[list[Thing], tuple[Region, ...]]]) -> dict[str, metrics.Estimate]:
    """Every figure is a mean over things, found things, kinds or photos; what was counted in one photo is drawn together."""
    boxes, recall, taps, right, kinds = [], [], [], [], []
    for photo, (things, regions) in enumerate(pairs):
        within = {cut: {t for t, _ in matched(things, regions[:cut])} for cut in CUTS}
        recall += [(photo, {f"@{cut}": float(t in within[cut]) for cut in CUTS}) for t in range(len(things))]
        taps += [
            (photo, {"tapped": float(overlap(tapped(point, regions), thing.box) >= FOUND)})
            for thing in things
            for point in _taps(thing)
        ]
        sure = [region for region in regions if not region.faint]
        boxes.append((photo, {"boxes": float(len(sure)), "proposals": float(len(regions))}))
        found = matched(things, sure)
        right += [(photo, {"class right": float(things[t].label == sure[r].label)}) for t, r in found]
        boxed = {things[t].label for t, _ in found}
        kinds += [(photo, {"kinds": float(kind in boxed)}) for kind in sorted({thing.label for thing in things})]
    figures: dict[str, metrics.Estimate] = {}
    for counted in (recall, taps, right, kinds, boxes):
        figures |= metrics.estimates([row for _, row in counted], [photo for photo, _ in counted])
    return figures


def _taps(thing: Thing) -> list[Point]:
    """Where people may tap on it, the same places each time."""
    x1, y1, x2, y2 = thing.box
    random = np.random.default_rng(0)
    off = np.clip(random.normal(0, AIM, (TAPS, 2)), -0.45, 0.45) + 0.5
    return [(x1 + across * (x2 - x1), y1 + down * (y2 - y1)) for across, down in off.tolist()]


def measure(queries: Path, limit: int | None) -> Table:
    """The task `scene_coco` of `measure_quality`, with the shop's own detector."""
    detector = wiring.detector()
    if detector is None:
        raise BadInput("VISUAL_SEARCH['DETECTOR'] is None: there is nothing to measure.")
    scenes = read_scenes(queries / NAME, limit)
    if not scenes:
        raise BadInput(f"{queries / NAME} has no photos.")
    found, intervals = objects_found(scenes, detector)
    columns = dict.fromkeys(FIGURES, "{:.3f}") | {"boxes": "{:.1f}", "proposals": "{:.1f}", "ms": "{:.0f}"}
    return Table(
        title=f"{NAME}: things found in {len(scenes)} photos (overlap of {FOUND})",
        columns=columns,
        rows=found,
        intervals=intervals,
        notes=(
            "@k: share found with k boxes, the first of them searched unasked, the others proposed to a tap.",
            f"tapped: share of {TAPS} taps on each thing that choose a box of it. class right, kinds, boxes: of those "
            "searched unasked; kinds: share of the kinds of things in a photo that have a box.",
            "Whole photos are drawn for the intervals.",
        ),
    )
