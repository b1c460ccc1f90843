"""Tells by SIFT keypoints whether two pictures show the same printed or rigid thing.

SIFT: Lowe 2004, IJCV 60(2); RootSIFT: Arandjelović and Zisserman, CVPR 2012. It tells apart
packages and devices whose colours and shapes are alike to a network. It is of no use for cloth, fruit and other things
whose surface differs from picture to picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from PIL import Image

KEPT_SIDE, KEPT_POINTS = 256, 200  # px and points of a catalogue picture, which takes at most 26 kB
ASKED_SIDE, ASKED_POINTS = 360, 300  # px and points of a photo; more, because the thing fills only a part of it
# Chosen on half of the public shop-floor photos: docs/decisions/0021-reading-and-comparing-photos.md.
_NEAREST_TO_SECOND = 0.82  # A match counts if its distance is at most this share of the second-nearest one's.
_LEAST_MATCHES = 6  # Fewer matches can't support an affine map, which has 6 parameters.
_TOLERANCE = 6.0  # px by which a keypoint may miss its place under the map
_MOST_STRETCH = 4.0  # A map that stretches one direction this much more than the other isn't a view of a package.
_CHANCE_INLIERS = 5  # A wrong pair of pictures reaches so many by chance.
_ENOUGH_INLIERS = 64  # Beyond so many above chance, more of them say nothing more: with 16, varieties of one brand tie.
_BYTES_A_POINT = 4 + 128  # two coordinates of two bytes, then the descriptor


Floats = npt.NDArray[np.float32]


def maker() -> str:
    """What finds keypoints today. Change it together with what is kept of a catalogue picture."""
    return "rootsift-1 256/200" if _has_opencv() else "no keypoints"


@dataclass(frozen=True, slots=True)
class Keypoints:
    """`places`: (n, 2) px at the size that was asked for; `descriptors`: (n, 128) RootSIFT x 512 in bytes."""

    places: npt.NDArray[np.float32]
    descriptors: npt.NDArray[np.uint8]

    def pack(self) -> bytes:
        """Places in tenths of a pixel, then descriptors."""
        return np.round(self.places * 10).astype("<u2").tobytes() + self.descriptors.tobytes()


NO_KEYPOINTS = Keypoints(np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8))


def unpack(data: bytes) -> Keypoints:
    """The reverse of `Keypoints.pack`. Raises ValueError for other bytes."""
    count, rest = divmod(len(data), _BYTES_A_POINT)
    if rest:
        raise ValueError(f"{len(data)} bytes aren't keypoints")
    places = np.frombuffer(data[: 4 * count], "<u2").reshape(count, 2).astype(np.float32) / np.float32(10)
    return Keypoints(places, np.frombuffer(data[4 * count :], np.uint8).reshape(count, 128))


def of_catalogue_picture(image: Image.Image) -> Keypoints:
    """The keypoints that are stored of a catalogue picture."""
    return _detect(image, KEPT_SIDE, KEPT_POINTS)


def of_photo(image: Image.Image) -> Keypoints:
    """The keypoints of a photo, for comparing it with stored ones."""
    return _detect(image, ASKED_SIDE, ASKED_POINTS)


def inliers(photo: Keypoints, picture: Keypoints) -> int:
    """How many keypoints of both lie alike under one affine map without mirroring; 0 where there is none."""
    if min(len(photo.places), len(picture.places)) < _LEAST_MATCHES or not _has_opencv():
        return 0
    found, there = matches(photo, picture, _NEAREST_TO_SECOND)
    if len(found) < _LEAST_MATCHES:
        return 0
    lies = affine(there, found, most_stretch=_MOST_STRETCH)
    return int(lies[1].sum()) if lies else 0


def matches(one: Keypoints, other: Keypoints, nearest_to_second: float) -> tuple[Floats, Floats]:
    """The places in both, (n, 2) each, of keypoints that are each other's nearest and pass the ratio test (Lowe 2004).

    `nearest_to_second`: the distance to the nearest keypoint of `other`, as the largest share of that to the second nearest.
    """
    similar = one.descriptors.astype(np.float32) @ other.descriptors.astype(np.float32).T
    rows, there = np.arange(len(similar)), similar.argmax(axis=1)
    best, back = similar[rows, there], similar.argmax(axis=0)[there]
    similar[rows, there] = -np.inf
    # Descriptors have length 512, so that d^2 = 2 (1 - similarity / 512^2) in units of that length.
    first, second = (2 - 2 * np.minimum(values / 512**2, 1) for values in (best, similar.max(axis=1)))
    good = (back == rows) & (first < nearest_to_second**2 * second)
    return one.places[good], other.places[there[good]]


def affine(
    source: Floats, target: Floats, *, most_stretch: float, rounds: int = 2_000, sure: float = 0.99
) -> tuple[Floats, npt.NDArray[np.bool_]] | None:
    """The map (2, 3) from source to target places that most of them agree on, and which do (RANSAC, Fischler and Bolles 1981).

    None where there is none, or one that mirrors, or stretches one direction more than `most_stretch` times as much as the other.
    It needs OpenCV.
    """
    import cv2  # noqa: PLC0415 - OpenCV takes 60 MB, and only photos need it

    cv2.setRNGSeed(0)  # The same pictures must give the same answer.
    matrix, agree = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=rounds, confidence=sure
    )
    if matrix is None or np.linalg.det(matrix[:, :2]) <= 0:
        return None
    large, small = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return (np.asarray(matrix, np.float32), agree.ravel().astype(bool)) if large <= most_stretch * small else None


def confidence(count: int) -> float:
    """How sure so many inliers make it that both pictures show one thing, 0 to 1: 0 up to chance, logarithmic above."""
    return min(1.0, math.log1p(max(0, count - _CHANCE_INLIERS)) / math.log(_ENOUGH_INLIERS))


def _has_opencv() -> bool:
    return find_spec("cv2") is not None


def _detect(image: Image.Image, side: int, points: int) -> Keypoints:
    scale = side / max(image.size)
    return detect(image, (max(1, round(image.width * scale)), max(1, round(image.height * scale))), points)


def detect(image: Image.Image, size: tuple[int, int], most: int, *, contrast: float = 0.04) -> Keypoints:
    """The strongest keypoints at this size in px. None are found without OpenCV, which a shop may do without (extras.py).

    `contrast`: how much of it a keypoint needs; OpenCV's own by default.
    """
    if not _has_opencv():
        return NO_KEYPOINTS
    import cv2  # noqa: PLC0415 - OpenCV takes 60 MB, and only photos need it

    grey = np.asarray(image.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0))
    detector = cv2.SIFT_create(nfeatures=most, contrastThreshold=contrast)  # type: ignore[attr-defined]  # not in the stubs
    found, descriptors = detector.detectAndCompute(grey, None)
    if descriptors is None:
        return NO_KEYPOINTS
    # OpenCV gives a few more than asked for where responses are equal.
    places = np.array([point.pt for point in found[:most]], np.float32)
    root = np.sqrt(descriptors[:most] / np.maximum(descriptors[:most].sum(axis=1, keepdims=True), 1e-9))
    return Keypoints(places, np.clip(np.round(root * 512), 0, 255).astype(np.uint8))
