"""What is kept of an uploaded picture: the picture, upright and in common colours, and nothing about anybody."""

from __future__ import annotations

import io
import struct
from zlib import compress, crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from tests.imaging.test_decode import BLUE, RED, encoded, near, picture
from visual_search.errors import PictureRefused
from visual_search.imaging.cleaning import Cleaned, cleaned, opened
from visual_search.imaging.decode import decode

LIMITS = {"max_bytes": 2_000_000, "max_pixels": 4_000_000}
SECRET = b"secret-of-the-seller-52.5163N"


def clean(data: bytes, **more: int) -> Cleaned:
    return cleaned(data, **{**LIMITS, **more})


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc32(name + body))


def riff(data: bytes, flags: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A plain WebP with more chunks, in the extended form."""
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    canvas = bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    parts = [(b"VP8X", canvas), (data[12:16], data[20:]), *chunks]
    body = b"WEBP" + b"".join(n + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for n, b in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def exif(orientation: int = 1) -> bytes:
    """EXIF with an orientation, a place on earth, and a thumbnail."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = SECRET.decode()
    data.get_ifd(0x8825)[1] = "N"
    return data.tobytes() + SECRET


def jpeg_with_everything() -> bytes:
    plain = encoded(picture(), "JPEG", progressive=True)
    first = plain.index(b"\xff\xda")
    second = plain.index(b"\xff\xc4", first)  # tables between two scans
    jfif = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x02\x02" + SECRET[:12])
    return (
        plain[:2]
        + jfif
        + segment(0xE0, b"JFXX\x00\x10" + SECRET)
        + segment(0xE1, exif())
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + SECRET)
        + segment(0xED, b"Photoshop 3.0\x008BIM" + SECRET)
        + segment(0xE2, b"FPXR\x00" + SECRET)
        + segment(0xFE, SECRET)
        + segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01" + SECRET)
        + plain[20:second]
        + segment(0xFE, SECRET)
        + segment(0xEB, SECRET)
        + plain[second:]
        + b"PK\x03\x04"
        + SECRET
    )


def png_with_everything() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", SECRET.decode())
    told.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    data = encoded(picture(), "PNG", pnginfo=told, exif=exif(), dpi=(72, 72))
    end = data.index(b"IEND") - 4
    more = chunk(b"zTXt", b"a\0\0" + compress(SECRET)) + chunk(b"tIME", b"\x07\xea\x01\x01\x00\x00\x00")
    return data[:end] + more + chunk(b"prVt", SECRET) + data[end:] + SECRET


def webp_with_everything() -> bytes:
    plain = encoded(picture(), "WEBP", quality=80)
    return riff(plain, 0x0C, (b"EXIF", exif()), (b"XMP ", SECRET), (b"MINE", SECRET)) + SECRET


