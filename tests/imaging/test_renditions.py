"""Smaller copies of pictures, in the formats that browsers load soonest."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.imaging.test_cleaning import LIMITS, SECRET, exif, wide_gamut
from tests.imaging.test_decode import BLUE, RED, encoded, near, picture
from visual_search.errors import PictureRefused
from visual_search.imaging.renditions import formats, render, widths


@pytest.mark.parametrize(("width", "made"), [
    (200, ()), (320, ()), (321, (320, 321)), (640, (320, 640)), (1280, (320, 640, 1280)), (4000, (320, 640, 1280)),
])  # fmt: skip
def test_no_copy_is_larger_than_the_picture(width: int, made: tuple[int, ...]) -> None:
    assert widths(width) == made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_copies_show_the_same_picture(kind: str) -> None:
    made = list(render(encoded(picture(700, 500), kind, exif=exif(6)), **LIMITS))
    assert [(one.format, one.width) for one in made] == [(name, width) for width in (320, 500) for name in formats()]
    for one in made:
        assert SECRET not in one.data
        with Image.open(io.BytesIO(one.data)) as image:
            assert image.format == one.format.upper()
            assert image.size == (one.width, one.width * 7 // 5)
            # It stood on its side: what was on the left is above.
            shown = image.convert("RGB")
            assert near(shown.getpixel((one.width // 3, 60)), RED, 20)
            assert near(shown.getpixel((one.width // 3, image.height - 60)), BLUE, 20)


def test_a_large_photo_keeps_its_shape() -> None:
    made = list(render(encoded(picture(2000, 1000), "JPEG"), **LIMITS))
    assert {one.width for one in made} == {320, 640, 1280}
    for one in made:
        with Image.open(io.BytesIO(one.data)) as image:
            assert image.size == (one.width, one.width // 2)


def test_transparent_parts_and_colours_are_kept() -> None:
    source = picture(400, 300, mode="RGBA")
    source.putalpha(Image.linear_gradient("L").resize(source.size))
    for one in render(encoded(source, icc_profile=wide_gamut()), **LIMITS):
        with Image.open(io.BytesIO(one.data)) as image:
            assert image.mode == "RGBA"
            alpha = np.asarray(image.getchannel("A"), dtype=int)
            assert alpha[0].mean() < 8
            assert alpha[-1].mean() > 240
            assert near(image.convert("RGB").getpixel((50, image.height - 5)), (RED[1], RED[0], RED[2]), 20)


def test_both_formats_are_there() -> None:
    assert formats() == ("avif", "webp")


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PictureRefused):
        list(render(b"nothing", **LIMITS))
