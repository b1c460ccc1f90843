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
from visual_search.imaging.regions import Detector, overlap
from visual_search.measuring.datasets import rows
from visual_search.measuring.measures import Table
from visual_search.measuring.scratch import open_picture
from visual_search.types import Box, Region

NAME = "scene_coco"
FOUND = 0.5  # overlap from which on a box counts as found
CUTS = (5, 8, 10)  # boxes: what a person chooses from


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
) -> dict[str, dict[str, float]]:
    """By what is looked for ("products", "all things"): recall within so many boxes, the share of right classes among
    what was found, the share of kinds of things with a box, and boxes and seconds a photo.
    """
    seen: list[tuple[Scene, tuple[Region, ...]]] = []
    seconds = []
    for scene in scenes:
        image = open_picture(scene.picture, grey=False)
        begin = time.perf_counter()
        seen.append((scene, detector.regions(image)))
        seconds.append(time.perf_counter() - begin)
        advanced(1)
    found = {}
    for name, wanted in (("products", _is_sold), ("all things", _is_any)):
        row = {f"@{cut}": _recall(seen, wanted, cut) for cut in CUTS}
        right = [
            things[t].label == regions[r].label
            for things, regions in _pairs(seen, wanted)
            for t, r in matched(things, regions)
        ]
        kinds = [
            any(things[t].label == kind for t, _ in matched(things, regions))
            for things, regions in _pairs(seen, wanted)
            for kind in {thing.label for thing in things}
        ]
        found[name] = row | {
            "class right": float(np.mean(right)) if right else 0.0,
            "kinds": float(np.mean(kinds)) if kinds else 0.0,
            "boxes": float(np.mean([len(regions) for _, regions in seen])),
            "ms": float(np.median(seconds)) * 1000,
        }
    return found


def _is_sold(thing: Thing) -> bool:
    return thing.sold


def _is_any(thing: Thing) -> bool:
    return True


def _pairs(
    seen: Sequence[tuple[Scene, tuple[Region, ...]]], wanted: Callable[[Thing], bool]
) -> list[tuple[list[Thing], tuple[Region, ...]]]:
    return [([thing for thing in scene.things if wanted(thing)], regions) for scene, regions in seen]


def _recall(seen: Sequence[tuple[Scene, tuple[Region, ...]]], wanted: Callable[[Thing], bool], cut: int) -> float:
    pairs = _pairs(seen, wanted)
    total = sum(len(things) for things, _ in pairs)
    return sum(len(matched(things, regions[:cut])) for things, regions in pairs) / total if total else 0.0


def measure(queries: Path, limit: int | None) -> Table:
    """The task `scene_coco` of `measure_quality`, with the shop's own detector."""
    detector = wiring.detector()
    if detector is None:
        raise BadInput("VISUAL_SEARCH['DETECTOR'] is None: there is nothing to measure.")
    scenes = read_scenes(queries / NAME, limit)
    if not scenes:
        raise BadInput(f"{queries / NAME} has no photos.")
    columns = {**{f"@{cut}": "{:.3f}" for cut in CUTS}, "class right": "{:.3f}", "kinds": "{:.3f}", "boxes": "{:.1f}"}
    return Table(
        title=f"{NAME}: things found in {len(scenes)} photos (overlap of {FOUND})",
        columns=columns | {"ms": "{:.0f}"},
        rows=objects_found(scenes, detector),
        notes=("@k: share found with k boxes. kinds: share of the kinds of things in a photo that have a box.",),
    )
