"""HEIC photos: opened upright and bare, refused before their pixels where they cost too much, and told of where nobody can."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest

from visual_search import extras
from visual_search.errors import PictureRefused
from visual_search.imaging import heif
from visual_search.imaging.cleaning import READERS
from visual_search.imaging.decode import decode
from visual_search.imaging.headers import MOST_SCANNED, Damaged, TooCostly

# Made by pillow-heif of a drawing: 96 x 64 px, a red box at the left; the other one has EXIF and is turned by it.
DATA = Path(__file__).parent / "data"
PLAIN, TURNED = ((DATA / f"{name}.heic").read_bytes() for name in ("plain", "turned"))
installed = pytest.mark.skipif(not extras.installed("heic"), reason="The extra heic isn't installed.")


def opened(data: bytes, **more):
    return decode(data, max_bytes=2_000_000, max_pixels=50_000_000, name="IMG_1.HEIC", **more)


def test_the_size_is_read_from_container_and_stream() -> None:
    assert heif.size(PLAIN) == (96, 64)
    assert heif.size(TURNED) == (96, 64)


@pytest.mark.parametrize("place", range(0, 921, 7))
def test_a_broken_header_is_damage_or_read_and_nothing_else(place) -> None:
    for data in (PLAIN[:place], PLAIN[:place] + b"\xff" + PLAIN[place + 1 :]):
        with contextlib.suppress(Damaged, TooCostly):
            heif.size(data)


def sps(width: int, height: int) -> bytes:
    """A sequence parameter set of this size with its length before it, as a stream has it."""

    def golomb(number: int) -> str:
        return "0" * ((number + 1).bit_length() - 1) + f"{number + 1:b}"

    bits = "0000" + "000" + "1" + f"{1 << 90:096b}" + golomb(0) + golomb(1) + golomb(width) + golomb(height)
    bits += "1" * (-len(bits) % 8)
    body = b"\x42\x01" + int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\x00\x00", b"\x00\x00\x03")
    return struct.pack(">I", len(body)) + body


def test_a_stream_that_is_larger_than_the_container_says_is_found() -> None:
    assert heif.size(PLAIN + struct.pack(">I", 200) + b"free" + sps(5000, 4000).ljust(192, b"\xff")) == (5000, 4000)
    side = int(MOST_SCANNED**0.5) + 1
    with pytest.raises(TooCostly):
        heif.size(PLAIN + struct.pack(">I", 200) + b"free" + sps(side, side).ljust(192, b"\xff"))


def test_many_boxes_and_many_parts_are_too_costly() -> None:
    with pytest.raises(TooCostly):
        heif.size(PLAIN + struct.pack(">I", 8) * 2 * heif.MOST_BOXES)
    entries = b"hvc1" * (heif.MOST_CODED + 1)
    with pytest.raises(TooCostly):
        heif.size(PLAIN + struct.pack(">I", 8 + len(entries)) + b"iinf" + entries)


def test_where_it_is_not_installed_the_next_step_is_said(monkeypatch) -> None:
    monkeypatch.setattr(extras, "installed", lambda extra: False)
    with pytest.raises(PictureRefused) as refused:
        opened(PLAIN)
    assert (refused.value.code, refused.value.status) == ("format_not_allowed", 415)
    assert "“IMG_1.HEIC” is a HEIC photo" in str(refused.value)
    assert "JPEG" in str(refused.value)


def test_pictures_that_the_shop_keeps_are_never_heic() -> None:
    assert "HEIC" not in READERS


@installed
def test_it_is_opened_upright_and_bare() -> None:
    image = opened(PLAIN)
    assert (image.size, image.mode, image.info) == ((96, 64), "RGB", {})
    pixels = np.asarray(image).astype(int)
    assert np.abs(pixels[40, 25] - (200, 30, 30)).max() < 25
    turned = opened(TURNED)
    assert turned.size == (64, 96), "a quarter to the right"
    assert np.abs(np.asarray(turned).astype(int)[25, 64 - 40] - (200, 30, 30)).max() < 25
    assert b"secret" not in turned.tobytes()
    assert opened(PLAIN, max_side=48).size == (48, 32)


@installed
def test_the_limits_hold() -> None:
    for limits, code in (({"max_bytes": 500, "max_pixels": 10**6}, "too_large"), ({"max_bytes": 10**6, "max_pixels": 15_000}, "too_many_pixels")):  # fmt: skip
        with pytest.raises(PictureRefused) as refused:
            decode(PLAIN, **limits)
        assert refused.value.code == code


@installed
@pytest.mark.parametrize("place", range(30, 921, 45))
def test_a_broken_file_is_refused_and_nothing_else(place) -> None:
    for data in (PLAIN[:place], PLAIN[:place] + bytes([PLAIN[place] ^ 0x55]) + PLAIN[place + 1 :]):
        with contextlib.suppress(PictureRefused):
            opened(data)
