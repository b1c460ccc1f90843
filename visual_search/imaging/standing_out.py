"""Things that stand apart on a plain ground, whatever they are: what is offered where a detector knows none of them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from visual_search.imaging import colour
from visual_search.types import Region

LEAST_AREA = 0.01  # of the picture; smaller patches are crumbs and shadows
MOST_AREA = 0.9  # A patch that fills the picture is its ground.
MOST = 6
SCORE = 0.3  # Nobody has recognised anything: such a box is offered, never chosen by itself.


def things(image: Image.Image) -> tuple[Region, ...]:
    """Boxes around the patches that the ground's colour, flooded from the border, leaves over; largest first, no labels.

    Empty where there are fewer than two: one thing on a plain ground is what the photo is of already.
    """
    import cv2  # noqa: PLC0415 - 60 MB that settings don't need.

    mask = colour.foreground(colour.thumbnail(image)).astype(np.uint8)
    # Closed by one pixel, so that a thin leg doesn't fall off its chair.
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(closed, connectivity=8)
    side = colour.SIDE
    found = []
    for x, y, width, height, pixels in sorted(stats[1:].tolist(), key=lambda row: -row[4]):
        if pixels / side**2 >= LEAST_AREA and width * height / side**2 <= MOST_AREA:
            found.append(Region((x / side, y / side, (x + width) / side, (y + height) / side), "", SCORE))
    return tuple(found[:MOST]) if len(found) > 1 else ()
