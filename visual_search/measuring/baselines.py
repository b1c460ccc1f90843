"""Baselines without any learning, chance and simple colour, that every figure is printed beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from visual_search.types import Matrix, Vector, unit

_HUE, _SATURATION, _VALUE = 16, 4, 4  # bins of the histogram
_THUMBNAIL_SIDE = 12  # px


def random_rankings(ids: Sequence[str], *, seed: int, depth: int = 50) -> list[str]:
    """`depth` ids drawn without replacement."""
    chosen = np.random.default_rng(seed).choice(len(ids), size=min(depth, len(ids)), replace=False)
    return [ids[place] for place in chosen]


def colour(image: Image.Image) -> Vector:
    """A root HSV histogram (16 x 4 x 4 bins at 128 px) and a 12 x 12 thumbnail, each of unit length, joined.

    Shape (256 + 432,). The root makes the dot product a Bhattacharyya coefficient.
    """
    small = image.convert("RGB").resize((128, 128), Image.Resampling.BOX)
    hsv = np.asarray(small.convert("HSV"), np.int64).reshape(-1, 3)
    bins = (hsv[:, 0] * _HUE // 256 * _SATURATION + hsv[:, 1] * _SATURATION // 256) * _VALUE + hsv[:, 2] * _VALUE // 256
    histogram = np.sqrt(np.bincount(bins, minlength=_HUE * _SATURATION * _VALUE).astype(np.float32))
    thumbnail = (
        np.asarray(small.resize((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.BOX), np.float32).ravel() / 255
    )
    return unit(np.concatenate([unit(histogram), unit(thumbnail)]))


def nearest(ids: Sequence[str], vectors: Matrix, query: Vector, depth: int = 50) -> list[str]:
    """The ids of the vectors nearest to the query by dot product, nearest first."""
    scores = vectors @ query
    return [ids[place] for place in np.argsort(-scores, kind="stable")[:depth]]