@pytest.mark.parametrize(
    ("data", "extension"),
    [(jpeg_with_everything(), ".jpg"), (png_with_everything(), ".png"), (webp_with_everything(), ".webp")],
)
def test_metadata_goes_and_every_pixel_stays(data: bytes, extension: str) -> None:
    kept = clean(data)
    assert SECRET in data
    assert SECRET not in kept.data
    assert SECRET[:12] not in kept.data
    with Image.open(io.BytesIO(kept.data)) as image:
        assert not {"exif", "xmp", "comment", "photoshop", "Author", "XML:com.adobe.xmp"} & set(image.info)
    assert (pixels(kept.data) == pixels(data)).all()
    assert (kept.extension, kept.width, kept.height) == (extension, 60, 40)
    assert clean(kept.data) == kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_a_file_that_is_clean_stays_as_it_is(kind: str, mode: str) -> None:
    if kind == "JPEG" and mode in ("RGBA", "P"):
        mode = "RGB"
    data = encoded(picture(mode=mode), kind)
    assert clean(data).data == data
    assert clean(encoded(picture(), "JPEG", progressive=True, quality=90)).data == encoded(
        picture(), "JPEG", progressive=True, quality=90
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_photo_that_lies_on_its_side_stands_up(kind: str, orientation: int) -> None:
    turned = encoded(picture(), kind, exif=exif(orientation))
    kept = clean(turned)
    with Image.open(io.BytesIO(kept.data)) as image:
        assert (kept.width, kept.height) == image.size == ((60, 40) if orientation < 5 else (40, 60))
        assert image.format == kind
        assert 0x0112 not in image.getexif()
        shown = np.asarray(image.convert("RGB"), dtype=int)
    upright = np.asarray(decode(turned, **LIMITS), dtype=int)
    assert np.abs(shown - upright).mean() < 2
    assert SECRET not in kept.data
    assert clean(turned) == kept  # the same each time
    assert clean(kept.data) == kept


def _profile(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()  # type: ignore[arg-type]


def wide_gamut() -> bytes:
    """sRGB with red and green changed places in its description, which no colour survives unnoticed."""
    made = bytearray(
        _profile("sRGB")
        .replace(b"sRGB built-in", b"something new")
        .replace("sRGB built-in".encode("utf-16-be"), "something new".encode("utf-16-be"))
    )
    tags = {}
    for number in range(int.from_bytes(made[128:132], "big")):
        name, at, length = struct.unpack_from(">4sII", made, 132 + 12 * number)
        tags[name] = (132 + 12 * number, at, length)
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    struct.pack_into(">II", made, red[0] + 4, green[1], green[2])
    struct.pack_into(">II", made, green[0] + 4, red[1], red[2])
    return bytes(made)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_other_colours_become_common_ones(kind: str) -> None:
    profile = wide_gamut()
    options = {"lossless": True} if kind == "WEBP" else {}
    kept = clean(encoded(picture(), kind, icc_profile=profile, **options))
    with Image.open(io.BytesIO(kept.data)) as image:
        assert "icc_profile" not in image.info
        shown = image.convert("RGB")
    assert near(shown.getpixel((10, 30)), (RED[1], RED[0], RED[2]))
    assert near(shown.getpixel((50, 30)), (BLUE[1], BLUE[0], BLUE[2]))
    assert clean(kept.data) == kept


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparent_parts_stay_so_when_colours_change(kind: str) -> None:
    image = picture(mode="RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    kept = clean(encoded(image, kind, icc_profile=wide_gamut(), lossless=True))
    with Image.open(io.BytesIO(kept.data)) as shown:
        assert shown.mode == "RGBA"
        assert (np.asarray(shown.getchannel("A")) == np.asarray(image.getchannel("A"))).all()
        assert near(shown.convert("RGB").getpixel((10, 35)), (RED[1], RED[0], RED[2]))


def test_a_profile_that_says_the_usual_goes_without_a_change() -> None:
    data = encoded(picture(), "JPEG", icc_profile=_profile("sRGB"))
    kept = clean(data).data
    assert b"ICC_PROFILE" not in kept
    assert (pixels(kept) == pixels(data)).all()


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200])
def test_a_broken_profile_is_cut_out(profile: bytes) -> None:
    data = encoded(picture(), "JPEG", icc_profile=profile)
    assert (pixels(clean(data).data) == pixels(data)).all()
    assert b"ICC_PROFILE" not in clean(data).data


def test_print_colours_become_those_of_screens() -> None:
    with Image.open(io.BytesIO(clean(encoded(picture(mode="CMYK"), "JPEG")).data)) as image:
        assert image.mode == "RGB"
        assert near(image.getpixel((10, 30)), RED, 20)


def test_sixteen_bits_that_must_change_become_eight() -> None:
    deep = Image.fromarray(np.asarray(picture().convert("L")).astype(np.uint16) * 257)
    assert clean(encoded(deep)).data == encoded(deep)
    kept = pixels(clean(encoded(deep, exif=exif(3))).data)
    assert np.abs(kept.astype(int) - np.asarray(picture().convert("L").rotate(180), dtype=int)).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_becomes_its_first_picture(kind: str) -> None:
    data = encoded(picture(), kind, save_all=True, append_images=[Image.new("RGB", (60, 40), "green")], lossless=True)
    with Image.open(io.BytesIO(data)) as image:
        assert getattr(image, "n_frames", 1) == 2
    with Image.open(io.BytesIO(clean(data).data)) as image:
        assert getattr(image, "n_frames", 1) == 1
        assert near(image.convert("RGB").getpixel((10, 30)), RED)


def test_a_photo_near_the_limit_is_coded_smaller() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8))
    data = encoded(noise, "JPEG", quality=80, exif=exif(6))
    limit = len(data) + 1000
    kept = clean(data, max_bytes=limit)
    assert len(kept.data) <= limit < len(clean(data).data)
    with pytest.raises(PictureRefused, match="Send a smaller version") as caught:
        clean(encoded(noise, "WEBP", quality=1, exif=exif(6)), max_bytes=3000)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(("data", "code"), [
    (b"", "empty"), (b"<svg xmlns='x'>", "format_not_allowed"), (encoded(picture())[:60], "truncated"),
    (encoded(picture(3000, 1500)), "too_many_pixels"), (encoded(picture(8, 8)), "too_small"),
])  # fmt: skip
def test_what_search_refuses_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(PictureRefused) as caught:
        clean(data)
    assert caught.value.code == code


def test_a_large_photo_is_opened_at_a_fraction_of_its_size() -> None:
    large = encoded(picture(1600, 1200), "JPEG", exif=exif(6))
    assert opened(large, **LIMITS, about=320).size == (300, 400)
    assert opened(large, **LIMITS).size == (1200, 1600)


@given(st.lists(st.tuples(st.sampled_from([0xFE, *range(0xE1, 0xEE), 0xEF]), st.binary(max_size=60))))
def test_whatever_is_written_into_a_jpeg_it_comes_out_the_same(parts: list[tuple[int, bytes]]) -> None:
    plain = encoded(picture(), "JPEG")
    written = plain[:2] + b"".join(segment(marker, b"x" + body) for marker, body in parts) + plain[2:]
    assert clean(written).data == plain


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"tEXt", b"iTXt", b"zTXt", b"sBIT", b"hIST", b"prVt", b"gAMA"]),
            st.binary(min_size=5, max_size=60),
        )
    )
)
def test_whatever_is_written_into_a_png_it_comes_out_the_same(parts: list[tuple[bytes, bytes]]) -> None:
    plain = encoded(picture())
    written = plain[:33] + b"".join(chunk(name, body) for name, body in parts) + plain[33:]
    assert clean(written).data == plain
