"""Makes a picture file fit to be kept and shown: upright, in sRGB, and with nothing in it but the picture.

Where only metadata must go, it is cut out and the coded pixels stay as they are. Where the pixels must change (a photo
that lies on its side, another colour space, an animation), they are coded again. The same file always gives the same
bytes, and a file that is clean already stays as it is, so vectors that are kept by content are found again.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image

from visual_search.errors import PictureRefused, said
from visual_search.imaging import headers
from visual_search.imaging.decode import READERS, TRANSPOSE, damaged, examine
from visual_search.imaging.profiles import changing, to_srgb

EXTENSIONS: dict[headers.Format, str] = {"JPEG": ".jpg", "PNG": ".png", "WebP": ".webp"}
# At 95, with colours in full, nobody sees a difference. The others are for photos near the limit of the file's size.
_QUALITIES = (95, 90, 80, 70)
_PNG_SIGNATURE_LENGTH = 8
# What pixels mean: sRGB, gAMA, cHRM and cICP say which colours, in a few numbers that aren't about anybody.
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
_PNG_COLOURS = {b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"cICP": 4}  # with their lengths
_WEBP_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH"})
_WEBP_ANIMATED, _WEBP_DESCRIBED = 0x02, 0x20 | 0x08 | 0x04  # flags: an animation; a profile, EXIF, XMP
# How a JPEG's pixels are coded: frames and tables (C0 to CF), scans, quantisation, lines, restart intervals.
_JPEG_KEPT = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD})
_JFIF, _ADOBE = b"JFIF\x00", b"Adobe"
_JFIF_LENGTH, _ADOBE_LENGTH = 14, 12  # without what may follow: a thumbnail, or anything


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`extension` is that of the true format, with its dot; width and height are those of the upright picture."""

    data: bytes
    extension: str
    width: int
    height: int


def cleaned(data: bytes, *, max_bytes: int, max_pixels: int, name: str = "") -> Cleaned:
    """The file as it may be kept. An animation becomes its first picture. Raises `PictureRefused` and nothing else."""
    header = examine(data, max_bytes=max_bytes, max_pixels=max_pixels, name=name)
    try:
        bare = _bare(header, data)
        if bare is not None and len(bare) <= max_bytes:
            return Cleaned(bare, EXTENSIONS[header.format], header.width, header.height)
        image = _pixels(header)
        for quality in _QUALITIES:
            coded = _coded(image, header, quality)
            if len(coded) <= max_bytes:
                return Cleaned(coded, EXTENSIONS[header.format], image.width, image.height)
    # Decoders raise a dozen types of errors on hostile bytes, and the file is the reason for each.
    except Exception as problem:
        raise damaged(header.format, name) from problem
    raise PictureRefused(
        said(
            "The picture has more than %(most)s MB once it is upright and in common colours. Send a smaller version.",
            most=f"{max_bytes / 1e6:.1f}",
        ),
        field="picture",
        code="too_large",
        status=413,
    )


def opened(data: bytes, *, max_bytes: int, max_pixels: int, about: int | None = None) -> Image.Image:
    """The upright picture in sRGB, mode RGB or L, or RGBA where parts of it are transparent. Raises `PictureRefused`.

    `about`: how many pixels wide it is needed at least, so that a large JPEG may be unpacked at a fraction of its size.
    """
    header = examine(data, max_bytes=max_bytes, max_pixels=max_pixels)
    try:
        return _pixels(header, about)
    # As above
    except Exception as problem:
        raise damaged(header.format, "") from problem


