"""Whether two pictures show the same thing in the same view: their keypoints lie alike, perhaps mirrored.

Lowe 2004 (SIFT, the ratio test), Fischler and Bolles 1981 (RANSAC). No Django in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.imaging.keypoint_matching import Keypoints

Floats = npt.NDArray[np.float32]

ASKED_SIDE, ASKED_POINTS = 800, 1_200  # px and points of a listing's picture: an inset of a fifth still has 160 px
KEPT_SIDE, KEPT_POINTS = (
    400,
    400,
)  # of a genuine picture; what search keeps, 200 at 256 px, lacks them on smooth furniture
# Below OpenCV's usual .04: a smooth chair has 17 keypoints with that, and too few of them survive a crop.
_CONTRAST = 0.01
_NEAREST_TO_SECOND = 0.85
_LEAST_MATCHES = 4
_TOLERANCE = 6.0  # px of the listing's picture
_MOST_STRETCH = 2.5  # of a picture that was stretched, and photographed from the side; chance finds stronger ones
_ONE_PLACE = 4.0  # px: keypoints that lie nearer are one place seen twice, such as a corner with two directions
_ROUNDS, _SURE = 1_000, 0.995  # of RANSAC
# A mirrored picture has the same keypoints, whose descriptors have the rows of their 4 x 4 fields in the opposite order, and
# the angles of their 8 directions negated.
_MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1][:, :, -np.arange(8) % 8].ravel()


_NOTHING = Keypoints(np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8))


@dataclass(frozen=True, slots=True)
class Points:
    """The keypoints of a listing's picture. `size`: its width and height in px, at which `keypoints.places` are."""

    size: tuple[int, int]
    keypoints: Keypoints

    def mirrored(self) -> Points:
        """Those of the picture mirrored left to right, without looking at it again."""
        width = self.size[0]
        places = self.keypoints.places * np.array([-1, 1], np.float32) + np.array([width - 1, 0], np.float32)
        return Points(self.size, Keypoints(places, self.keypoints.descriptors[:, _MIRRORED]))


@dataclass(frozen=True, slots=True)
class Alike:
    """`inliers`: places whose keypoints agree.

    `matrix`: (2, 3), from px of the genuine picture to px of the listing's (mirrored) one.
    `theirs`, `ours`: where those keypoints are, (keypoints, 2), in the listing's and in the genuine picture.
    """

    inliers: int
    mirrored: bool
    matrix: Floats
    theirs: Floats
    ours: Floats


def genuine_points(image: Image.Image) -> Keypoints:
    """What is kept of a genuine picture, at `KEPT_SIDE` px of its longer side: at most 400 keypoints, 53 kB."""
    return _detect(image, KEPT_SIDE, KEPT_POINTS).keypoints


def points_of(image: Image.Image) -> Points:
    """The strongest keypoints of a listing's picture. A small one isn't enlarged much: that makes points, but no detail."""
    return _detect(image, min(ASKED_SIDE, max(KEPT_SIDE, *image.size)), ASKED_POINTS)


def _detect(image: Image.Image, side: int, most: int) -> Points:
    scale = side / max(image.size)
    size = (max(16, round(image.width * scale)), max(16, round(image.height * scale)))
    if find_spec("cv2") is None:
        return Points(size, _NOTHING)
    import cv2  # noqa: PLC0415 - 60 MB that a shop's pages don't need

    cv2.setNumThreads(1)  # More would take the cores from other workers.
    grey = np.asarray(image.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0))
    detector = cv2.SIFT_create(nfeatures=most, contrastThreshold=_CONTRAST)  # type: ignore[attr-defined]  # not in the stubs
    found, descriptors = detector.detectAndCompute(grey, None)
    if descriptors is None:
        return Points(size, _NOTHING)
    # OpenCV gives a few more than asked for where responses are equal.
    places = np.array([point.pt for point in found[:most]], np.float32)
    root = np.sqrt(descriptors[:most] / np.maximum(descriptors[:most].sum(axis=1, keepdims=True), 1e-9))
    return Points(size, Keypoints(places, np.clip(np.round(root * 512), 0, 255).astype(np.uint8)))


def compare(theirs: Points, ours: Keypoints, *, mirrored: bool) -> Alike | None:
    """How the genuine picture lies in the listing's one; None where it doesn't. `theirs` is mirrored already if it shall be."""
    import cv2  # noqa: PLC0415

    asked = theirs.keypoints
    if min(len(asked.places), len(ours.places)) < _LEAST_MATCHES:
        return None
    # From the genuine picture's points to the listing's: what is pasted on a busy page has few points among many.
    similar = ours.descriptors.astype(np.float32) @ asked.descriptors.astype(np.float32).T
    there = similar.argmax(axis=1)
    rows = np.arange(len(there))
    best = similar[rows, there]
    back = similar.argmax(axis=0)[there] == rows
    similar[rows, there] = -np.inf
    first, second = (2 - 2 * np.minimum(values / 512**2, 1) for values in (best, similar.max(axis=1)))
    good = np.flatnonzero(back & (first < _NEAREST_TO_SECOND**2 * second))
    if len(good) < _LEAST_MATCHES:
        return None
    source, target = ours.places[good], asked.places[there[good]]
    cv2.setRNGSeed(0)  # The same pictures must give the same answer.
    matrix, supports = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=_ROUNDS, confidence=_SURE
    )
    if matrix is None or np.linalg.det(matrix[:, :2]) <= 0:
        return None
    large, small = np.linalg.svd(matrix[:, :2], compute_uv=False)
    if large > _MOST_STRETCH * small:
        return None
    kept = supports.ravel().astype(bool)
    count = min(_places(target[kept]), _places(source[kept]))
    return Alike(count, mirrored, np.asarray(matrix, np.float32), target[kept], source[kept])


def _places(points: Floats) -> int:
    """How many different places these are, (n, 2)."""
    return len(np.unique(np.round(points / _ONE_PLACE), axis=0))
