"""Opening pictures from strangers: what is accepted comes out upright, plain and small; the rest is refused by name."""

from __future__ import annotations

import io
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from struct import pack
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from visual_search.errors import PictureRefused
from visual_search.imaging.decode import content_hash, decode

LIMITS = {"max_bytes": 2_000_000, "max_pixels": 4_000_000}
ROOMY = {"max_bytes": 2_000_000, "max_pixels": 10_000_000}
RED, BLUE = (200, 30, 40), (20, 40, 190)


def picture(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, a white stripe on top."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    image.paste("white", (0, 0, width, max(1, height // 8)))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(data: bytes, **options: object) -> PictureRefused:
    with pytest.raises(PictureRefused) as caught:
        decode(data, **{**LIMITS, **options})
    return caught.value


def near(pixel: object, colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(np.asarray(pixel, dtype=int) - np.asarray(colour)).max() <= tolerance)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_reads_the_allowed_formats(kind):
    image = decode(encoded(picture(), kind), **LIMITS)
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert near(image.getpixel((10, 30)), RED)
    assert near(image.getpixel((50, 30)), BLUE)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "I;16", "CMYK"])
def test_reads_every_pixel_kind(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    deep = Image.fromarray(np.asarray(picture().convert("L")).astype(np.uint16) * 257)
    source = deep if mode == "I;16" else picture(mode=mode)
    image = decode(encoded(source, kind), **LIMITS)
    expected = picture().convert("L" if mode == "I;16" else mode).convert("RGB")
    difference = np.abs(np.asarray(image, dtype=int) - np.asarray(expected, dtype=int))
    assert image.mode == "RGB"
    assert difference.mean() < 8


def test_reads_sixteen_bit_colour():
    rows = b"".join(b"\x00" + pack(">HHH", 200 * 257, 30 * 257, 40 * 257) * 20 for _ in range(20))
    image = decode(png(20, 20, rows, depth=16, colour=2), **LIMITS)
    assert near(image.getpixel((10, 10)), RED, 1)


def test_transparent_parts_become_white():
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((*RED, 255), (10, 10, 30, 30))
    for kind in ("PNG", "WEBP"):
        image = decode(encoded(clear, kind, lossless=True) if kind == "WEBP" else encoded(clear), **LIMITS)
        assert image.getpixel((2, 2)) == (255, 255, 255)
        assert near(image.getpixel((20, 20)), RED)


def test_transparent_palette_becomes_white():
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, *RED])
    image.paste(0, (0, 0, 16, 32))
    opened = decode(encoded(image, transparency=0), **LIMITS)
    assert opened.getpixel((4, 4)) == (255, 255, 255)
    assert near(opened.getpixel((24, 4)), RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_pictures_upright(kind, orientation):
    upright = picture(64, 48)
    # What a camera stores is the upright picture with the inverse of what the tag tells the viewer to do.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    image = decode(encoded(stored, kind, exif=exif, **options), **LIMITS)
    assert image.size == upright.size
    assert np.abs(np.asarray(image, dtype=int) - np.asarray(upright, dtype=int)).mean() < 4


def test_broken_exif_is_ignored_without_a_warning():
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x05\x00\x12\x01\x03\x00\xff\xff\xff\xff\x06\x00"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(encoded(picture(), "JPEG", exif=exif), **LIMITS).size == (60, 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_gone(kind):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    options: dict[str, object] = {"exif": exif, "xmp": b"<x>SecretPlace</x>"}
    if kind == "JPEG":
        options["comment"] = b"SecretComment"
    if kind == "PNG":
        options = {"exif": exif, "pnginfo": PngImagePlugin.PngInfo()}
        options["pnginfo"].add_text("Comment", "SecretComment", zip=True)
    data = encoded(picture(), kind, **options) + b"PK\x03\x04SecretArchive"
    image = decode(data, **LIMITS)
    assert image.info == {}
    assert not image.getexif()
    for saved in ("JPEG", "PNG", "WEBP"):
        assert b"Secret" not in encoded(image, saved)


def test_colours_come_out_as_srgb():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    plain = decode(encoded(picture()), **LIMITS)
    for profile in (srgb.tobytes(), lab.tobytes(), b"no profile at all" * 20, swapped_profile(srgb.tobytes(), b"CMYK")):
        image = decode(encoded(picture(), icc_profile=profile), **LIMITS)
        assert np.abs(np.asarray(image, dtype=int) - np.asarray(plain, dtype=int)).max() <= 2


def test_a_foreign_profile_changes_the_numbers():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The same profile with its red and blue primaries exchanged: honouring it exchanges the two colours.
    exchanged = srgb.replace(b"rXYZ", b"tmp_").replace(b"bXYZ", b"rXYZ").replace(b"tmp_", b"bXYZ")
    exchanged = exchanged.replace(b"sRGB built-in", b"odd  built-in")
    exchanged = exchanged.replace("sRGB built-in".encode("utf-16-be"), "odd  built-in".encode("utf-16-be"))
    image = decode(encoded(picture(), icc_profile=exchanged), **LIMITS)
    red, _, blue = image.getpixel((10, 30))
    assert blue > red


@pytest.mark.parametrize(
    ("data", "code", "status"),
    [
        (b"", "empty", 400),
        (b"\x00" * 2_000_001, "too_large", 413),
        (b"just words, in a file called photo.jpg", "not_a_picture", 415),
        (b"\x00" * 500, "not_a_picture", 415),
    ],
)
def test_what_is_no_picture_is_refused(data, code, status):
    error = refusal(data)
    assert (error.code, error.status, error.field) == (code, status, "picture")


AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + b"\x00" * 200


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (encoded(picture(), "GIF"), "GIF"),
        (encoded(picture(), "TIFF"), "TIFF"),
        (encoded(picture(), "BMP"), "BMP"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"  <svg viewBox='0 0 1 1'></svg>", "SVG"),
        (AVIF, "AVIF"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp41" + b"\x00" * 99, "video"),
        (b"%PDF-1.7 ...", "PDF"),
    ],
)
def test_other_formats_are_named(data, name):
    error = refusal(data)
    assert (error.code, error.status) == ("format_not_allowed", 415)
    assert name in str(error)
    assert "JPEG, PNG or WebP" in str(error)


