"""Photos of deliveries: cleaned, and no larger than a person and the reader need."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from PIL import Image

from catalog.files import limits
from visual_search.imaging.decode import decode

KEPT_SIDE = 1024  # px; what staff look at, and what becomes a view to recognise by
_QUALITY = 88


def opened(data: bytes, name: str, side: int) -> Image.Image:
    """The photo, upright, without metadata and no larger than `side` px. Raises PictureRefused."""
    return decode(data, **limits(), name=name, max_side=side)


def kept(image: Image.Image) -> ContentFile[bytes]:
    small = image.copy()
    small.thumbnail((KEPT_SIDE, KEPT_SIDE))
    buffer = io.BytesIO()
    small.convert("RGB").save(buffer, "JPEG", quality=_QUALITY)
    return ContentFile(buffer.getvalue(), "photo.jpg")
