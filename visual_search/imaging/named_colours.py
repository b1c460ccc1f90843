"""Which colours pictures show, by the names that shoppers call them: shares of the thing's pixels, without the background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from visual_search.imaging.copies import BYTES, CHROMA, LUMA

# The colours that can be told from a pixel, each with the hue at which it ends, in degrees; red begins again behind pink. Gold,
# silver and beige can't be told: they are a yellow, a grey and a white.
_HUES = {"red": 14, "orange": 42, "yellow": 68, "green": 160, "turquoise": 192, "blue": 255, "purple": 290, "pink": 340}
NAMES = (*_HUES, "brown", "black", "grey", "white")
_SIDE = 16  # px: names of colours need no more
_DARK, _BRIGHT, _PALE = 0.2, 0.82, 0.16  # of value, value and saturation
_BROWN_BELOW = 0.62  # of value: a dark orange is brown
_PINK_BELOW = 0.5  # of saturation: a pale and bright red is pink
_BACKGROUND = 20  # levels by which a pixel may differ from the border's colour and be of the background
_LEAST = 0.03  # of the pixels; less means that the thing itself has the border's colour

Floats = npt.NDArray[np.float32]


def shares(thumbnails: Sequence[bytes]) -> Floats:
    """What share of the thing each of `NAMES` has, (n, names), of thumbnails as `copies.thumbnail` makes them."""
    if not thumbnails:
        return np.zeros((0, len(NAMES)), np.float32)
    rgb = _rgb(thumbnails)
    border = np.concatenate([rgb[:, 0], rgb[:, -1], rgb[:, :, 0], rgb[:, :, -1]], axis=1)
    background = np.median(border, axis=1)[:, None, None]
    thing = np.abs(rgb - background).max(axis=3) > _BACKGROUND
    thing[thing.mean(axis=(1, 2)) < _LEAST] = True
    picture, row, column = np.nonzero(thing)
    places = picture * len(NAMES) + _places(np.asarray(rgb[picture, row, column] / 255, np.float32))
    counts = np.bincount(places, minlength=len(thumbnails) * len(NAMES)).reshape(-1, len(NAMES))
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float32)


def _rgb(thumbnails: Sequence[bytes]) -> Floats:
    """(n, 16, 16, 3) levels from 0 to 255 (ITU-R BT.601, as JPEG has it)."""
    pixels = np.frombuffer(b"".join(thumbnails), np.uint8).reshape(-1, BYTES)[:, BYTES - LUMA**2 - 2 * CHROMA**2 :]
    luma, blue, red = np.split(pixels, [LUMA**2, LUMA**2 + CHROMA**2], axis=1)
    y, cb, cr = _small(luma, LUMA), _small(blue, CHROMA) - 128, _small(red, CHROMA) - 128
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=3)
    return np.asarray(np.clip(rgb, 0, 255), np.float32)


def _small(plane: npt.NDArray[np.uint8], side: int) -> Floats:
    step = side // _SIDE
    small = plane.reshape(-1, _SIDE, step, _SIDE, step).sum(axis=(2, 4), dtype=np.uint32)
    return np.asarray(small / step**2, np.float32)


def _places(pixels: Floats) -> npt.NDArray[np.int64]:
    """The place in `NAMES` of each pixel's colour; pixels (n, 3) from 0 to 1."""
    value = pixels.max(axis=1)
    spread = np.maximum(value - pixels.min(axis=1), 1e-6)
    saturation = spread / np.maximum(value, 1e-6)
    red, green, blue = pixels.T
    around = np.where(
        value == red,
        ((green - blue) / spread) % 6,
        np.where(value == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )
    places = np.asarray(np.searchsorted(list(_HUES.values()), around * 60, side="right") % len(_HUES), np.int64)
    for name, pixels_of_it in (
        ("brown", (places == NAMES.index("orange")) & (value < _BROWN_BELOW)),
        ("pink", (places == NAMES.index("red")) & (saturation < _PINK_BELOW) & (value >= _BRIGHT)),
        ("grey", saturation < _PALE),
        ("white", (saturation < _PALE) & (value >= _BRIGHT)),
        ("black", value < _DARK),
    ):
        places[pixels_of_it] = NAMES.index(name)
    return places
