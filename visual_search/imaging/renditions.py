"""Smaller copies of a picture in formats that load sooner, for pages that let the browser choose."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, features

from visual_search.imaging.cleaning import opened

WIDTHS = (320, 640, 1280)  # px: a tile, a tile on a dense screen, and the picture of a product's page
# Format as Pillow calls it -> how it is coded. Both lose as much (43 dB over the demo's pictures, where JPEG at 80 has 42.5 in
# twice the bytes); AVIF takes a tenth less room, and not every browser shows it.
_OPTIONS: dict[str, dict[str, int]] = {"avif": {"quality": 58, "speed": 7}, "webp": {"quality": 80, "method": 4}}


@dataclass(frozen=True, slots=True)
class Rendition:
    """One copy. `format` is "avif" or "webp", which is also the ending of its name."""

    format: str
    width: int
    data: bytes


def formats() -> tuple[str, ...]:
    """What this machine's Pillow can write, the smallest files first. Some distributions leave AVIF out."""
    return tuple(name for name in _OPTIONS if features.check(name))


def widths(width: int) -> tuple[int, ...]:
    """Which widths a picture of this width is copied in: never larger than it is. A small one is good as it is."""
    smaller = tuple(each for each in WIDTHS if each < width)
    return (*smaller, width) if smaller and width <= WIDTHS[-1] else smaller


def render(data: bytes, *, max_bytes: int, max_pixels: int) -> Iterator[Rendition]:
    """The copies of this picture, each format in each width, transparent parts as they are. Raises `PictureRefused`."""
    whole = opened(data, max_bytes=max_bytes, max_pixels=max_pixels, about=WIDTHS[-1])
    for width in widths(whole.width):
        image = whole.resize((width, max(1, round(whole.height * width / whole.width))), Image.Resampling.LANCZOS)
        for name in formats():
            buffer = io.BytesIO()
            image.save(buffer, name.upper(), **_OPTIONS[name])
            yield Rendition(name, width, buffer.getvalue())
