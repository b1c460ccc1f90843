"""Opens pictures from unknown senders: checks limits before it unpacks anything, and keeps no metadata."""

from __future__ import annotations

import hashlib
import io
import math
from pathlib import PurePosixPath
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from visual_search.errors import PictureRefused, said
from visual_search.imaging import headers, heif
from visual_search.imaging.profiles import to_srgb

ALLOWED = said("JPEG, PNG or WebP")
MAX_SIDE = 1024  # px; the encoders read 320 px or less, and label reading gains nothing above this
CUT_SIDE = 256  # px, at which it is looked at what a cut picture lacks
LACKING = (
    0.02  # of the pixels: a strip at the edge of a photo, which changes nothing of what it shows (set by judgement)
)
MIN_SIDE = 16  # px; in a smaller picture there is nothing to recognise (set by judgement)

_STATUS = {
    "empty": 400,
    "too_large": 413,
    "not_a_picture": 415,
    "format_not_allowed": 415,
    "too_many_pixels": 413,
    "too_complex": 422,
    "truncated": 422,
    "too_small": 422,
}
# Pillow's WebP reader keeps four copies of the pixels (15 bytes a pixel, the others 4), so it gets a smaller limit; libheif
# has its planes, the joined tiles and the copy for Pillow at once.
_SHARE_OF_PIXELS = {"WebP": 0.4, "HEIC": 0.4}
# Pillow's readers, called by name: `Image.open` would try others and warn through the process-wide `warnings`.
READERS: dict[headers.Format, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
}
TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def content_hash(data: bytes) -> str:
    """SHA-256 of the file's bytes in hex: equal files have equal vectors, so they are encoded once."""
    return hashlib.sha256(data).hexdigest()


def decode(
    data: bytes, *, max_bytes: int, max_pixels: int, name: str = "", max_side: int | None = MAX_SIDE
) -> Image.Image:
    """An upright RGB picture without metadata, transparent parts white, its longer side at most `max_side` px.

    `max_side=None` keeps the full size. Safe to call from several threads. Raises `PictureRefused` and nothing else;
    its `code` is one of empty, too_large, not_a_picture, format_not_allowed, too_many_pixels,
    too_complex, truncated, too_small.
    """
    header = examine(data, max_bytes=max_bytes, max_pixels=max_pixels, name=name, heic=heif.available())
    try:
        return _open(header, max_side)
    # Decoders raise a dozen types of errors on hostile bytes, and the file is the reason for each.
    except Exception as problem:
        raise damaged(header.format, name) from problem


def examine(data: bytes, *, max_bytes: int, max_pixels: int, name: str = "", heic: bool = False) -> headers.Header:
    """The header of a picture that keeps every limit, before a single pixel is unpacked. Raises `PictureRefused`.

    `heic`: whether HEIC is allowed, too. Pillow alone can't open it, so pictures that the shop keeps are never HEIC.
    """
    who = _who(name)
    if not data:
        raise _refused("empty", said("%(who)s is empty (0 bytes). Choose the picture again.", who=who))
    if len(data) > max_bytes:
        raise _refused(
            "too_large",
            said(
                "%(who)s has %(megabytes)s MB; at most %(most)s MB are allowed. Send a smaller version, "
                "or a photo at a lower resolution.",
                who=who,
                megabytes=_megabytes(len(data)),
                most=_megabytes(max_bytes),
            ),
        )
    kind = headers.sniff(data)
    if not kind:
        raise _refused(
            "not_a_picture",
            said("%(who)s isn't a picture that we can read. Send %(allowed)s.", who=who, allowed=ALLOWED),
        )
    if kind == "HEIC" and not heic:
        raise _refused(
            "format_not_allowed",
            said(
                "%(who)s is a HEIC photo, which can't be opened here. Save or share it as %(allowed)s and send that; "
                "on an iPhone: Settings, Camera, Formats, Most Compatible.",
                who=who,
                allowed=ALLOWED,
            ),
        )
    if kind not in READERS and kind != "HEIC":
        raise _refused(
            "format_not_allowed",
            said(
                "%(who)s is of the format %(kind)s, which isn't accepted. Save it as %(allowed)s and send that.",
                who=who,
                kind=kind,
                allowed=ALLOWED,
            ),
        )
    try:
        header = (
            headers.Header("HEIC", *heif.size(data), 1, data)
            if kind == "HEIC"
            else headers.read(data, cast(headers.Format, kind))
        )
    except headers.Damaged as problem:
        raise damaged(kind, name) from problem
    except headers.TooCostly as problem:
        raise _refused(
            "too_complex",
            said(
                "%(who)s is stored in a way that takes long to open (%(problem)s). Save it as an ordinary "
                "%(kind)s and send that.",
                who=who,
                problem=problem,
                kind=kind,
            ),
        ) from problem
    _check_size(header, name, max_pixels)
    return header