def test_messages_name_the_file_the_value_and_the_limit():
    assert "“lamp.jpg”" in str(refusal(b"x" * 50, name="C:\\photos\\lamp.jpg"))
    assert "etc" not in str(refusal(b"x" * 50, name="../../etc/lamp\x00.jpg"))
    assert len(str(refusal(b"x" * 50, name="a" * 5000 + ".jpg"))) < 200
    assert "2 MB" in str(refusal(b"x" * 3_200_000, max_bytes=2 * 1024 * 1024))
    assert "3.1 MB" in str(refusal(b"x" * 3_200_000, max_bytes=2 * 1024 * 1024))
    error = refusal(encoded(picture(300, 200)), max_pixels=50_000)
    assert "300 x 200" in str(error)
    assert "0.05 million" in str(error)
    assert "16" in str(refusal(encoded(picture(15, 300))))


def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", crc32(kind + body))

    head = pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_bombs_are_refused_before_they_are_unpacked(monkeypatch):
    def unpack(self):
        raise AssertionError("the pixels were unpacked")

    monkeypatch.setattr(ImageFile.ImageFile, "load", unpack)
    bomb_png = png(30_000, 30_000, b"\x00" * 1000)
    bomb_jpeg = encoded(picture(), "JPEG").replace(pack(">HH", 40, 60), pack(">HH", 60_000, 60_000))
    vp8x = b"VP8X" + pack("<I", 10) + b"\x00" * 4 + (16_382).to_bytes(3, "little") * 2
    bomb_webp = b"RIFF" + pack("<I", 4 + len(vp8x)) + b"WEBP" + vp8x
    for bomb in (bomb_png, bomb_jpeg, bomb_webp):
        error = refusal(bomb)
        assert (error.code, error.status) == ("too_many_pixels", 413)


def test_webp_has_a_smaller_limit_because_its_reader_needs_more_memory():
    image = picture(1500, 1200)
    assert decode(encoded(image), **LIMITS).size == (1024, 819)
    error = refusal(encoded(image, "WEBP"))
    assert error.code == "too_many_pixels"
    assert "1.6 million are allowed in a WebP file" in str(error)


def test_a_file_that_understates_its_size_is_refused():
    lossless = encoded(picture(64, 64), "WEBP", lossless=True)
    vp8x = b"VP8X" + pack("<I", 10) + b"\x00" * 4 + (31).to_bytes(3, "little") * 2
    body = b"WEBP" + vp8x + lossless[12:]
    assert refusal(b"RIFF" + pack("<I", len(body)) + body).code == "truncated"
    twice = encoded(picture(), "JPEG")
    frame = twice.index(b"\xff\xc0")
    length = int.from_bytes(twice[frame + 2 : frame + 4], "big")
    assert refusal(twice[:frame] + twice[frame : frame + 2 + length] + twice[frame:]).code == "truncated"


