"""Converts pictures that carry a colour profile to sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

_SRGB_NAMES = tuple(
    name for text in ("sRGB IEC61966", "sRGB built-in") for name in (text.encode(), text.encode("utf-16-be"))
)
_LARGEST_PROFILE = 2 * 1024 * 1024  # bytes; profiles of printing presses reach about 1 MB
_COLOUR_SPACE = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The picture in sRGB. A profile that is broken, huge or of another colour model is ignored, as browsers do."""
    source = changing(profile, image.mode)
    if source is None:
        return image
    try:
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted if converted is not None else image


def changing(profile: bytes, mode: str) -> ImageCms.ImageCmsProfile | None:
    """The profile, if it says other colours of a picture of this mode than sRGB does; else None."""
    if len(profile) > _LARGEST_PROFILE or any(name in profile for name in _SRGB_NAMES):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return source if source.profile.xcolor_space.strip() == _COLOUR_SPACE.get(mode) else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
