"""Whether a listing has the genuine picture itself, or another photograph of the same product. No Django in here.

Keypoints lie alike in both cases. A copied picture also has the same light and shade everywhere: laid onto each other, its
fields correlate (Lewis 1995, normalised cross-correlation).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.features.brand_protection.matching import KEPT_SIDE, Points

Floats = npt.NDArray[np.float32]

FIELDS, FIELD = 8, 8  # fields across and down, and px of each side of one: so coarse that a place may be a little off
_SAME = 0.8  # correlation of a field that shows the same
_FLAT = 3.0  # levels: an even field says nothing
COPIED = (
    0.6  # share of the fields with something in them that must show the same: chosen on 69 shelf photos and 92 copies
)


def share_of_same(listing: Image.Image, genuine: Image.Image, points: Points, matrix: Floats) -> float:
    """The share of the genuine picture's fields that the listing's picture repeats, 0 to 1; only those inside it count.

    `matrix`: as `Alike.matrix` has it. `listing`: mirrored left to right where the match is.
    """
    import cv2  # noqa: PLC0415 - 60 MB that a shop's pages don't need

    side = FIELDS * FIELD
    ours, theirs = _grey(genuine, (side, side)), _grey(listing, points.size)
    # From fields, finer by half, to the genuine picture at the size of its keypoints, and on to the listing's picture.
    scale, fine = KEPT_SIDE / max(genuine.size), 2 * side
    to_genuine = np.diag([genuine.width * scale / fine, genuine.height * scale / fine, 1.0])
    whole = (np.vstack([matrix, [0, 0, 1]]) @ to_genuine)[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid, inside = (
        cv2.resize(cv2.warpAffine(plane, whole, (fine, fine), flags=flags), (side, side), interpolation=cv2.INTER_AREA)
        for plane in (theirs, np.ones_like(theirs))
    )
    alike, count = 0, 0
    planes = (ours, np.asarray(laid, np.float32), np.asarray(inside, np.float32))
    for one, other, there in zip(*map(_fields, planes), strict=True):
        if there.min() < 0.99 or one.std() < _FLAT:
            continue
        count += 1
        alike += _correlation(one, other) >= _SAME
    return alike / count if count else 0.0


def _grey(image: Image.Image, size: tuple[int, int]) -> Floats:
    return np.asarray(image.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0), np.float32)


def _fields(picture: Floats) -> Floats:
    return picture.reshape(FIELDS, FIELD, FIELDS, FIELD).swapaxes(1, 2).reshape(-1, FIELD * FIELD)


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    # Filters may turn light into dark; what the places have in common is the same.
    return abs(float(a @ b)) / length if length else 0.0
