"""Boxes, whoever proposed them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from visual_search.imaging.regions import WHOLE, crop, distinct, is_scene, overlap, subject
from visual_search.types import Region

corner = st.floats(0, 1, width=32)
boxes = st.tuples(corner, corner, corner, corner).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


@given(boxes, st.integers(1, 400), st.integers(1, 400))
def test_a_crop_is_never_empty_and_never_outside(box, width, height) -> None:
    part = crop(Image.new("RGB", (width, height)), box)
    assert 1 <= part.width <= width
    assert 1 <= part.height <= height


def test_the_whole_is_the_whole() -> None:
    assert crop(Image.new("RGB", (31, 17)), WHOLE).size == (31, 17)


@given(boxes, boxes)
def test_overlap_is_a_share_and_symmetric(one, other) -> None:
    assert 0 <= overlap(one, other) <= 1.00001
    assert overlap(one, other) == pytest.approx(overlap(other, one))


def test_two_labels_for_one_thing_are_one_thing() -> None:
    rows = np.array([[0, 0, 1, 1], [0, 0, 1, 0.95], [0, 0, 0.7, 1], [0, 0, 0.69, 1]], np.float32)
    kept = distinct(rows, np.array([0.9, 0.8, 0.7, 0.6], np.float32), [0, 1, 1, 1], most=9, same=0.6, other=0.85)
    assert kept == [0, 2], "the second lies on the first, the fourth on the third"


def thing(label: str, score: float, side: float = 0.6) -> Region:
    return Region((0, 0, side, side), label, score)


@pytest.mark.parametrize(
    ("found", "label"),
    [
        ([thing("chair", 0.8)], "chair"),
        ([thing("chair", 0.4)], None),  # not sure
        ([thing("chair", 0.8, side=0.2)], None),  # small: the photo shows more than that
        ([thing("person", 0.9), thing("handbag", 0.6)], "handbag"),
        ([thing("person", 0.9)], None),  # what they wear is meant
        ([thing("couch", 0.8), thing("vase", 0.5)], None),  # a room
        ([thing("apple", 0.8), thing("apple", 0.7)], "apple"),  # a crate
        ([], None),
    ],
)
def test_what_a_photo_is_of(found, label) -> None:
    assert (subject(found).label if subject(found) else None) == label


def test_a_room_is_a_scene_and_a_crate_is_none() -> None:
    assert is_scene([thing("couch", 0.8), thing("vase", 0.5)])
    assert not is_scene([thing("apple", 0.8), thing("apple", 0.7), thing("orange", 0.2), thing("person", 0.9)])
