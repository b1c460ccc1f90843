"""Tells whether two files hold the very same picture, at another size or in another compression.

Compression and resampling change pixels beside edges, all over the picture. Variants of a product (a second rocker on a
switch, the colour of a hem) differ in one place, which may be small. So the change of a pixel is how far its value lies
outside all values within one pixel of it in the other picture, and the place with the most change decides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

MAKER = "thumbnail-2"  # Change it together with `thumbnail`, so that pictures are looked at again.
LUMA, CHROMA = 64, 32  # px of each side
_HEADER = 2  # bytes: the picture's own shorter side
BYTES = _HEADER + LUMA**2 + 2 * CHROMA**2
# Levels (of 256) by which one place may differ. On 1,487 catalogue pictures JPEG at quality 30 changes luma by up to 4 and
# chroma by up to 6; a picture of a quarter of the size that was saved again differs by 18.
LUMA_WITHIN, CHROMA_WITHIN = 12.0, 6.0
_LEAST_TOLERANCE = 2.0  # levels: compression changes even the faintest picture by this much (set by judgement)
_COMPARED_WITHIN = 8.0  # levels of mean difference at 16 x 16 px; pictures that differ more aren't compared closely
# px of the shorter side. Below each of them both thumbnails are compared at half the size, because a small picture fills
# its thumbnail with enlarged pixels.
_FULL_FROM, _HALF_FROM = 192, 80
# Mean squared levels by which a picture may be farther than the nearest one and still be the same. Products that share a
# file are equally near; a second rocker on a light switch adds .16.
TIE_WITHIN = 0.1
_SIDE = 8  # fields of light a side, by which pairs are looked for among many pictures
_WORTH = 100.0  # mean squared levels between two of them; pairs that differ more aren't compared closely
_PAIRS_AT_ONCE = 25_000_000  # 100 MB

Floats = npt.NDArray[np.float32]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Planes:
    """`luma`: (64, 64), `blue` and `red`: (32, 32), in levels from 0 to 255. `side`: px of the picture's shorter side."""

    side: int
    luma: Floats
    blue: Floats
    red: Floats


def thumbnail(image: Image.Image) -> bytes:
    """64 x 64 px of luma and 32 x 32 of each chroma (YCbCr), the picture's shape ignored: 6,146 bytes."""
    small = image.convert("RGB").resize((LUMA, LUMA), Image.Resampling.BOX).convert("YCbCr")
    luma, blue, red = (np.asarray(plane) for plane in small.split())
    colours = b"".join(np.round(_halved(plane)).astype(np.uint8).tobytes() for plane in (blue, red))
    return min(*image.size, 0xFFFF).to_bytes(_HEADER, "little") + luma.tobytes() + colours


def copies(photo: bytes, pictures: Mapping[Key, bytes], within: float = TIE_WITHIN) -> list[Key]:
    """The keys of the thumbnails that show the same picture as `photo`, nearest first; empty where none does.

    `within`: how much farther than the nearest one they may be, in mean squared levels.
    """
    asked = _planes(photo)
    near = _near(photo, pictures)
    apart = {key: value for key in near if (value := _apart(asked, _planes(pictures[key]))) is not None}
    least = min(apart.values(), default=0.0)
    return sorted((key for key, value in apart.items() if value <= least + within), key=lambda key: apart[key])


def difference(one: bytes, other: bytes) -> float | None:
    """How far two thumbnails of one picture are apart (mean squared levels); None where they show two pictures."""
    return _apart(_planes(one), _planes(other)) if _near(one, {0: other}) else None


