"""Finds things that lie apart on a plain ground, whatever they are, for photos in which the detector finds nothing."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from PIL import Image

from visual_search.imaging import colour
from visual_search.types import Region

LEAST_AREA = 0.01  # of the picture; smaller patches are crumbs and shadows
MOST_AREA = 0.9  # of the picture; a larger patch is its ground
MOST_THINGS = 6  # as many as the default detector offers
SCORE = 0.3  # So low that a box is offered but never chosen by itself, since nothing was recognised in it.


def things(image: Image.Image) -> tuple[Region, ...]:
    """Boxes without labels around what isn't the ground, largest first; the ground is flooded from the border by its colour.

    Empty where there are fewer than two: a photo of one thing on a plain ground is searched whole. Empty also without OpenCV.
    """
    if find_spec("cv2") is None:
        return ()  # OpenCV is a part of the package that a shop may do without (extras.py).
    import cv2  # noqa: PLC0415 - 60 MB that settings don't need.

    mask = colour.foreground(colour.thumbnail(image)).astype(np.uint8)
    # Closed by one pixel, so that a thin leg doesn't fall off its chair.
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(closed, connectivity=8)
    side = colour.THUMBNAIL_SIDE
    regions = []
    for x, y, width, height, pixels in sorted(stats[1:].tolist(), key=lambda row: -row[4]):
        if pixels / side**2 >= LEAST_AREA and width * height / side**2 <= MOST_AREA:
            regions.append(Region((x / side, y / side, (x + width) / side, (y + height) / side), "", SCORE))
    return tuple(regions[:MOST_THINGS]) if len(regions) > 1 else ()
