"""Makes the offline encoder's picture vector: the features of a network, and colours.

Colours stand in the vector twice. The first part has the colours of the whole picture; it counts in pictures taken on
white, where garments differ by little else. In a photo the background would outweigh the product, so the first part
counts nothing there. The second part has the colours of the middle, and always counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders.efficientnet import CLASSES, INPUT_SIDE
from visual_search.imaging import colour
from visual_search.types import unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats = npt.NDArray[np.float32]

SHAPE_DIMS, WHITE_DIMS, PHOTO_DIMS = 384, 64, 64
DIMS = SHAPE_DIMS + WHITE_DIMS + PHOTO_DIMS
# Squared weights beside the network's 1.0; measured in docs/decisions/0004-offline-encoder.md.
WHITE_WEIGHT, PHOTO_WEIGHT = 0.4, 0.1
# The share of white border at which a picture begins to count as taken on white, and at which it fully does.
WHITE_FROM, WHITE_FULL = 0.05, 0.25
# The share of white border above which colours of the middle are those of the product, cut out of its ground.
ON_WHITE = 0.15
PREPROCESSING = (
    f"pad to a white square; bilinear {INPUT_SIDE} px; (x - 127) / 128; root; {SHAPE_DIMS} + {WHITE_WEIGHT} x {WHITE_DIMS}"
    f" from {WHITE_FROM} to {WHITE_FULL} + {PHOTO_WEIGHT} x {PHOTO_DIMS}, cut out from {ON_WHITE}; v1"
)


@dataclass(frozen=True, slots=True)
class Observed:
    """What is measured of one picture before any projection. `network`, `whole` and `middle` have unit length."""

    network: Floats  # (1280,) square roots of the pooled features
    whole: Floats  # (384,) HSV histogram of everything
    middle: Floats  # (864,) Lab histogram of the product or the middle
    white: float  # 0 to 1, how far the picture counts as taken on white
    logits: Floats  # (1000,)


@dataclass(frozen=True, slots=True)
class Projection:
    """Means and matrices learned by `training.py`: observed -> 384 + 64 + 64 dimensions."""

    network_mean: Floats
    network: Floats  # (1280, 384), within-product whitening
    whole_mean: Floats
    whole: Floats  # (384, 64)
    middle_mean: Floats
    middle: Floats  # (864, 64)

    def vectors(self, observed: Sequence[Observed]) -> Floats:
        """Shape (n, 512), unit length."""
        if not observed:
            return np.empty((0, DIMS), np.float32)
        network = unit((np.stack([one.network for one in observed]) - self.network_mean) @ self.network)
        whole = unit((np.stack([one.whole for one in observed]) - self.whole_mean) @ self.whole)
        middle = unit((np.stack([one.middle for one in observed]) - self.middle_mean) @ self.middle)
        white = np.array([[one.white] for one in observed], np.float32)
        return unit(np.hstack([network, whole * white * WHITE_WEIGHT**0.5, middle * PHOTO_WEIGHT**0.5]))


def observe(session: InferenceSession, image: Image.Image) -> Observed:
    """One picture through the network. A batch of 32 costs 15 % more a picture than one by one, so there is none."""
    small = _fitted(image if image.mode == "RGB" else image.convert("RGB"))
    features, logits = session.run(["features", "logits"], {"pictures": _network_input(small)})
    pixels = colour.thumbnail(small)
    share = colour.white_border_share(pixels)
    return Observed(
        network=unit(np.sqrt(features[0])),
        whole=colour.hsv_histogram(pixels),
        middle=colour.lab_histogram(pixels, colour.foreground(pixels) if share > ON_WHITE else None),
        white=float(np.clip((share - WHITE_FROM) / (WHITE_FULL - WHITE_FROM), 0, 1)),
        logits=logits[0],
    )


def _fitted(image: Image.Image) -> Image.Image:
    """The picture with its longer side at 260 px, its shape kept."""
    scale = INPUT_SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)


def _network_input(image: Image.Image) -> Floats:
    """(1, 3, 260, 260): padded to a square with white, as the pictures of catalogues are."""
    square = np.full((INPUT_SIDE, INPUT_SIDE, 3), 255, np.uint8)
    left, top = (INPUT_SIDE - image.width) // 2, (INPUT_SIDE - image.height) // 2
    square[top : top + image.height, left : left + image.width] = np.asarray(image)
    return np.ascontiguousarray(((square.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])


def class_shares(logits: npt.NDArray[np.float32], *, keep: int, temperature: float) -> Floats:
    """Softmax of each row with all but the `keep` likeliest classes set to 0: shape (n, 1000)."""
    if len(logits) == 0:
        return np.empty((0, CLASSES), np.float32)
    shares = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    shares /= shares.sum(axis=1, keepdims=True)
    least = np.partition(shares, -keep, axis=1)[:, -keep][:, None]
    return np.where(shares >= least, shares, 0).astype(np.float32)
