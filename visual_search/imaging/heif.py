"""HEIC, the format of many phones' photos: its header is read here, and libheif opens it where the extra `heic` is installed.

The container (ISO/IEC 14496-12 and 23008-12) is a tree of boxes. Its pictures are coded as HEVC, and what the container says
of a size binds no decoder; so the sizes inside the coded streams (ITU-T H.265, 7.3.2.2) are read, too.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator

from PIL import Image

from visual_search import extras
from visual_search.imaging.headers import MOST_SCANNED, Damaged, TooCostly

MOST_BOXES = 5000  # a phone's photo has some hundred
MOST_CODED = 512  # pictures in one file; 48 million pixels in tiles of 512 px are 192
# A sequence parameter set of a stream: its length, then the two bytes of its header. Inside of coded pixels two zeros are never
# followed by a byte below four, so nothing else looks like one that is shorter than 512 bytes.
_SPS = re.compile(rb"(?=\x00\x00(?:[\x00\x01].[\x42\x43].|..\x42\x01))", re.S)
_FULL = {b"meta": 4, b"iprp": 0, b"ipco": 0}  # the boxes that hold others, and the bytes before those


def available() -> bool:
    """Whether such photos can be opened here."""
    return extras.installed("heic")


def size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture in the file, in pixels, unturned. Raises `Damaged` and `TooCostly`."""
    sizes: list[tuple[int, int]] = []
    coded = 0
    try:
        for name, body in _boxes(data):
            if name == b"ispe":
                sizes.append(struct.unpack_from(">II", body, 4))
            elif name == b"hvcC" and body[21] & 3 != 3:
                raise TooCostly("lengths of another size than four bytes")
            elif name == b"iinf":
                coded += body.count(b"hvc1") + body.count(b"hev1")
    except (struct.error, IndexError) as problem:
        raise Damaged("a HEIC box is shorter than it says") from problem
    if not sizes or not coded:
        raise Damaged("the HEIC names no picture")
    if coded > MOST_CODED:
        raise TooCostly(f"more than {MOST_CODED} parts")
    streams = [_stream_size(data, match.start() + 4) for match in _SPS.finditer(data)]
    largest = max((width * height for width, height in streams), default=0)
    if coded * largest > MOST_SCANNED:
        raise TooCostly(f"more than {MOST_SCANNED // 1_000_000} million pixels over all parts")
    return max([*sizes, *streams], key=lambda one: one[0] * one[1])


def opened(data: bytes) -> Image.Image:
    """The picture, upright, in 8 bits a channel, with its colour profile in `info`."""
    import pi_heif  # noqa: PLC0415 - only where the extra is installed

    file = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    image: Image.Image = file.to_pillow()
    image.info = {"icc_profile": file.info.get("icc_profile")}
    return image


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes that tell of the pictures, each with its body."""
    waiting = [(0, len(data))]
    seen = 0
    while waiting:
        at, end = waiting.pop()
        while at + 8 <= end:
            seen += 1
            if seen > MOST_BOXES:
                raise TooCostly(f"more than {MOST_BOXES} parts")
            (length,) = struct.unpack_from(">I", data, at)
            name, head = data[at + 4 : at + 8], 8
            if length == 1:
                (length,) = struct.unpack_from(">Q", data, at + 8)
                head = 16
            length = length or end - at
            if length < head or at + length > end:
                raise Damaged("a HEIC box is longer than the file")
            if name in _FULL:
                waiting.append((at + head + _FULL[name], at + length))
            elif name != b"mdat":
                yield name, data[at + head : at + length]
            at += length


class _Bits:
    """Reads a parameter set bit by bit, without the bytes that keep start codes out of it."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise IndexError
        self._left -= count
        return self._bits >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """An unsigned number in Exp-Golomb code."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise IndexError
        return (1 << zeros) - 1 + self.take(zeros)


def _stream_size(data: bytes, at: int) -> tuple[int, int]:
    """Width and height that the parameter set at `at` gives; none (0, 0) where it is none."""
    bits = _Bits(data[at + 2 : at + 130].replace(b"\x00\x00\x03", b"\x00\x00"))
    try:
        bits.take(4)
        layers = bits.take(3)
        bits.take(1)
        bits.take(96)  # profile, its flags, and level
        present = [(bits.take(1), bits.take(1)) for _layer in range(layers)]
        if layers:
            bits.take(2 * (8 - layers))
        for profile, level in present:
            bits.take(88 * profile + 8 * level)
        bits.golomb()
        if bits.golomb() == 3:
            bits.take(1)
        return bits.golomb(), bits.golomb()
    except IndexError:
        return 0, 0