def test_a_second_header_can_not_state_another_size():
    """Limits are checked for the first; the reader would unpack what the second says."""
    rows = b"".join(b"\x00" + bytes(RED) * 64 for _ in range(64))
    large = png(64, 64, rows)
    small_header = png(20, 20, b"")[8:33]
    assert decode(large, **LIMITS).size == (64, 64)
    assert refusal(large[:8] + small_header + large[8:]).code == "truncated"


@pytest.mark.parametrize("size", [(0, 40), (40, 0), (0, 0)])
def test_a_side_of_nothing_is_damage_and_not_a_small_picture(size):
    assert refusal(png(*size, b"\x00" * 100)).code == "truncated"
    frame = encoded(picture(), "JPEG").replace(pack(">HH", 40, 60), pack(">HH", *size[::-1]))
    assert refusal(frame).code == "truncated"


def test_a_very_long_picture_keeps_a_pixel_of_width():
    data = encoded(picture(16, 40_000))
    assert decode(data, **LIMITS).size == (1, 1024)
    assert decode(encoded(picture(40_000, 16)), **LIMITS).size == (1024, 1)


@pytest.mark.parametrize("side", [1023, 1024, 1025])
def test_only_what_is_over_the_limit_is_scaled(side):
    image = picture(side, 40)
    opened = decode(encoded(image), **LIMITS)
    assert opened.size == (min(side, 1024), 40)
    assert (opened.tobytes() == image.tobytes()) == (side <= 1024)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_files_are_refused_whatever_other_code_has_set(kind, share, monkeypatch):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    cut = data[: int(len(data) * share)]
    assert refusal(cut).code == "truncated"
    assert refusal(cut).status == 422
    # Another library in the process may have switched this on; a cut photo must still be refused.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    assert refusal(cut).code == "truncated"


def scene() -> Image.Image:
    """A picture with much in every part of it."""
    pixels = np.random.default_rng(1).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((900, 600), Image.Resampling.BICUBIC)


JPEGS = [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0, "quality": 90}]


@pytest.mark.parametrize("manner", JPEGS, ids=str)
@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_without_its_end_marker_is_read_whole(manner, missing, mode):
    data = encoded(scene().convert(mode), "JPEG", **manner)
    assert decode(data[:-missing], **LIMITS).tobytes() == decode(data, **LIMITS).tobytes()


@pytest.mark.parametrize("manner", JPEGS, ids=str)
def test_a_jpeg_that_lacks_a_strip_at_its_end_is_read(manner):
    data = encoded(scene(), "JPEG", **manner)
    whole = np.asarray(decode(data, **LIMITS)).astype(int)
    # A progressive file's end holds a bit of many pixels.
    share = 0.997 if "progressive" in manner else 0.99
    cut = np.asarray(decode(data[: int(len(data) * share)], **LIMITS)).astype(int)
    assert cut.shape == whole.shape
    assert np.abs(cut - whole).mean() < 3
    # Nothing above the last rows of blocks differs but by what a last scan adds.
    assert np.abs(cut - whole)[:500].max() <= 16


@pytest.mark.parametrize("manner", JPEGS, ids=str)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.8, 0.85])
@pytest.mark.parametrize("loads_truncated", [False, True])
def test_a_jpeg_that_lacks_more_is_refused(manner, share, loads_truncated, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", loads_truncated)
    data = encoded(scene(), "JPEG", **manner)
    error = refusal(data[: int(len(data) * share)])
    assert error.code == "truncated"
    assert "Send the original file again" in str(error)


def test_a_progressive_jpeg_that_lacks_whole_scans_is_refused():
    """It would be complete, but blurred."""
    data = encoded(scene(), "JPEG", progressive=True)
    begins = [place for place in range(len(data)) if data.startswith(b"\xff\xda", place)]
    assert len(begins) > 3
    for begin in begins:
        assert refusal(data[:begin]).code == "truncated"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(2000, 1500), (1500, 2000), (1999, 17), (1025, 1025)])
