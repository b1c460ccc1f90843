"""Keypoints tell printed things apart, whatever lies between photo and catalogue picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.imaging.labels import on_a_shelf, package
from visual_search.imaging import keypoint_matching as matching


def test_a_package_on_a_shelf_agrees_with_its_own_picture_only():
    words = ("OATLY DRINK", "VALIO MAITO", "GREEN TEA", "COFFEE BEANS")
    pictures = [matching.of_catalogue_picture(package(said, seed=seed)) for seed, said in enumerate(words)]
    photo = matching.of_photo(on_a_shelf(package("GREEN TEA", seed=2)))

    counts = [matching.inliers(photo, picture) for picture in pictures]

    assert int(np.argmax(counts)) == 2
    assert counts[2] > 2 * max(counts[:2] + counts[3:])
    assert matching.confidence(counts[2]) > 0.7


def test_the_same_pictures_give_the_same_count():
    picture = matching.of_catalogue_picture(package("GREEN TEA"))
    photo = matching.of_photo(on_a_shelf(package("GREEN TEA")))
    assert len({matching.inliers(photo, picture) for _ in range(3)}) == 1


def test_a_mirror_image_does_not_agree():
    picture = matching.of_catalogue_picture(package("GREEN TEA"))
    assert matching.inliers(matching.of_photo(ImageOps.mirror(package("GREEN TEA"))), picture) <= 8


@pytest.mark.parametrize("size", [(1, 1), (400, 3), (300, 300)])
def test_a_picture_without_keypoints_agrees_with_nothing(size):
    plain = matching.of_photo(Image.new("RGB", size, "white"))
    assert matching.inliers(plain, matching.of_catalogue_picture(package("TEA"))) == 0


def test_packing_keeps_what_is_compared():
    kept = matching.of_catalogue_picture(package("TEA"))
    again = matching.unpack(kept.pack())
    assert len(kept.pack()) <= matching.KEPT_POINTS * 132
    assert np.array_equal(again.descriptors, kept.descriptors)
    assert np.abs(again.places - kept.places).max() <= 0.051


def test_foreign_bytes_are_refused():
    with pytest.raises(ValueError, match="131 bytes"):
        matching.unpack(bytes(131))


def test_confidence_rises_from_chance_to_certainty():
    values = [matching.confidence(count) for count in (0, 5, 6, 9, 20, 200)]
    assert values[:2] == [0, 0]
    assert values == sorted(values)
    assert values[-1] == 1
