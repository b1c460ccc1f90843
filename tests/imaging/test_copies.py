"""The same picture after re-encoding and resizing, and not another one, however like it is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.imaging.labels import package
from visual_search.imaging.copies import BYTES, copies, difference, pairs, thumbnail


def encoded(image: Image.Image, *, quality: int, size: int, format: str = "JPEG") -> Image.Image:
    file = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(file, format, quality=quality)
    return Image.open(file)


def switch(*, rockers: int) -> Image.Image:
    """A light switch; a second rocker shows as one thin line."""
    image = Image.new("RGB", (400, 400), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((20, 20, 380, 380), fill=(160, 160, 160))
    pen.rectangle((90, 90, 310, 310), fill=(110, 110, 110))
    if rockers == 2:
        pen.line((200, 90, 200, 310), fill=(90, 90, 90), width=3)
    return image


@pytest.mark.parametrize(
    ("quality", "size", "format"),
    [(85, 400, "JPEG"), (30, 400, "JPEG"), (40, 200, "JPEG"), (85, 100, "JPEG"), (60, 50, "JPEG"), (75, 640, "WEBP")],
)
def test_another_encoding_or_size_is_the_same_picture(quality, size, format):
    pictures = {seed: package("TEA", seed=seed) for seed in range(5)}
    kept = {seed: thumbnail(picture) for seed, picture in pictures.items()}
    for seed, picture in pictures.items():
        assert copies(thumbnail(encoded(picture, quality=quality, size=size, format=format)), kept) == [seed]


@pytest.mark.parametrize("quality", [30, 40, 85])
def test_of_variants_with_one_thin_line_between_them_the_right_one_comes_first(quality):
    kept = {rockers: thumbnail(switch(rockers=rockers)) for rockers in (1, 2)}
    for rockers in (1, 2):
        asked = thumbnail(encoded(switch(rockers=rockers), quality=quality, size=400))
        assert copies(asked, kept)[0] == rockers


def test_a_variant_in_another_colour_is_another_picture():
    assert copies(thumbnail(package("TEA", colour="firebrick")), {"blue": thumbnail(package("TEA"))}) == []


def test_a_small_part_in_another_colour_of_the_same_brightness_is_another_picture():
    """A hem, recoloured as shops recolour one photo of a garment: 2 % of the picture, and no luma changes."""
    green = np.asarray(package("TEA").convert("YCbCr")).copy()
    orange = green.copy()
    green[200:220, 100:260, 1:] = (110, 100)
    orange[200:220, 100:260, 1:] = (90, 150)
    one, other = (thumbnail(Image.fromarray(pixels, "YCbCr")) for pixels in (green, orange))
    assert copies(one, {"other": other}) == []
    assert copies(one, {"own": one, "other": other}) == ["own"]


def test_faint_pictures_are_told_apart():
    """White things on white differ by little on the whole: a thin hanger, a sofa, and nothing at all."""
    hanger, sofa = (Image.new("RGB", (400, 400), "white") for _ in range(2))
    ImageDraw.Draw(hanger).line((60, 300, 200, 140, 340, 300, 60, 300), fill=(190, 190, 190), width=4)
    ImageDraw.Draw(sofa).rectangle((40, 180, 360, 260), fill=(235, 235, 235))
    kept = {"hanger": thumbnail(hanger), "sofa": thumbnail(sofa)}
    assert copies(thumbnail(encoded(hanger, quality=40, size=400)), kept) == ["hanger"]
    assert copies(thumbnail(encoded(sofa, quality=40, size=400)), kept) == ["sofa"]
    assert copies(thumbnail(Image.new("RGB", (400, 400), "white")), kept) == []
    assert copies(thumbnail(Image.new("RGB", (400, 400), (247, 247, 247))), kept) == []


def test_of_two_equal_pictures_both_are_named():
    same = thumbnail(switch(rockers=1))
    asked = thumbnail(encoded(switch(rockers=1), quality=60, size=300))
    for photo in (same, asked):
        assert sorted(copies(photo, {"one": same, "two": same, "other": thumbnail(switch(rockers=2))})) == [
            "one",
            "two",
        ]


@pytest.mark.parametrize("at_once", [1, 25_000_000])
def test_each_pair_of_one_picture_is_found_once(monkeypatch, at_once: int) -> None:
    """However few are compared together, as of a catalogue that is too large for all at once."""
    monkeypatch.setattr("visual_search.imaging.copies._PAIRS_AT_ONCE", at_once)
    shown = {
        "tea": package("TEA"),
        "switch": switch(rockers=1),
        "other": package("OAT", seed=5),
        "small": encoded(switch(rockers=1), quality=60, size=300),
        "again": encoded(package("TEA"), quality=75, size=400),
    }
    found = list(pairs({name: thumbnail(image) for name, image in shown.items()}))
    assert found == [("tea", "again"), ("switch", "small")]
    assert list(pairs({})) == []


def test_nothing_is_a_copy_of_nothing():
    assert copies(thumbnail(package("TEA")), {}) == []
    assert len(thumbnail(Image.new("L", (1, 3)))) == BYTES
    assert difference(thumbnail(Image.new("RGB", (9, 9))), thumbnail(Image.new("RGB", (9, 9), (30, 30, 30)))) is None
    assert difference(thumbnail(switch(rockers=1)), thumbnail(switch(rockers=1))) == 0.0