def _pixels(header: headers.Header, about: int | None = None) -> Image.Image:
    image: Image.Image
    with READERS[header.format](io.BytesIO(header.data)) as file:
        _check(file, header)
        if about is not None:
            file.draft(None, (about, about * file.height // file.width or 1))
        file.load()
        profile = file.info.get("icc_profile")
        image = _in_eight_bits(file)
    alpha = image.getchannel("A") if image.mode in {"RGBA", "LA"} else None
    if alpha is not None:
        image = image.convert("L" if image.mode == "LA" else "RGB")
    if isinstance(profile, bytes):
        image = to_srgb(image, profile)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    if alpha is not None:
        image = image.convert("RGB")
        image.putalpha(alpha)
    if header.orientation in TRANSPOSE:
        image = image.transpose(TRANSPOSE[header.orientation])
    # A picture made of the bare pixels can't carry anything else along.
    return Image.frombytes(image.mode, image.size, image.tobytes())


def _check(file: Image.Image, header: headers.Header) -> None:
    if file.size != (header.width, header.height):
        raise headers.Damaged("the header and the pixels state different sizes")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """The pixels in mode RGB, RGBA, L, LA or CMYK."""
    if image.mode in {"I;16", "I;16B", "I"}:
        # Pillow clips 16-bit grey at 255 where it should divide by 257.
        return Image.fromarray((np.asarray(image).astype(np.uint32) // 257).clip(0, 255).astype(np.uint8))
    if image.mode in {"P", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        return layer if layer.getchannel("A").getextrema() != (255, 255) else layer.convert("RGB")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in {"RGB", "RGBA", "L", "LA", "CMYK"} else image.convert("RGB")


def _coded(image: Image.Image, header: headers.Header, quality: int) -> bytes:
    buffer = io.BytesIO()
    if header.format == "JPEG":
        image.save(buffer, "JPEG", quality=quality, subsampling=0)
    elif header.format == "PNG":
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "WEBP", quality=quality, lossless=b"VP8L" in header.data[:4096], method=4)
    return buffer.getvalue()


# --- Without coding anything again -------------------------------------------------------------


def _bare(header: headers.Header, data: bytes) -> bytes | None:
    """The file without its metadata, its pixels untouched; None where the pixels must change."""
    if header.orientation != 1:
        return None
    with READERS[header.format](io.BytesIO(header.data)) as file:
        _check(file, header)
        profile = file.info.get("icc_profile")
        mode = {"RGBA": "RGB", "P": "RGB", "PA": "RGB", "LA": "L", "1": "L", "I;16": "L", "I": "L"}.get(
            file.mode, file.mode
        )
    # Browsers differ in what colours they show for CMYK.
    if mode == "CMYK" or (isinstance(profile, bytes) and changing(profile, mode) is not None):
        return None
    if header.format == "JPEG":
        return _bare_jpeg(header.data)
    return _bare_png(data) if header.format == "PNG" else _bare_webp(header.data)


def _bare_jpeg(data: bytes) -> bytes:
    """`headers` has left out EXIF and comments before the pixels. What remains: thumbnails, profiles, and what stands behind."""
    kept = [data[:2]]
    at = 2
    scanned = False
    while True:
        found = headers.JPEG_NEXT_PART.search(data, at)
        if found is None:
            raise headers.Damaged("the JPEG ends before its last pixels")
        marker = found[1][0]
        if scanned:
            kept.append(data[at : found.start()])  # coded pixels
        if marker == 0xD9:
            return b"".join([*kept, b"\xff\xd9"])
        (length,) = struct.unpack_from(">H", data, found.end())
        body = data[found.end() + 2 : found.end() + length]
        at = found.end() + length
        if marker == 0xE0 and body.startswith(_JFIF) and not scanned:
            body = body[: _JFIF_LENGTH - 2] + b"\x00\x00"
        elif marker == 0xEE and body.startswith(_ADOBE) and not scanned:
            body = body[:_ADOBE_LENGTH]
        elif marker not in _JPEG_KEPT:
            continue
        kept.append(b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body)
        scanned = scanned or marker == 0xDA


def _bare_png(data: bytes) -> bytes:
    kept = [data[:_PNG_SIGNATURE_LENGTH]]
    at = _PNG_SIGNATURE_LENGTH
    while kept[-1][4:8] != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        chunk = data[at : at + 12 + length]
        if chunk[4:8] in _PNG_KEPT or _PNG_COLOURS.get(chunk[4:8]) == length:
            kept.append(chunk)
        at += 12 + length
    return b"".join(kept)


def _bare_webp(data: bytes) -> bytes | None:
    kept = []
    at = 12
    while at + 8 <= len(data):
        name = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        chunk = data[at : at + 8 + length + length % 2]
        if name == b"VP8X":
            if chunk[8] & _WEBP_ANIMATED:
                return None
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_DESCRIBED]) + chunk[9:]
        if name in _WEBP_KEPT:
            kept.append(chunk)
        at += 8 + length + length % 2
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