def test_large_photos_come_out_small(kind, size):
    data = encoded(picture(*size), kind)
    image = decode(data, **ROOMY)
    assert max(image.size) == 1024
    assert image.size == tuple(round(side * 1024 / max(size)) for side in size)
    assert near(image.getpixel((image.width // 4, image.height - 3)), RED, 20)
    assert decode(data, **ROOMY, max_side=None).size == size
    assert max(decode(data, **ROOMY, max_side=100).size) == 100


def test_transparency_survives_downscaling_in_strips():
    clear = Image.new("RGBA", (1600, 1200), (255, 0, 0, 0))
    clear.paste((*BLUE, 255), (800, 0, 1600, 1200))
    image = decode(encoded(clear), **LIMITS, max_side=200)
    assert image.size == (200, 150)
    assert image.getpixel((20, 70)) == (255, 255, 255)
    assert near(image.getpixel((180, 149)), BLUE)


def test_small_pictures_are_refused_and_sixteen_pixels_pass():
    assert refusal(encoded(picture(15, 16))).code == "too_small"
    assert decode(encoded(picture(16, 16)), **LIMITS).size == (16, 16)


def test_an_animation_is_its_first_picture():
    frames = [picture(), Image.new("RGB", (60, 40), "green")]
    for kind in ("PNG", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
        assert near(decode(data, **LIMITS).getpixel((10, 30)), RED, 20)


def test_threads_agree_and_no_global_state_moves():
    data = encoded(picture(900, 700), "JPEG")
    before = (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: decode(data, **LIMITS).tobytes(), range(32)))
    assert len(set(found)) == 1
    assert before == (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, list(warnings.filters))


def test_equal_files_have_equal_hashes():
    one, other = encoded(picture()), encoded(picture(61, 40))
    assert content_hash(one) == content_hash(bytes(one)) != content_hash(other)


NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 255, (24, 32, 3), dtype=np.uint8))
EXIF = Image.Exif()
EXIF[0x0112] = 6
SEEDS = [
    encoded(NOISE, "JPEG", exif=EXIF, comment=b"words"),
    encoded(NOISE, "JPEG", progressive=True),
    encoded(NOISE.convert("CMYK"), "JPEG"),
    encoded(NOISE, "PNG", exif=EXIF, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
    encoded(NOISE.convert("P"), "PNG", transparency=3),
    encoded(NOISE, "WEBP", exif=EXIF),
    encoded(NOISE.convert("RGBA"), "WEBP", lossless=True),
]


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_random_bytes_are_refused(data):
    refusal(data)


@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=6)), max_size=6),
    cut=st.floats(0.05, 1),
    insert=st.booleans(),
)
@settings(max_examples=500)
def test_broken_bytes_give_a_picture_or_a_refusal(seed, edits, cut, insert):
    data = bytearray(seed)
    for share, piece in edits:
        at = int(share * len(data))
        data[at : at if insert else at + len(piece)] = piece
    data = data[: int(len(data) * cut)]
    try:
        image = decode(bytes(data), **LIMITS)
    except PictureRefused:
        return
    assert image.mode == "RGB"
    assert image.info == {}


def swapped_profile(profile: bytes, space: bytes) -> bytes:
    """The same profile with another colour space written into its header (bytes 16 to 20)."""
    return profile[:16] + space + profile[20:]


@pytest.mark.parametrize("value", [0, 1, 127, 128, 254, 255])
def test_sixteen_bit_grey_comes_out_to_the_number(value):
    """65,535 is white, so each step of 257 is one of 255; Pillow alone would clip all above 255 to white."""
    grey = Image.fromarray(np.full((20, 20), min(value * 257 + 256, 65_535), np.uint16))
    assert decode(encoded(grey), **LIMITS).getpixel((5, 5)) == (value,) * 3
    exact = Image.fromarray(np.full((20, 20), value * 257, np.uint16))
    assert decode(encoded(exact), **LIMITS).getpixel((5, 5)) == (value,) * 3


def test_strips_join_without_a_seam():
    """Rows of a picture that is unpacked in several strips stand where they stood, at the strips' ends, too."""
    rows = np.repeat(np.arange(600, dtype=np.uint32) % 251, 20).reshape(600, 20).astype(np.uint8)
    image = decode(encoded(Image.fromarray(rows)), **LIMITS, max_side=None)
    assert np.array_equal(np.asarray(image)[:, 0, 0], rows[:, 0])


def test_a_downscaled_edge_is_smooth():
    """A shrunk picture has tones between its two, which the nearest pixel alone would not give."""
    half = Image.new("L", (1000, 1000), 0)
    half.paste(255, (0, 0, 501, 1000))
    tones = np.unique(np.asarray(decode(encoded(half), **LIMITS, max_side=300))[:, :, 0])
    assert len(tones) > 2


