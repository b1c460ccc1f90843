"""Whether two pictures show the same thing in the same view: their keypoints lie alike, perhaps mirrored.

Lowe 2004 (SIFT, the ratio test), Fischler and Bolles 1981 (RANSAC). No Django in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.imaging.keypoint_matching import Keypoints, affine, detect, matches

Floats = npt.NDArray[np.float32]

ASKED_SIDE, ASKED_POINTS = 800, 1_200  # px and points of a listing's picture: an inset of a fifth still has 160 px
# Of a genuine picture; of what search keeps, 200 points at 256 px, smooth furniture has too few.
KEPT_SIDE, KEPT_POINTS = 400, 400
# Below OpenCV's usual .04: a smooth chair has 17 keypoints with that, and too few of them survive a crop.
_CONTRAST = 0.01
_NEAREST_TO_SECOND = 0.85
_LEAST_MATCHES = 4
_MOST_STRETCH = 2.5  # of a picture that was stretched, and photographed from the side; chance finds stronger ones
_ONE_PLACE = 4.0  # px: keypoints that lie nearer are one place seen twice, such as a corner with two directions
_ROUNDS, _SURE = 1_000, 0.995  # of RANSAC
# A mirrored picture has the same keypoints, whose descriptors have the rows of their 4 x 4 fields in the opposite order, and
# the angles of their 8 directions negated.
_MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1][:, :, -np.arange(8) % 8].ravel()


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
    if find_spec("cv2") is not None:
        import cv2  # noqa: PLC0415 - 60 MB that a shop's pages don't need

        cv2.setNumThreads(1)  # More would take the cores from other workers.
    return Points(size, detect(image, size, most, contrast=_CONTRAST))


def compare(theirs: Points, ours: Keypoints, *, mirrored: bool) -> Alike | None:
    """How the genuine picture lies in the listing's one; None where it doesn't. `theirs` is mirrored already if it shall be."""
    if min(len(theirs.keypoints.places), len(ours.places)) < _LEAST_MATCHES:
        return None
    # From the genuine picture's points to the listing's: what is pasted on a busy page has few points among many.
    source, target = matches(ours, theirs.keypoints, _NEAREST_TO_SECOND)
    if len(source) < _LEAST_MATCHES:
        return None
    lies = affine(source, target, most_stretch=_MOST_STRETCH, rounds=_ROUNDS, sure=_SURE)
    if lies is None:
        return None
    matrix, agree = lies
    count = min(_places(target[agree]), _places(source[agree]))
    return Alike(count, mirrored, matrix, target[agree], source[agree])


def _places(points: Floats) -> int:
    """How many different places these are, (n, 2)."""
    return len(np.unique(np.round(points / _ONE_PLACE), axis=0))
