"""A fixed picture and fixed texts, whose vectors tell whether an encoder is still the one that was recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from visual_search.encoders.base import Role

LEAST_COSINE = 0.999  # Cosines differ by less than 0.0001 between processors, and by far more for other weights.
ROLES: tuple[Role, ...] = ("query", "document")
TEXTS: Mapping[str, tuple[str, ...]] = {
    "en": ("red leather sofa", "coffee mug"),
    "zh": ("蓝色连衣裙",),
    "hi": ("लकड़ी की कुर्सी",),
}


def picture() -> Image.Image:
    """A blue mug of sorts on white, 200 x 240 px, made of numbers alone: no font or drawing code that could change."""
    rows, columns = np.mgrid[0:240, 0:200].astype(np.float32)
    pixels = np.full((240, 200, 3), 255, np.float32)
    body = (np.abs(columns - 90) < 50) & (np.abs(rows - 130) < 70)
    ring = np.hypot(columns - 140, rows - 125)
    handle = (ring < 38) & (ring > 24) & (columns > 138)
    shade = 0.6 + 0.4 * np.cos((columns - 75) / 45)
    pixels[body | handle] = np.array([40, 80, 200], np.float32)
    pixels[body] *= shade[body][:, None]
    mouth = ((columns - 90) / 50) ** 2 + ((rows - 62) / 12) ** 2 < 1
    pixels[mouth] = np.array([225, 225, 235], np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
