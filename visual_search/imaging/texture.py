"""Texture content of a picture: local binary patterns, Gabor filters, and histograms of oriented gradients.

- LBP: Ojala, Pietikäinen and Mäenpää, PAMI 2002 (8 neighbours, uniform patterns).
- Gabor: Manjunath and Ma, PAMI 1996 (mean and deviation of the responses at each scale and direction).
- HOG: Dalal and Triggs, CVPR 2005 (blocks of 2 x 2 cells, 9 directions, L2-Hys).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search import extras
from visual_search.errors import EncoderUnavailable

Floats = npt.NDArray[np.float32]
Grey = npt.NDArray[np.uint8]

LBP_SIDES = (128, 64, 32)  # px: fine, middle and coarse texture
_PATTERNS = 59  # 58 uniform ones, and all others together
LBP_DIMS = _PATTERNS * len(LBP_SIDES)
# Px of a side, and filters; set by judgement after Manjunath and Ma.
_GABOR_SIDE, _GABOR_SCALES, _GABOR_DIRECTIONS = 96, 4, 6
_GABOR_HIGHEST, _GABOR_LOWEST = 0.4, 0.05  # cycles a pixel
GABOR_DIMS = 2 * _GABOR_SCALES * _GABOR_DIRECTIONS
HOG_SIDE = 64  # px, which gives 7 x 7 blocks
HOG_DIMS = 7 * 7 * 4 * 9


def grey(image: Image.Image, side: int) -> Grey:
    """The picture's brightness at side x side px, padded to a square with white so that its shape is kept."""
    image = image.convert("RGB").convert("L")
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    square = np.full((side, side), 255, np.uint8)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square[top : top + size[1], left : left + size[0]] = np.asarray(image.resize(size, Image.Resampling.BOX))
    return square


def local_binary_patterns(image: Image.Image) -> Floats:
    """Roots of the shares of 59 patterns at three scales: shape (177,), each scale of unit length."""
    return np.concatenate([_patterns(grey(image, side)) for side in LBP_SIDES])


def _patterns(pixels: Grey) -> Floats:
    # A step of two levels is noise of JPEG, not texture.
    centre = pixels[1:-1, 1:-1].astype(np.int16) + 2
    code = np.zeros(centre.shape, np.int64)
    # Neighbours in a circle, so that a uniform pattern is one run of ones.
    around = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    for bit, (row, column) in enumerate(around):
        neighbour = pixels[row : row + centre.shape[0], column : column + centre.shape[1]]
        code |= (neighbour > centre).astype(np.int64) << bit
    counts = np.bincount(_uniform()[code].ravel(), minlength=_PATTERNS)
    return np.asarray(np.sqrt(counts / counts.sum()), np.float32)


@cache
def _uniform() -> npt.NDArray[np.int64]:
    """The bin of each of the 256 patterns: those with at most two changes around the circle have their own."""
    bins = np.full(256, _PATTERNS - 1, np.int64)
    place = 0
    for code in range(256):
        bits = [code >> n & 1 for n in range(8)]
        if sum(bits[n] != bits[n - 1] for n in range(8)) <= 2:
            bins[code] = place
            place += 1
    return bins


def gabor(image: Image.Image) -> Floats:
    """Logarithms of mean and deviation of 4 scales x 6 directions: shape (48,), not of unit length."""
    pixels = grey(image, _GABOR_SIDE).astype(np.float32) / 255
    spectrum = np.fft.fft2(pixels - pixels.mean())
    strengths = []
    for mask in _gabor_masks():
        response = np.abs(np.fft.ifft2(spectrum * mask))
        strengths += [float(response.mean()), float(response.std())]
    # Strengths spread over decades; the logarithm makes a weak texture count beside a strong one.
    return np.asarray(np.log(np.array(strengths) + 1e-4), np.float32)


@cache
def _gabor_masks() -> tuple[Floats, ...]:
    """Bell curves in the frequency plane that touch each other at half their height."""
    axis = np.fft.fftfreq(_GABOR_SIDE)
    across, down = np.meshgrid(axis, axis)
    ratio = (_GABOR_HIGHEST / _GABOR_LOWEST) ** (1 / (_GABOR_SCALES - 1))
    masks = []
    for scale in range(_GABOR_SCALES):
        frequency = _GABOR_HIGHEST / ratio**scale
        along = (ratio - 1) * frequency / ((ratio + 1) * np.sqrt(2 * np.log(2)))
        aside = np.tan(np.pi / (2 * _GABOR_DIRECTIONS)) * frequency / np.sqrt(2 * np.log(2))
        for direction in range(_GABOR_DIRECTIONS):
            angle = np.pi * direction / _GABOR_DIRECTIONS
            u = across * np.cos(angle) + down * np.sin(angle) - frequency
            v = -across * np.sin(angle) + down * np.cos(angle)
            masks.append(np.exp(-((u / along) ** 2 + (v / aside) ** 2) / 2).astype(np.float32))
    return tuple(masks)


def oriented_gradients(image: Image.Image) -> Floats:
    """HOG at 64 x 64 px: shape (1764,). Raises `EncoderUnavailable` where OpenCV lacks it."""
    try:
        import cv2  # noqa: PLC0415 - 60 MB that other encoders don't need.

        descriptor = cv2.HOGDescriptor((HOG_SIDE, HOG_SIDE), (16, 16), (8, 8), (8, 8), 9)
    except (ImportError, AttributeError) as problem:
        raise EncoderUnavailable(
            f"HOG needs OpenCV below version 5 ({problem}). Install it: {extras.command('reading')}"
        ) from problem
    return np.asarray(descriptor.compute(grey(image, HOG_SIDE)), np.float32).ravel()
