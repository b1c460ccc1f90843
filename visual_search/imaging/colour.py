"""Colour content of a picture: histograms, what is background, and whether the picture was taken on white."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

THUMBNAIL_SIDE = 128  # px; a histogram of more pixels says nothing new
# All figures below were set with the offline encoder, whose stored vectors depend on them.
HSV_BINS = (24, 4, 4)  # of hue, saturation and value
LAB_BINS = (6, 12, 12)  # of L, a and b

Pixels = npt.NDArray[np.uint8]  # (THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3)
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]  # (THUMBNAIL_SIDE, THUMBNAIL_SIDE)

_RING = 2  # px: the width of the border whose colour is taken for the background's
_LAB_RANGE = (160.0, 180.0)  # of a and b; stronger colours than these hardly occur in photos
_SMOOTHING = 0.7  # bins: the standard deviation of the kernel that smooths a Lab histogram
_CENTRE = 1 / 3  # of the side: the standard deviation of the weight by which the middle counts more
_BACKGROUND_TOLERANCE = 20  # grey levels by which the background may differ from the border's colour
_LEAST_FOREGROUND = 0.03  # of the pixels; less means that the product itself is white and was flooded
# Set by judgement: noise and compression stay below, and a white plate on white differs by more.
_COLOURLESS = 6  # grey levels between a pixel's channels
_EVEN = 3.0  # grey levels by which the picture may differ from a smooth shading
# sRGB to XYZ, white point D65 (IEC 61966-2-1).
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)
_D65 = np.array([0.95047, 1.0, 1.08883])


def thumbnail(image: Image.Image) -> Pixels:
    """The picture at 128 x 128 px, its shape ignored."""
    return np.asarray(image.convert("RGB").resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BOX))


def hsv_histogram(pixels: Pixels) -> Floats:
    """Square roots of the shares of 24 hues x 4 saturations x 4 values: shape (384,), unit length (Hellinger kernel)."""
    hsv = np.asarray(Image.fromarray(pixels).convert("HSV")).reshape(-1, 3).astype(np.int64)
    hue, saturation, value = (hsv[:, axis] * bins // 256 for axis, bins in enumerate(HSV_BINS))
    counts = np.bincount((hue * HSV_BINS[1] + saturation) * HSV_BINS[2] + value, minlength=int(np.prod(HSV_BINS)))
    return np.asarray(np.sqrt(counts / counts.sum()), np.float32)


def lab_histogram(pixels: Pixels, mask: Mask | None = None) -> Floats:
    """Square roots of the shares of 6 L x 12 a x 12 b, smoothed: shape (864,), unit length.

    The middle of the picture weighs most; pixels outside `mask` don't count. Lab distances are closer to what people
    see than HSV's, and smoothing forgives the light of a shop.
    """
    weight = _centre_weight() if mask is None else _centre_weight() * mask
    bins = _lab_bin_of_rgb()[(pixels >> 3).reshape(-1, 3) @ np.array([1024, 32, 1])]
    counts = np.bincount(bins, weight.ravel(), minlength=int(np.prod(LAB_BINS))).reshape(LAB_BINS)
    smooth = np.einsum("lab,xl,ya,zb->xyz", counts, *map(_smoothing, LAB_BINS), optimize=True).ravel()
    return np.asarray(np.sqrt(smooth / max(smooth.sum(), 1e-12)), np.float32)


def white_border_share(pixels: Pixels) -> float:
    """Share of the border that is (nearly) white: about 1 for studio pictures, 0 for photos of the world."""
    border = pixels[_ring()].astype(np.int16)
    brightest, darkest = border.max(axis=1), border.min(axis=1)
    return float(((darkest > 238) & (brightest - darkest < 10)).mean())


def shows_nothing(pixels: Pixels) -> bool:
    """Whether this is one even shade of white, grey or black, such as a sheet of paper or the inside of a pocket.

    It may grow darker towards the corners, as a lens makes it. An even colour is something to see: cloth, paint, a tile.
    """
    if int((pixels.max(axis=2).astype(np.int16) - pixels.min(axis=2)).max()) > _COLOURLESS:
        return False
    half = THUMBNAIL_SIDE // 2
    luma = pixels.mean(axis=2, dtype=np.float64).reshape(half, 2, half, 2).mean(axis=(1, 3)).ravel()
    shading, inverse = _smooth()
    return float(np.abs(luma - shading @ (inverse @ luma)).max()) <= _EVEN


def foreground(pixels: Pixels) -> Mask:
    """Where the product is: everywhere but in the area of the border's colour that touches the border. True everywhere if
    nearly nothing would be left.
    """
    colour = np.median(pixels[_ring()], axis=0)
    open_ = (np.abs(pixels.astype(np.int16) - colour).max(axis=2) <= _BACKGROUND_TOLERANCE).astype(bool)
    background = open_ & _ring()
    # A whole run of open pixels is flooded as soon as one of it is: rows and columns in turn, until nothing changes.
    runs = _runs(open_), _runs(open_.T)
    while True:
        before = int(background.sum())
        for flood, free, run in ((background, open_, runs[0]), (background.T, open_.T, runs[1])):
            reached = np.zeros(THUMBNAIL_SIDE * THUMBNAIL_SIDE + 1, bool)
            reached[run[flood]] = True
            np.logical_or(flood, reached[run] & free, out=flood)
        if int(background.sum()) == before:
            break
    product = ~background
    return product if product.mean() > _LEAST_FOREGROUND else np.ones_like(product)


def _runs(free: Mask) -> npt.NDArray[np.int64]:
    """A number for each pixel: equal for neighbours in a row that are both free."""
    starts = ~free
    starts[:, 0] = True
    # The pixel after a blocked one starts a run too.
    starts[:, 1:] |= ~free[:, :-1]
    return np.asarray(np.cumsum(starts).reshape(free.shape), np.int64)


@cache
def _ring() -> Mask:
    ring = np.ones((THUMBNAIL_SIDE, THUMBNAIL_SIDE), bool)
    ring[_RING:-_RING, _RING:-_RING] = False
    return ring


@cache
def _smooth() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Surfaces of second order, as columns, and what finds the one that is nearest to a picture of half the side."""
    line = np.linspace(-1, 1, THUMBNAIL_SIDE // 2)
    y, x = (axis.ravel() for axis in np.meshgrid(line, line, indexing="ij"))
    surfaces = np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=1)
    return surfaces, np.linalg.pinv(surfaces)


