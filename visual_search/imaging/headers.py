"""Reads format, size and orientation of a picture file without unpacking its pixels.

It also gives the file without the parts that no search needs (EXIF, XMP, comments, thumbnails). So they can't leak, and
Pillow's readers of those parts can't fail on them.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from typing import Literal

Format = Literal["JPEG", "PNG", "WebP", "HEIC"]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks that carry pixels and their meaning. acTL and fcTL are left out, so an animated PNG is its first picture.
_PNG_KEEP = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP"})
_JPEG_END = b"\xff\xd9"
_JPEG_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"mif1", b"msf1"})
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (_PNG_SIGNATURE, "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"8BPS", "Photoshop (PSD)"),
    (b"\x00\x00\x01\x00", "icon (ICO)"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"qoif", "QOI"),
)


# What a file may cost to open, whatever its size. Ordinary progressive JPEGs have ten scans, and each scan goes over all pixels.
MOST_SCANS = 100
MOST_SCANNED = 500_000_000  # pixels, over all scans: 50 million ten times
MOST_PARTS = 20_000  # segments of a JPEG, chunks of a PNG or WebP; a PNG of 10 MB has some 1,300
# Inside coded pixels FF is followed by 00 or by a marker that restarts the decoder.
JPEG_NEXT_PART = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])")


class TooCostly(Exception):
    """The file is made so that opening it takes long."""


class Damaged(Exception):
    """The file breaks off, or its header contradicts itself."""


@dataclass(frozen=True, slots=True)
class Header:
    """`orientation` is the EXIF value 1 to 8. `data` is the file without metadata, for Pillow to open.

    `cut`: the file breaks off among its pixels, behind which `data` is closed as if it were whole (see `cut_differently`).
    """

    format: Format
    width: int
    height: int
    orientation: int
    data: bytes
    cut: bool = False

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as the picture is shown."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def sniff(data: bytes) -> str:
    """The name of the picture format by the file's first bytes; "" for a format that isn't known here."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _sniff_iso(data)
    # "BM" alone starts many English texts; a bitmap also gives the size of its second header.
    if data[:2] == b"BM" and data[14:18] in {b"\x0c\0\0\0", b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"}:
        return "BMP"
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in start:
        return "SVG"
    return ""


def _sniff_iso(data: bytes) -> str:
    """HEIC, AVIF and videos share one container; the brands after `ftyp` tell them apart."""
    length = int.from_bytes(data[:4], "big")
    brands = {data[at : at + 4] for at in (8, *range(16, min(length, len(data), 128), 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIC" if brands & _HEIF_BRANDS else "video"


def read(data: bytes, kind: Format) -> Header:
    """The header of a file whose format `sniff` has told. Raises `Damaged` and `TooCostly`."""
    try:
        if kind == "JPEG":
            return _read_jpeg(data)
        return _read_png(data) if kind == "PNG" else _read_webp(data)
    except (IndexError, ValueError, struct.error) as problem:
        raise Damaged("the file breaks off inside its header") from problem


def _read_jpeg(data: bytes) -> Header:
    kept = [b"\xff\xd8"]
    width = height = 0
    components: frozenset[int] = frozenset()
    orientation = 1
    at = 2
    parts = 0
    while True:
        parts = _one_more(parts)
        if data[at] != 0xFF:
            raise Damaged("bytes between two JPEG segments")
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker in _JPEG_STANDALONE:
            continue
        if marker == 0xD9:
            raise Damaged("the JPEG ends before its pixels")
        (length,) = struct.unpack_from(">H", data, at)
        body = data[at + 2 : at + length]
        if length < 2 or len(body) != length - 2:
            raise Damaged("a JPEG segment is longer than the file")
        if marker == 0xDA:
            break
        if marker in _JPEG_START_OF_FRAME:
            if width:
                raise Damaged("the JPEG states its size twice")
            height, width = struct.unpack_from(">HH", body, 1)
            components = frozenset(body[6 : 6 + 3 * body[5] : 3])
        if marker == 0xE1 and body.startswith(b"Exif\x00\x00") and orientation == 1:
            orientation = exif_orientation(body[6:])
        # APP0 (JFIF) and APP14 (Adobe) say how colours are coded, APP2 carries the colour profile.
        is_profile = marker == 0xE2 and body.startswith(b"ICC_PROFILE\x00")
        if marker in {0xE0, 0xEE} or is_profile or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(b"\xff" + bytes([marker]) + data[at : at + length])
        at += length
    # Inside coded pixels FF is always followed by 00, so FF D9 is the true end; without it the file was cut.
    cut = data.find(_JPEG_END, at) < 0
    _check_scans(data, at, width * height)
    if cut and not _has_every_scan(data, at, components):
        raise Damaged("the JPEG ends before its last pixels begin")
    pixels = b"\xff\xda" + data[at:]
    kept.append(pixels.removesuffix(b"\xff") + _JPEG_END if cut else pixels)
    return Header("JPEG", width, height, orientation, b"".join(kept), cut)


def cut_differently(header: Header) -> Header:
    """The cut file with more coded pixels behind it, which are no true ones: what they change was lacking."""
    body = header.data.removesuffix(_JPEG_END)
    # Any bytes but FF. Half as many as the file has reach over the whole of a large gap.
    return replace(header, data=body + b"\x55" * (len(body) // 2 + 4096) + _JPEG_END)


def _has_every_scan(data: bytes, at: int, components: frozenset[int]) -> bool:
    """Whether the last bit of every coefficient is in some scan of a JPEG whose first scan's header is at `at`.

    A progressive JPEG whose later scans lack is whole but blurred. What of the last scan lacks is another question.
    """
    wanted = {(component, place) for component in components for place in range(64)}
    while True:
        (length,) = struct.unpack_from(">H", data, at)
        count = data[at + 2]
        first, last, bits = data[at + 3 + 2 * count : at + 6 + 2 * count]
        if not bits & 0x0F:
            told = data[at + 3 : at + 3 + 2 * count : 2]
            wanted -= {(component, place) for component in told for place in range(first, last + 1)}
        if not wanted:
            return True
        at = _next_scan(data, at + length)
        if at < 0:
            return False


def _check_scans(data: bytes, at: int, pixels: int) -> None:
    """Raises `TooCostly` for more scans than a picture needs. The first scan's header is at `at`."""
    scans = 0
    while at >= 0:
        scans += 1
        if scans > MOST_SCANS or scans * pixels > max(pixels, MOST_SCANNED):
            raise TooCostly(f"more than {scans - 1} scans")
        at = _next_scan(data, at + int.from_bytes(data[at : at + 2], "big"))


def _next_scan(data: bytes, at: int) -> int:
    """Where the header of the next scan stands, behind coded pixels and tables; -1 if there is none."""
    parts = 0
    while found := JPEG_NEXT_PART.search(data, at):
        if found[1] == b"\xda":
            return found.end()
        if found[1] == b"\xd9":
            return -1
        parts = _one_more(parts)
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        if length < 2:
            return -1  # The decoder stops here, too.
        at = found.end() + length
    return -1


def _one_more(parts: int) -> int:
    if parts >= MOST_PARTS:
        raise TooCostly(f"more than {MOST_PARTS} parts")
    return parts + 1


def _read_png(data: bytes) -> Header:
    kept = [_PNG_SIGNATURE]
    orientation = 1
    at = len(_PNG_SIGNATURE)
    if data[at + 4 : at + 8] != b"IHDR":
        raise Damaged("the PNG doesn't start with its header")
    width, height = struct.unpack_from(">II", data, at + 8)
    parts = 0
    while True:
        parts = _one_more(parts)
        (length,) = struct.unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise Damaged("a PNG chunk is longer than the file")
        if name in _PNG_KEEP:
            kept.append(data[at:end])
        elif name == b"eXIf":
            orientation = exif_orientation(data[at + 8 : end - 4])
        if name == b"IEND":
            return Header("PNG", width, height, orientation, b"".join(kept))
        at = end


def _read_webp(data: bytes) -> Header:
    (size,) = struct.unpack_from("<I", data, 4)
    if size + 8 > len(data):
        raise Damaged("the WebP is shorter than it says")
    width = height = 0
    orientation = 1
    at = 12
    parts = 0
    while at + 8 <= size + 8:
        parts = _one_more(parts)
        name = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        if len(body) != length:
            raise Damaged("a WebP chunk is longer than the file")
        if name == b"EXIF":
            orientation = exif_orientation(body.removeprefix(b"Exif\x00\x00"))
        elif not width:
            width, height = _webp_size(name, body)
        at += 8 + length + length % 2
    return Header("WebP", width, height, orientation, data[: size + 8])


def _webp_size(name: bytes, body: bytes) -> tuple[int, int]:
    """Width and height from the first chunk; the layouts are those of the WebP container specification."""
    if name == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if name == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def exif_orientation(exif: bytes) -> int:
    """The EXIF orientation, 1 (upright) to 8; 1 where it is absent or makes no sense.

    Pillow's reader warns about broken EXIF through the process-wide `warnings`; twenty lines read this one tag.
    """
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, directory)
        for number in range(entries):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", exif, directory + 2 + 12 * number)
            if tag == 0x0112:
                return value if kind == 3 and count == 1 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