def _check_size(header: headers.Header, name: str, max_pixels: int) -> None:
    who, width, height = _who(name), header.width, header.height
    if width == 0 or height == 0:
        raise damaged(header.format, name)
    max_pixels = int(max_pixels * _SHARE_OF_PIXELS.get(header.format, 1))
    if width * height > max_pixels:
        raise _refused(
            "too_many_pixels",
            said(
                "%(who)s has %(width)s x %(height)s = %(pixels)s million pixels; at most %(most)s million "
                "are allowed in a %(format)s file. Send a smaller version.",
                who=who,
                width=width,
                height=height,
                pixels=f"{width * height / 1e6:.1f}",
                most=f"{max_pixels / 1e6:g}",
                format=header.format,
            ),
        )
    if min(width, height) < MIN_SIDE:
        raise _refused(
            "too_small",
            said(
                "%(who)s has %(width)s x %(height)s pixels; each side needs at least %(least)s. Send a larger picture.",
                who=who,
                width=width,
                height=height,
                least=MIN_SIDE,
            ),
        )


def _open(header: headers.Header, max_side: int | None) -> Image.Image:
    if header.cut and _share_lacking(header) > LACKING:
        raise headers.Damaged("too many pixels lack")
    image: Image.Image
    if header.format == "HEIC":
        with heif.opened(header.data) as turned:
            profile = turned.info.get("icc_profile")
            image = _flattened(turned, _target(turned.size, max_side))
        return _bare(image, profile)
    with READERS[header.format](io.BytesIO(header.data)) as file:
        if file.size != (header.width, header.height):
            raise headers.Damaged("the header and the pixels state different sizes")
        size = _target(file.size, max_side)
        # A JPEG can be unpacked at 1/2, 1/4 or 1/8 of its size at a fraction of the time and memory.
        file.draft(None, size)
        file.load()
        profile = file.info.get("icc_profile")
        image = _flattened(file, _target(file.size, max_side))
    return _bare(image, profile, header.orientation)


def _bare(image: Image.Image, profile: object, orientation: int = 1) -> Image.Image:
    """The upright picture in sRGB, made of the bare pixels, so that it can't carry anything else along."""
    if isinstance(profile, bytes):
        image = to_srgb(image, profile)
    if image.mode != "RGB":
        image = image.convert("RGB")
    if orientation in TRANSPOSE:
        image = image.transpose(TRANSPOSE[orientation])
    return Image.frombytes("RGB", image.size, image.tobytes())


def _share_lacking(header: headers.Header) -> float:
    """Which share of a cut JPEG's pixels isn't in the file.

    What the decoder makes of lacking pixels is grey, or hangs on the bytes that follow. Pillow's own switch for such files
    holds for the whole process, and then half a picture passes, too.
    """
    one, other = (_small(each) for each in (header, headers.cut_differently(header)))
    lacking = (one != other).any(axis=2)
    grey = (np.abs(one.astype(np.int16) - 128) <= 1).all(axis=(1, 2))
    written = np.flatnonzero(~grey)
    lacking[written[-1] + 1 if len(written) else 0 :] = True
    return float(lacking.mean())


def _small(header: headers.Header) -> npt.NDArray[np.uint8]:
    with JpegImageFile(io.BytesIO(header.data)) as file:
        file.draft(None, _target(file.size, CUT_SIDE))
        file.load()
        pixels = np.asarray(file)
    return pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]


def _target(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    if max_side is None or max(size) <= max_side:
        return size
    scale = max_side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _flattened(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture on white in mode RGB, L or CMYK, scaled to `size`.

    Works in strips: scaling a transparent picture as a whole would hold three copies of all its pixels.
    """
    factor = max(1, min(image.width // (2 * size[0]), image.height // (2 * size[1])))
    rows = 256 * factor
    strips = []
    for top in range(0, image.height, rows):
        strip = _opaque(image.crop((0, top, image.width, min(image.height, top + rows))))
        strips.append(strip.reduce(factor) if factor > 1 else strip)
    joined = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    top = 0
    for strip in strips:
        joined.paste(strip, (0, top))
        top += strip.height
    return joined if joined.size == size else joined.resize(size, Image.Resampling.BICUBIC)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in {"I;16", "I;16B", "I"}:
        # Pillow clips 16-bit grey at 255 where it should divide by 257.
        return Image.fromarray((np.asarray(image).astype(np.uint32) // 257).clip(0, 255).astype(np.uint8))
    if image.mode in {"RGBA", "LA", "PA", "P"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    return image if image.mode in {"RGB", "L", "CMYK"} else image.convert("RGB")


def _who(name: str) -> str:
    """How messages call the file: its bare name, shortened, or "The picture"."""
    bare = "".join(letter for letter in PurePosixPath(name.replace("\\", "/")).name if letter.isprintable())
    if not bare:
        return said("The picture")
    return f"“{bare if len(bare) <= 60 else bare[:57] + '...'}”"


def _megabytes(count: int) -> str:
    # Rounded up, so that a file just over the limit doesn't read as exactly the limit.
    return f"{math.ceil(count / 1024 / 1024 * 10) / 10:g}"


def damaged(kind: str, name: str) -> PictureRefused:
    """What is said of a file that can't be read to its end."""
    return _refused(
        "truncated",
        said(
            "%(who)s is broken off or damaged: this %(kind)s file can't be read to its end. Send the "
            "original file again.",
            who=_who(name),
            kind=kind,
        ),
    )


def _refused(code: str, message: str) -> PictureRefused:
    return PictureRefused(message, field="picture", code=code, status=_STATUS[code])
