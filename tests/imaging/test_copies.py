"""The same picture after re-encoding and resizing, and not another one."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.imaging.labels import package
from visual_search.imaging.copies import BYTES, copies, difference, thumbnail


def encoded(image: Image.Image, *, quality: int, size: int) -> Image.Image:
    file = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(file, "JPEG", quality=quality)
    return Image.open(file)


@pytest.mark.parametrize(("quality", "size"), [(85, 400), (30, 400), (60, 200), (75, 640)])
def test_another_encoding_or_size_is_the_same_picture(quality, size):
    pictures = {seed: package("TEA", seed=seed) for seed in range(5)}
    kept = {seed: thumbnail(picture) for seed, picture in pictures.items()}
    for seed, picture in pictures.items():
        assert copies(thumbnail(encoded(picture, quality=quality, size=size)), kept)[:1] == [seed]


def test_a_variant_in_another_colour_is_another_picture():
    assert copies(thumbnail(package("TEA", colour="firebrick")), {"blue": thumbnail(package("TEA"))}) == []


def test_of_two_equal_pictures_both_are_named():
    same = thumbnail(package("TEA"))
    assert sorted(copies(same, {"one": same, "two": same, "other": thumbnail(package("TEA", seed=9))})) == [
        "one",
        "two",
    ]


def test_nothing_is_a_copy_of_nothing():
    assert copies(thumbnail(package("TEA")), {}) == []
    assert len(thumbnail(Image.new("L", (1, 3)))) == BYTES
    assert difference(bytes(BYTES), bytes([10]) * BYTES) == 10
