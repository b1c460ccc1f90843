"""Local features of a picture (SIFT and its relatives), and one vector made of them: a bag of visual words, or VLAD.

- SIFT: Lowe, IJCV 2004, here as RootSIFT (Arandjelović and Zisserman, CVPR 2012).
- Bag of visual words: Sivic and Zisserman, ICCV 2003. VLAD: Jégou et al., CVPR 2010, with the power and intra
  normalisation of Arandjelović and Zisserman, CVPR 2013.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search import extras
from visual_search.errors import EncoderUnavailable
from visual_search.types import unit

Floats = npt.NDArray[np.float32]

# Dimensions of one descriptor; those of bits count each bit.
KINDS = {"sift": 128, "dense_sift": 128, "surf": 64, "orb": 256, "akaze": 488, "kaze": 64, "brisk": 512}
# The next figures were set by judgement; docs/reference/quality-and-speed.md has what the features find with them.
LONGER_SIDE = 320  # px; smaller pictures are enlarged, so that a keypoint's scale means the same in all
MOST_DESCRIPTORS = 400  # of a picture, the strongest; dense SIFT keeps its whole grid
COMPRESSED = 32  # dimensions of a descriptor in a codebook
_DENSE_STEP, _DENSE_SIZES = 16, (16.0, 32.0)  # px between the points of dense SIFT's grid, and px of its patches
_MOST_SAMPLED = 30_000  # descriptors that a codebook's clusters are learned from, so that memory and time stay bounded
_SEED = 7  # any fixed number, so that the same pictures give the same codebook


@dataclass(frozen=True, slots=True)
class Codebook:
    """Learned from many descriptors: how they are compressed, and the visual words among them."""

    mean: Floats  # (dims,)
    projection: Floats  # (dims, 32)
    words: Floats  # (words, 32), for bags
    rarity: Floats  # (words,), inverse document frequency
    centres: Floats  # (centres, 32), for VLAD

    def compress(self, descriptors: Floats) -> Floats:
        """Shape (n, 32), unit length."""
        return unit((descriptors - self.mean) @ self.projection)


def describe(image: Image.Image, kind: str) -> Floats:
    """Descriptors of one kind: shape (n, dims of the kind), n from 0 to 400 (dense SIFT: to 800, all of its grid).

    Bits count as 0 and 1, so that Euclidean distance is the root of Hamming distance. Raises `EncoderUnavailable` where
    OpenCV lacks the kind.
    """
    cv2 = _opencv()
    grey = _grey(image)
    detector = _detector(cv2, kind)
    if kind == "dense_sift":
        points = [
            cv2.KeyPoint(float(x), float(y), size)
            for size in _DENSE_SIZES
            for y in range(_DENSE_STEP // 2, grey.shape[0], _DENSE_STEP)
            for x in range(_DENSE_STEP // 2, grey.shape[1], _DENSE_STEP)
        ]
        _, descriptors = detector.compute(grey, points)
    else:
        points = sorted(detector.detect(grey, None), key=lambda point: -point.response)[:MOST_DESCRIPTORS]
        _, descriptors = detector.compute(grey, points)
    if descriptors is None or not len(descriptors):
        return np.empty((0, KINDS[kind]), np.float32)
    if descriptors.dtype == np.uint8:
        return np.unpackbits(descriptors, axis=1)[:, : KINDS[kind]].astype(np.float32)
    if kind in ("sift", "dense_sift"):
        # An even patch has no gradients and describes nothing.
        descriptors = descriptors[descriptors.sum(axis=1) > 0]
        return np.asarray(np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9)), np.float32)
    return np.asarray(descriptors, np.float32)


def bag_of_words(descriptors: Floats, codebook: Codebook) -> Floats:
    """Roots of how often each visual word occurs, rare ones weighing more: shape (words,), unit length or all zero."""
    if not len(descriptors):
        return np.zeros(len(codebook.words), np.float32)
    nearest = (codebook.compress(descriptors) @ codebook.words.T - _half_squares(codebook.words)).argmax(axis=1)
    counts = np.bincount(nearest, minlength=len(codebook.words))
    return unit(np.sqrt(counts) * codebook.rarity)


def vlad(descriptors: Floats, codebook: Codebook) -> Floats:
    """Sums of what lies between descriptors and their nearest centre: shape (centres * 32,), unit length or all zero."""
    sums = np.zeros_like(codebook.centres)
    if len(descriptors):
        small = codebook.compress(descriptors)
        nearest = (small @ codebook.centres.T - _half_squares(codebook.centres)).argmax(axis=1)
        np.add.at(sums, nearest, small - codebook.centres[nearest])
    # Without the root, one pattern that is repeated many times would outweigh everything else.
    rooted = np.sign(sums) * np.sqrt(np.abs(sums))
    return unit(unit(rooted).ravel())


def learn(pictures: Iterable[Floats], *, words: int, centres: int) -> Codebook:
    """A codebook from the descriptors of many pictures. Raises ValueError where they are too few."""
    cv2 = _opencv()
    several = [one for one in pictures if len(one)]
    everything = np.concatenate(several) if several else np.empty((0, COMPRESSED), np.float32)
    if len(everything) < 4 * words:
        raise ValueError(
            f"{len(everything)} local features in {len(several)} pictures are too few for {words} visual words; "
            f"{4 * words} are needed. Give more pictures."
        )
    mean = everything.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov((everything - mean).T))
    projection = np.asarray(directions[:, ::-1][:, :COMPRESSED], np.float32)
    small = unit((everything - mean) @ projection)
    rng = np.random.default_rng(_SEED)
    sample = small[rng.permutation(len(small))[:_MOST_SAMPLED]]

    def clusters(count: int) -> Floats:
        cv2.setRNGSeed(_SEED)
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1e-4)
        return np.asarray(cv2.kmeans(sample, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)[2], np.float32)

    unweighted = Codebook(
        np.asarray(mean, np.float32), projection, clusters(words), np.ones(words, np.float32), clusters(centres)
    )
    pictures_with_word = np.stack([bag_of_words(one, unweighted) > 0 for one in several]).sum(axis=0)
    rarity = np.log((1 + len(several)) / (1 + pictures_with_word)) + 0.1
    return Codebook(
        unweighted.mean, unweighted.projection, unweighted.words, np.asarray(rarity, np.float32), unweighted.centres
    )


def _half_squares(centres: Floats) -> Floats:
    # The nearest by Euclidean distance has the largest x.c - |c|^2 / 2.
    return np.asarray((centres**2).sum(axis=1) / 2, np.float32)


def _grey(image: Image.Image) -> npt.NDArray[np.uint8]:
    scale = LONGER_SIDE / max(image.size)
    size = (max(16, round(image.width * scale)), max(16, round(image.height * scale)))
    return np.asarray(image.convert("RGB").convert("L").resize(size, Image.Resampling.BILINEAR))


def _detector(cv2: Any, kind: str) -> Any:
    if kind == "surf":
        return _surf(cv2)
    makers = {
        "sift": lambda: cv2.SIFT_create(nfeatures=MOST_DESCRIPTORS, contrastThreshold=0.02),
        "dense_sift": cv2.SIFT_create,
        "orb": lambda: cv2.ORB_create(nfeatures=MOST_DESCRIPTORS, fastThreshold=5),
        "akaze": lambda: cv2.AKAZE_create(threshold=3e-4),
        "kaze": lambda: cv2.KAZE_create(threshold=3e-4),
        "brisk": lambda: cv2.BRISK_create(thresh=10),
    }
    if kind not in makers:
        raise EncoderUnavailable(f"There is no local feature '{kind}'. Known: {', '.join(KINDS)}.")
    try:
        return makers[kind]()
    # OpenCV 5 moved some of them out of its main package.
    except AttributeError as problem:
        raise EncoderUnavailable(
            f"OpenCV {cv2.__version__} has no {kind.upper()}. Install one that has: "
            "pip install 'opencv-python-headless<5', or use sift."
        ) from problem


def _surf(cv2: Any) -> Any:
    try:
        return cv2.xfeatures2d.SURF_create(hessianThreshold=100)
    # Free builds lack the module, or the function, or have one that only raises.
    except (AttributeError, cv2.error) as problem:
        raise EncoderUnavailable(
            f"OpenCV {cv2.__version__} was built without SURF, which stands under 'non-free' there and is in none of its "
            "packages. Use sift, its free stand-in (as good or better, patent expired in 2020), or build OpenCV with "
            "OPENCV_ENABLE_NONFREE."
        ) from problem


def _opencv() -> Any:
    try:
        import cv2  # noqa: PLC0415 - 60 MB that other encoders don't need.
    except ImportError as problem:
        raise EncoderUnavailable(f"OpenCV is missing: {extras.command('reading')}") from problem
    # More threads would take the cores from the other workers.
    cv2.setNumThreads(1)
    return cv2
