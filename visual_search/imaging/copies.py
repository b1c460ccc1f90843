"""Whether two pictures are one and the same, whatever was done to the file: another size, another compression."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np
from PIL import Image

MAKER = "thumbnail-1"  # changes whenever `thumbnail` does
SIDE = 16
BYTES = SIDE * SIDE * 3
# Mean differences in grey levels (0 to 255), on 1,487 catalogue pictures: JPEG at quality 85 moves a picture by .04
# (median) to .8, quality 30 by .4 to 2.0, half the size by .9 (99 in 100: 3.0).
SAME_WITHIN = 2.0
# One picture in 25 has a neighbour within that which shows another variant: only the nearest are the same picture.
TIE_WITHIN = 0.25

Key = TypeVar("Key", bound=Hashable)


def thumbnail(image: Image.Image) -> bytes:
    """16 x 16 RGB pixels, the picture's shape ignored: 768 bytes. In colour, since variants differ in nothing else."""
    return image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()


def copies(photo: bytes, pictures: Mapping[Key, bytes]) -> list[Key]:
    """Which of these thumbnails are of the same picture, nearest first; empty where none is."""
    apart = {key: difference(photo, picture) for key, picture in pictures.items()}
    least = min(apart.values(), default=SAME_WITHIN)
    same = [key for key, value in apart.items() if value <= min(SAME_WITHIN, least + TIE_WITHIN)]
    return sorted(same, key=lambda key: apart[key])


def difference(one: bytes, other: bytes) -> float:
    """Mean difference of two thumbnails in grey levels."""
    first, second = (np.frombuffer(data, np.uint8).astype(np.int16) for data in (one, other))
    return float(np.abs(first - second).mean())
