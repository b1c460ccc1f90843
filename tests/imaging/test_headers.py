"""What files say about themselves, read to the last byte and not past it."""

from __future__ import annotations

import io
from struct import pack
from zlib import crc32

import pytest
from PIL import Image

from visual_search.imaging import headers

SIZE = (60, 40)


def encoded(kind: str, size: tuple[int, int] = SIZE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + pack("<I", len(body)) + body


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    return name + pack("<I", len(body) if length is None else length) + body + b"\x00" * (len(body) % 2)


def pixels(**options: object) -> bytes:
    """The one chunk of a plain WebP file."""
    return encoded("WEBP", **options)[12:]


def exif(orientation: int) -> bytes:
    """One tag, and nothing behind its value."""
    return b"II*\x00" + pack("<IHHHIH", 8, 1, 0x0112, 3, 1, orientation)


@pytest.mark.parametrize("size", [(1, 1), (60, 40), (255, 256), (257, 1), (16_383, 1), (1, 16_383)])
@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}], ids=["lossless", "lossy"])
def test_sizes_of_webp_files(size: tuple[int, int], options: dict[str, bool]) -> None:
    header = headers.read(encoded("WEBP", size, **options), "WebP")
    assert (header.width, header.height) == size


def test_an_unknown_chunk_does_not_hide_the_size_behind_it() -> None:
    header = headers.read(webp(chunk(b"NEWS", b"abc"), pixels()), "WebP")
    assert (header.width, header.height) == SIZE


def test_without_pixels_there_is_no_size() -> None:
    header = headers.read(webp(chunk(b"NEWS", b"abc")), "WebP")
    assert (header.width, header.height) == (0, 0)


def test_a_last_chunk_that_promises_more_than_the_file_has_is_damage() -> None:
    assert headers.read(webp(pixels(), chunk(b"EXIF", b"")), "WebP").orientation == 1  # the control: an empty one
    with pytest.raises(headers.Damaged, match="a WebP chunk is longer than the file"):
        headers.read(webp(pixels(), chunk(b"EXIF", b"", length=100)), "WebP")


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_is_read_from_the_last_bytes_of_its_block(orientation: int) -> None:
    block = exif(orientation)
    png = encoded("PNG")
    tag = pack(">I", len(block)) + b"eXIf" + block + pack(">I", crc32(b"eXIf" + block))
    after_header = 8 + 25
    assert headers.read(png[:after_header] + tag + png[after_header:], "PNG").orientation == orientation
    assert headers.read(webp(pixels(), chunk(b"EXIF", block)), "WebP").orientation == orientation
    segment = b"Exif\x00\x00" + block
    jpeg = encoded("JPEG")
    jpeg = jpeg[:2] + b"\xff\xe1" + pack(">H", len(segment) + 2) + segment + jpeg[2:]
    assert headers.read(jpeg, "JPEG").orientation == orientation


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_makes_no_sense_is_upright(orientation: int) -> None:
    assert headers.exif_orientation(exif(orientation)) == 1


@pytest.mark.parametrize("orientation", [3, 6])
def test_webp_may_repeat_the_name_of_exif_before_it(orientation: int) -> None:
    """Some programs write "Exif" and two zeros before the block, as JPEG wants it."""
    block = b"Exif\x00\x00" + exif(orientation)
    assert headers.read(webp(pixels(), chunk(b"EXIF", block)), "WebP").orientation == orientation


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + pack(">I", 13) + b"IDAT" + bytes(17), "PNG", "the PNG doesn't start with its header"),
        (encoded("PNG")[:40], "PNG", "a PNG chunk is longer than the file"),
        (encoded("WEBP")[:-1], "WebP", "the WebP is shorter than it says"),
        (b"\xff\xd8\xff\xd9", "JPEG", "the JPEG ends before its pixels"),
        (b"\xff\xd8\xff\xe0\x00\x10short", "JPEG", "a JPEG segment is longer than the file"),
        (b"\xff\xd8\xff\xe0\x00\x02nothing", "JPEG", "bytes between two JPEG segments"),
        (encoded("JPEG", progressive=True)[:-60], "JPEG", "the JPEG ends before its last pixels begin"),
        (b"\xff\xd8\xff", "JPEG", "the file breaks off inside its header"),
    ],
)
def test_damage_is_named_in_whole_sentences(data: bytes, kind: headers.Format, said: str) -> None:
    with pytest.raises(headers.Damaged) as caught:
        headers.read(data, kind)
    assert str(caught.value) == said


def test_lengths_are_without_a_sign() -> None:
    """A length with its highest bit set is a large one, and must not lead backwards through the file."""
    tail = encoded("JPEG")[2:]
    long = b"\xff\xd8\xff\xef" + pack(">H", 0x8002) + bytes(0x8000)
    assert headers.read(long + tail, "JPEG").width == SIZE[0]
    png = encoded("PNG")
    with pytest.raises(headers.Damaged, match="a PNG chunk is longer than the file"):
        headers.read(png[:33] + pack(">I", 0xFFFFFFF4) + b"tEXt" + png[33:], "PNG")
    with pytest.raises(headers.Damaged, match="the WebP is shorter than it says"):
        headers.read(b"RIFF" + pack("<I", 0x80000000) + encoded("WEBP")[8:], "WebP")


@pytest.mark.parametrize("data", [b"RIFF\x00\x00\x00\x00WAVEfmt ", b"ANTS\x00\x00\x00\x00WEBPVP8 "])
def test_half_a_signature_is_none(data: bytes) -> None:
    assert headers.sniff(data) == ""