@cache
def _centre_weight() -> npt.NDArray[np.float64]:
    line = np.exp(-(((np.arange(THUMBNAIL_SIDE) - (THUMBNAIL_SIDE - 1) / 2) / (THUMBNAIL_SIDE * _CENTRE)) ** 2) / 2)
    return np.outer(line, line)


@cache
def _smoothing(bins: int) -> npt.NDArray[np.float64]:
    distance = np.subtract.outer(np.arange(bins), np.arange(bins))
    kernel = np.where(np.abs(distance) <= 2, np.exp(-(distance**2) / (2 * _SMOOTHING**2)), 0)
    return np.asarray(kernel / np.exp(-(np.arange(-2, 3) ** 2) / (2 * _SMOOTHING**2)).sum())


@cache
def _lab_bin_of_rgb() -> npt.NDArray[np.int64]:
    """The Lab bin of each of the 32 x 32 x 32 coarse colours: a look-up instead of cube roots for every pixel."""
    # Greys lie where four bins meet, within 1e-7 of both borders: in single precision, the processor would decide
    # into which of them all white falls, and an index would fit only the machine that it was made on.
    step = np.arange(32, dtype=np.float64) * 8 + 4
    rgb = np.stack(np.meshgrid(step, step, step, indexing="ij"), axis=-1).reshape(-1, 3) / 255
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    ratio = (linear @ _TO_XYZ.T) / _D65
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    lab = np.stack([(116 * f[:, 1] - 16) / 100, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
    lab[:, 1:] = lab[:, 1:] / _LAB_RANGE + 0.5
    place = np.clip((lab * LAB_BINS).astype(np.int64), 0, np.array(LAB_BINS) - 1)
    return np.asarray((place[:, 0] * LAB_BINS[1] + place[:, 1]) * LAB_BINS[2] + place[:, 2])
