"""Boxes of things in a photo: the protocol of detectors, and what is done with the boxes of any of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.types import Box, Point, Region

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
MARGIN = 0.04  # share of a box's sides added on each side, since detectors cut close to the thing (set by judgement)
PERSON = "person"  # A person is never the subject: what the person wears, holds or sits on is for sale.
# Chosen on half of the public phone photos and all room photos: docs/decisions/0019-objects-in-a-scene.md.
# A thing with this score, on this share of the photo, is what the photo is of.
SUBJECT_SCORE, SUBJECT_AREA = 0.5, 0.15
# Things of this many kinds, each with at least this score, make a scene.
SCENE_SCORE, SCENE_KINDS = 0.35, 2
# The following were set by judgement; the same decision has the share of taps that are understood with them.
LEAST_SIDE = 0.02  # of the photo's sides; a smaller thing shows too few pixels to be recognised
PROPOSALS = 100  # boxes in all that a tap chooses from, as many as COCO counts
FAINTEST_SCORE = 0.01  # of a box that is proposed; below it there is only noise
MOST_CANDIDATES = 1500  # boxes that go into suppression, so that its time stays bounded
FAINT_SAME_CLASS, FAINT_OTHER_CLASS = 0.5, 0.7  # overlaps above which two faint boxes show one thing
TAP_SIDE = 0.25  # of the photo's sides: the frame around a tap where no box lies

Boxes = npt.NDArray[np.float32]  # (n, 4): x1, y1, x2, y2
Scores = npt.NDArray[np.float32]  # (n,)


@runtime_checkable
class Detector(Protocol):
    """Finds things in photos. Thread-safe and lazy: constructing one reads no weights."""

    def regions(self, image: Image.Image, *, faint: bool = False) -> tuple[Region, ...]:
        """The things in an RGB picture of any size, surest first, none twice; empty where nothing stands out.

        With `faint`, boxes of what may be more things follow, surest first and marked as faint. They are too many to be
        offered as a choice, but a tap finds its box among them. The detector may look at the photo a second time for
        them. Labels are the detector's own class
        names; "" where it can't tell. Raises `EncoderUnavailable` when weights or libraries are missing.
        """


def crop(image: Image.Image, box: Box) -> Image.Image:
    """The part of the picture inside the box and a small margin, at least one pixel large."""
    x1, y1, x2, y2 = box
    across, down = (x2 - x1) * MARGIN, (y2 - y1) * MARGIN
    left = min(max(0, int((x1 - across) * image.width)), image.width - 1)
    top = min(max(0, int((y1 - down) * image.height)), image.height - 1)
    right = min(image.width, max(left + 1, round((x2 + across) * image.width)))
    bottom = min(image.height, max(top + 1, round((y2 + down) * image.height)))
    return image.crop((left, top, right, bottom))


def area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    return float(_overlaps(np.array([one], np.float32), np.array([other], np.float32))[0, 0])


def distinct(
    boxes: Boxes, scores: Scores, classes: Sequence[int], *, most: int, same: float, other: float
) -> list[int]:
    """Rows to keep, best first: greedy non-maximum suppression.

    A box that overlaps a better one by more than `same` goes if both have one class, by more than `other` in any case:
    two labels for one thing are one thing.
    """
    kinds = np.asarray(classes)
    left = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while left.size and len(kept) < most:
        best, rest = int(left[0]), left[1:]
        kept.append(best)
        shared = _overlaps(boxes[best : best + 1], boxes[rest])[0]
        left = rest[~((shared > other) | ((shared > same) & (kinds[rest] == kinds[best])))]
    return kept


def faint(
    known: Sequence[Region], boxes: Boxes, scores: Scores, classes: Sequence[int], labels: Sequence[str]
) -> tuple[Region, ...]:
    """Faint regions from the boxes that show none of the known things, surest first; `PROPOSALS` regions with the known.

    boxes (n, 4) as shares of the picture; scores (n,) and classes (n,) of the surest class of each; labels by class.
    """
    kinds = np.asarray(classes)
    good = (scores >= FAINTEST_SCORE) & ((boxes[:, 2:] - boxes[:, :2]) >= LEAST_SIDE).all(axis=1)
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(-scores[rows], kind="stable")][:MOST_CANDIDATES]
    taken = np.array([region.box for region in known], np.float32).reshape(-1, 4)
    named = [labels.index(region.label) if region.label in labels else -1 for region in known]
    kept = distinct(
        np.concatenate([taken, boxes[rows]]),
        np.concatenate([np.arange(len(known), 0, -1) + 1.0, scores[rows]]).astype(np.float32),
        [*named, *kinds[rows].tolist()],
        most=PROPOSALS,
        same=FAINT_SAME_CLASS,
        other=FAINT_OTHER_CLASS,
    )
    new = [rows[place - len(known)] for place in kept if place >= len(known)][: max(0, PROPOSALS - len(known))]
    return tuple(region_of(boxes[row], labels, int(kinds[row]), float(scores[row]), faint=True) for row in new)


def region_of(
    box: npt.NDArray[np.floating], labels: Sequence[str], kind: int, score: float, *, faint: bool = False
) -> Region:
    x1, y1, x2, y2 = (float(corner) for corner in box)
    return Region((x1, y1, x2, y2), labels[kind] if 0 <= kind < len(labels) else "", min(score, 1.0), faint=faint)


def tapped(point: Point, regions: Sequence[Region]) -> Box:
    """The box that a tap at this point means; a frame around the point where no box lies.

    Of the boxes around the point, the one with the greatest score x (1.05 - d^2) / area^(1/4) is meant; d runs from 0 in
    the box's middle to 1 at its nearest edge. Sure boxes count more than faint ones, and small ones more than large ones,
    because a thing in front of another or on top of it is the smaller one.
    """
    x, y = point
    best = max(regions, key=lambda region: _meant(x, y, region), default=None)
    if best is not None and _meant(x, y, best) > 0:
        return best.box
    left, top = (min(max(0.0, middle - TAP_SIDE / 2), 1 - TAP_SIDE) for middle in point)
    return left, top, left + TAP_SIDE, top + TAP_SIDE


def _meant(x: float, y: float, region: Region) -> float:
    x1, y1, x2, y2 = region.box
    if not (x1 < x < x2 and y1 < y < y2):
        return 0.0
    off = max(abs(2 * x - x1 - x2) / (x2 - x1), abs(2 * y - y1 - y2) / (y2 - y1))
    return float(region.score * (1.05 - off**2) / area(region.box) ** 0.25)


def _overlaps(one: Boxes, other: Boxes) -> npt.NDArray[np.float32]:
    """Shape (n, m)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    sizes = [(each[:, 2:] - each[:, :2]).prod(axis=1) for each in (one, other)]
    return np.asarray(common / np.maximum(sizes[0][:, None] + sizes[1][None] - common, 1e-9), np.float32)


def subject(regions: Sequence[Region]) -> Region | None:
    """The one thing that the photo is of; None where it shows several kinds, or none that is sure and large enough."""
    things = [region for region in regions if region.label != PERSON]
    if is_scene(regions) or not things:
        return None
    first = things[0]
    return first if first.score >= SUBJECT_SCORE and area(first.box) >= SUBJECT_AREA else None


def is_scene(regions: Sequence[Region]) -> bool:
    """Whether the photo shows things of several kinds, such as a room: then no one of them is meant more than the others.

    Many things of one kind are no scene: a crate of apples is a photo of apples.
    """
    kinds = {region.label for region in regions if region.score >= SCENE_SCORE and region.label not in ("", PERSON)}
    return len(kinds) >= SCENE_KINDS
