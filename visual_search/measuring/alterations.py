"""Alters a picture as people do who copy it: saves it in another way, or makes it smaller, cropped, mirrored or marked."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageEnhance, ImageOps


def _saved_again(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=40)
    return Image.open(buffer).convert("RGB")


def _as_webp(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=60)
    return Image.open(buffer).convert("RGB")


def _half_the_size(image: Image.Image) -> Image.Image:
    size = (max(1, image.width // 2), max(1, image.height // 2))
    return image.resize(size, Image.Resampling.BICUBIC)


def _a_quarter(image: Image.Image) -> Image.Image:
    """As other sites' previews are: a quarter of each side, then saved again."""
    size = (max(16, image.width // 4), max(16, image.height // 4))
    return _saved_again(image.resize(size, Image.Resampling.LANCZOS))


def _cropped(image: Image.Image) -> Image.Image:
    """A tenth of each side is gone: 64 % of the area is left."""
    across, down = image.width // 10, image.height // 10
    return image.crop((across, down, image.width - across, image.height - down))


def _brightened(image: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(1.2)).enhance(0.85)


def _marked(image: Image.Image) -> Image.Image:
    """In a grey frame, with another seller's name across the lower part."""
    border = max(2, min(image.size) // 20)
    framed = ImageOps.expand(image, border=border, fill=(90, 90, 90))
    size = max(8, framed.height // 12)
    ImageDraw.Draw(framed).text(
        (2 * border, framed.height - 3 * border - size), "www.other-shop.example", fill=(200, 30, 30), font_size=size
    )
    return framed


ALTERATIONS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": _saved_again,
    "as WebP": _as_webp,
    "half the size": _half_the_size,
    "a quarter of the size": _a_quarter,
    "cropped": _cropped,
    "mirrored": ImageOps.mirror,
    "brightened": _brightened,
    "marked": _marked,
}