@pytest.mark.parametrize(
    ("length", "shown"), [(60, "a" * 56 + ".png"), (61, "a" * 57 + "..."), (200, "a" * 57 + "...")]
)
def test_a_long_name_is_shortened_from_sixty_one_letters_on(length, shown):
    assert str(refusal(b"", name="a" * (length - 4) + ".png")).startswith(f"“{shown}” is empty")


def test_refusals_say_the_next_step_in_whole_sentences():
    assert str(refusal(b"")) == "The picture is empty (0 bytes). Choose the picture again."
    assert str(refusal(b"x" * 3_000_000)) == (
        "The picture has 2.9 MB; at most 2 MB are allowed. Send a smaller version, or a photo at a lower resolution."
    )
    assert str(refusal(encoded(Image.new("RGB", (3000, 2000))))) == (
        "The picture has 3000 x 2000 = 6.0 million pixels; at most 4 million are allowed in a PNG file. "
        "Send a smaller version."
    )
    assert str(refusal(encoded(Image.new("RGB", (15, 40))))) == (
        "The picture has 15 x 40 pixels; each side needs at least 16. Send a larger picture."
    )
    assert str(refusal(encoded(picture())[:-20])) == (
        "The picture is broken off or damaged: this PNG file can't be read to its end. Send the original file again."
    )


@pytest.mark.parametrize("mode", ["P", "LA", "PA", "RGBA"])
def test_a_see_through_corner_is_white_in_every_mode_that_has_one(mode):
    clear = Image.new("RGBA", (40, 40), (*RED, 255))
    clear.paste((0, 0, 0, 0), (0, 0, 20, 20))
    image = decode(encoded(clear.quantize() if mode in {"P", "PA"} else clear.convert(mode)), **LIMITS)
    assert image.getpixel((5, 5)) == (255, 255, 255)
    assert image.getpixel((30, 30)) != (255, 255, 255)


def progressive(scans: int, side: int = 400) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(Image.new("RGB", (side, side), "gray"), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    missing = scans - data.count(b"\xff\xda")
    return data[:-2] + last * missing + data[-2:]


def behind(start: bytes, data: bytes, more: bytes) -> bytes:
    """The file with more bytes behind its first ones."""
    assert data.startswith(start)
    return start + more + data[len(start) :]


JPEG_FILE, PNG_FILE = encoded(picture(), "JPEG"), encoded(picture(), "PNG")
WEBP_FILE = encoded(picture(), "WEBP", lossless=True)
WEBP_PARTS = WEBP_FILE[8:] + b"JUNK\0\0\0\0" * 1_000_000
COSTLY = {
    "scans": progressive(5_000),
    "scans of a large picture": progressive(30, 5_000),
    "empty comments": behind(b"\xff\xd8", JPEG_FILE, b"\xff\xfe\0\2" * 2_000_000),
    "empty tables": behind(b"\xff\xd8", JPEG_FILE, b"\xff\xc4\0\2" * 2_000_000),
    "empty comments behind the pixels": JPEG_FILE[:-2] + b"\xff\xfe\0\2" * 2_000_000 + JPEG_FILE[-2:],
    "empty pixels of a PNG": behind(PNG_FILE[:33], PNG_FILE, pack(">I4sI", 0, b"IDAT", crc32(b"IDAT")) * 700_000),
    "chunks of a WebP": b"RIFF" + pack("<I", len(WEBP_PARTS)) + WEBP_PARTS,
}


@pytest.mark.parametrize("how", COSTLY)
def test_what_is_made_to_take_long_is_refused_at_once(how):
    begin = time.process_time()
    with pytest.raises(PictureRefused) as refused:
        decode(COSTLY[how], max_bytes=10**8, max_pixels=50_000_000, name="photo")
    assert time.process_time() - begin < 1
    assert (refused.value.code, refused.value.status) == ("too_complex", 422)
    assert "Save it as an ordinary" in str(refused.value)


def test_an_ordinary_progressive_photo_is_opened():
    assert decode(progressive(10, 2_000), max_bytes=10**8, max_pixels=50_000_000).size == (1024, 1024)


def test_stuffed_bytes_among_the_pixels_are_read_once():
    """FF 00 stands for FF in coded pixels, and each of them was looked at."""
    begin = time.process_time()
    decode(JPEG_FILE[:-2] + b"\xff\x00" * 4_000_000 + JPEG_FILE[-2:], max_bytes=10**8, max_pixels=50_000_000)
    assert time.process_time() - begin < 3