def pairs(pictures: Mapping[Key, bytes]) -> Iterator[tuple[Key, Key]]:
    """The keys of all thumbnails that show the same picture, two by two, each pair once in the order of the mapping."""
    keys = list(pictures)
    light = np.stack([_light(data) for data in pictures.values()]) if keys else np.empty((0, _SIDE**2), np.float32)
    squares = (light**2).sum(axis=1)
    rows = max(1, _PAIRS_AT_ONCE // max(1, len(keys)))
    for start in range(0, len(keys), rows):
        apart = light[start : start + rows] @ light[start:].T
        apart *= -2
        apart += squares[start : start + rows, None]
        apart += squares[None, start:]
        for row, column in np.argwhere(apart <= _WORTH * _SIDE**2).tolist():
            one, other = keys[start + row], keys[start + column]
            if row < column and difference(pictures[one], pictures[other]) is not None:
                yield one, other


def _light(thumbnail: bytes) -> Floats:
    """(64,): the mean light of 8 x 8 fields, in levels."""
    field = LUMA // _SIDE
    luma = np.frombuffer(thumbnail, np.uint8, count=LUMA**2, offset=_HEADER)
    light: Floats = luma.reshape(_SIDE, field, _SIDE, field).mean(axis=(1, 3), dtype=np.float32).ravel()
    return light


def _near(photo: bytes, pictures: Mapping[Key, bytes]) -> list[Key]:
    """The pictures that are worth a close comparison, by 16 x 16 px of luma; two hundred take a millisecond."""
    if not pictures:
        return []
    rows = np.frombuffer(b"".join([photo, *pictures.values()]), np.uint8).reshape(-1, BYTES)
    # Whole lines first: adding up neighbours within a line is the slow half.
    lines = rows[:, _HEADER : _HEADER + LUMA**2].reshape(-1, 16, LUMA // 16, LUMA).sum(axis=2, dtype=np.uint16)
    coarse = np.add.reduce([lines[:, :, start :: LUMA // 16] for start in range(LUMA // 16)]).astype(np.int32)
    apart = np.abs(coarse[1:] - coarse[0]).mean(axis=(1, 2)) / (LUMA // 16) ** 2
    return [key for key, value in zip(pictures, apart, strict=True) if value <= _COMPARED_WITHIN]


def _apart(one: _Planes, other: _Planes) -> float | None:
    side = min(one.side, other.side)
    halvings = (side < _FULL_FROM) + (side < _HALF_FROM)
    # Between two faint pictures (white things on white) a smaller difference already means another product.
    faint = max(_LEAST_TOLERANCE, min(_contrast(one.luma), _contrast(other.luma)) / 2)
    total = 0.0
    for plane, within, reach in (
        ("luma", min(LUMA_WITHIN, faint), 1 if halvings else 2),
        ("blue", CHROMA_WITHIN, 1),
        ("red", CHROMA_WITHIN, 1),
    ):
        first, second = getattr(one, plane), getattr(other, plane)
        for _ in range(halvings):
            first, second = _halved(first), _halved(second)
        if _most_change(first, second, reach) > within:
            return None
        total += float(np.square(first - second).mean())
    return total


def _contrast(luma: Floats) -> float:
    """How far the picture differs from an even one, in levels, in the place where it does most."""
    return _most_change(luma, np.full_like(luma, np.median(luma)), 1)


def _most_change(one: Floats, other: Floats, reach: int) -> float:
    """The greatest mean change of any place of (2 reach + 1) x (2 reach + 1) px."""
    changed = np.maximum(_outside(one, other), _outside(other, one))
    return float(_over(changed, reach, np.add).max()) / (2 * reach + 1) ** 2


def _outside(one: Floats, other: Floats) -> Floats:
    """How far each pixel lies outside the values within one pixel of it in the other picture."""
    low, high = _over(other, 1, np.minimum), _over(other, 1, np.maximum)
    outside: Floats = np.maximum(np.maximum(low - one, one - high), 0)
    return outside


def _over(plane: Floats, reach: int, join: np.ufunc) -> Floats:
    """Each pixel joined with its neighbours up to `reach` away, first down, then across; edges are repeated."""
    joined = plane
    for _ in range(2):
        padded = np.concatenate([joined[:1]] * reach + [joined] + [joined[-1:]] * reach)
        joined = np.asarray(join.reduce([padded[start : start + len(joined)] for start in range(2 * reach + 1)])).T
    return joined


def _halved(plane: npt.NDArray[np.generic]) -> Floats:
    height, width = plane.shape
    halved: Floats = plane.astype(np.float32).reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return halved


def _planes(data: bytes) -> _Planes:
    pixels = np.frombuffer(data, np.uint8, offset=_HEADER).astype(np.float32)
    luma, blue, red = np.split(pixels, [LUMA**2, LUMA**2 + CHROMA**2])
    return _Planes(
        side=int.from_bytes(data[:_HEADER], "little"),
        luma=luma.reshape(LUMA, LUMA),
        blue=blue.reshape(CHROMA, CHROMA),
        red=red.reshape(CHROMA, CHROMA),
    )
