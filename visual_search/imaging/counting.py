"""Counts how often one printed or rigid thing stands in a photo, by the keypoints of its own picture.

Each pair of like keypoints says where the middle of the thing would be, how large and how turned (generalised Hough transform:
Lowe 2004, section 7.4). Where many pairs say the same, an affine map decides (RANSAC, Fischler and Bolles 1981). Fruit, cloth and
other things without print can't be counted so.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

PHOTO_SIDE, PHOTO_POINTS = 1200, 6000  # px and keypoints of the photo
THING_SIDE, THING_POINTS = 256, 300
MOST = 60  # things; more are counted by hand
# The next figures were set by judgement; docs/reference/quality-and-speed.md has what is counted with them.
_LEAST_POINTS = 8  # that lie alike; by fewer a thing isn't taken as found
_NEAREST_TO_SECOND = 0.85  # a point of the photo must be told from the thing's other points
_TOLERANCE = 5.0  # px by which a point may miss its place
_MOST_STRETCH = 2.5  # a map that stretches one direction so much more than the other isn't a view of a thing
_SAME_PLACE = 0.5  # of a thing's smaller side: nearer ones are one
_NEAR, _AS_LARGE, _AS_TURNED = 0.3, np.log(1.5), np.radians(35)  # votes that agree: of the smaller side; factor; angle

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Points:
    """`places` (n, 2) px, `sizes` and `angles` (n,), RootSIFT `descriptors` (n, 128) of unit length, `frame` in px."""

    places: Floats
    sizes: Floats
    angles: Floats
    descriptors: Floats
    frame: tuple[int, int]


def count(photo: Image.Image, thing: Image.Image) -> int:
    """How many of the thing are in the photo; 0 where none is found, and without OpenCV."""
    if find_spec("cv2") is None:
        return 0
    import cv2  # noqa: PLC0415 - OpenCV takes 60 MB

    seen, own = _points(cv2, photo, PHOTO_SIDE, PHOTO_POINTS), _points(cv2, thing, THING_SIDE, THING_POINTS)
    if min(len(seen.places), len(own.places)) < _LEAST_POINTS:
        return 0
    there, meant = _matches(seen.descriptors, own.descriptors)
    side = min(own.frame)
    middle = np.array([own.frame[0] / 2, own.frame[1] / 2])
    scale = seen.sizes[there] / own.sizes[meant]
    angle = np.radians(seen.angles[there] - own.angles[meant])
    arm = (middle - own.places[meant]) * scale[:, None]
    turned = np.stack([np.cos(angle) * arm[:, 0] - np.sin(angle) * arm[:, 1],
                       np.sin(angle) * arm[:, 0] + np.cos(angle) * arm[:, 1]], axis=1)  # fmt: skip
    votes = seen.places[there] + turned
    cv2.setRNGSeed(0)  # The same pictures must give the same answer.
    found: list[tuple[npt.NDArray[np.float64], float]] = []
    left = np.ones(len(votes), bool)
    agreeing = _agreeing(votes, scale, angle, side)
    while len(found) < MOST:
        support = (agreeing & left).sum(axis=1) * left
        best = int(support.argmax()) if len(support) else 0
        if not len(support) or support[best] < _LEAST_POINTS:
            break
        members = np.flatnonzero(agreeing[best] & left)
        left[members] = False
        affine, supports = cv2.estimateAffine2D(
            own.places[meant[members]], seen.places[there[members]], method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE
        )
        if affine is None or supports.sum() < _LEAST_POINTS or not _is_view(affine):
            continue
        centre = affine @ np.array([*middle, 1.0])
        size = float(np.sqrt(np.linalg.det(affine[:, :2])) * side)
        if all(np.linalg.norm(centre - other) > _SAME_PLACE * max(size, larger) for other, larger in found):
            found.append((centre, size))
    return len(found)


def _agreeing(votes: Floats, scale: Floats, angle: Floats, side: int) -> npt.NDArray[np.bool_]:
    """(n, n): which votes say the same place, size and turn."""
    apart = np.linalg.norm(votes[:, None] - votes[None], axis=2)
    larger = np.log(scale)
    turn = np.abs((angle[:, None] - angle[None] + np.pi) % (2 * np.pi) - np.pi)
    near = apart < _NEAR * side * scale[:, None]
    return np.asarray(near & (np.abs(larger[:, None] - larger[None]) < _AS_LARGE) & (turn < _AS_TURNED))


def _is_view(affine: npt.NDArray[Any]) -> bool:
    if np.linalg.det(affine[:, :2]) <= 0:
        return False
    large, small = np.linalg.svd(affine[:, :2], compute_uv=False)
    return bool(large <= _MOST_STRETCH * small)


def _matches(photo: Floats, thing: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Points of the photo, and of the thing, that look alike; each point of the thing may stand in the photo many times."""
    similar = photo @ thing.T
    best = similar.argmax(axis=1)
    rows = np.arange(len(photo))
    first = similar[rows, best]
    similar[rows, best] = -np.inf
    near, following = (2 - 2 * np.minimum(values, 1) for values in (first, similar.max(axis=1)))
    good = near < _NEAREST_TO_SECOND**2 * following
    return rows[good], best[good]


def _points(cv2: Any, image: Image.Image, side: int, points: int) -> _Points:
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    grey = np.asarray(image.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0))
    found, descriptors = cv2.SIFT_create(nfeatures=points).detectAndCompute(grey, None)
    if descriptors is None:
        none = np.empty(0, np.float32)
        return _Points(np.empty((0, 2), np.float32), none, none, np.empty((0, 128), np.float32), size)
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9)).astype(np.float32)
    places, sizes, angles = (
        np.array([getattr(point, name) for point in found], np.float32) for name in ("pt", "size", "angle")
    )
    return _Points(places, sizes, angles, root, size)
