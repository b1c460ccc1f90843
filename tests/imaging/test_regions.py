"""Boxes, whoever proposed them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from visual_search.imaging import standing_out
from visual_search.imaging.regions import (
    PROPOSALS,
    TAP_SIDE,
    WHOLE,
    crop,
    distinct,
    faint,
    is_scene,
    overlap,
    subject,
    tapped,
)
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


def test_what_is_known_is_not_proposed_again() -> None:
    known = Region((0.0, 0.0, 0.5, 0.5), "a", 0.9)
    rows = np.array([[0, 0, 0.5, 0.48], [0.5, 0.5, 1, 1], [0.5, 0.5, 0.51, 1], [0.6, 0, 1, 0.4]], np.float32)
    found = faint([known], rows, np.array([0.8, 0.1, 0.5, 0.001], np.float32), [0, 1, 1, 1], ["a", "b"])
    assert [(region.label, region.faint) for region in found] == [("b", True)], "one is known, one thin, one too faint"


def test_so_many_boxes_and_no_more() -> None:
    grid = np.array([(x, y, x + 0.05, y + 0.05) for x in np.arange(0, 0.95, 0.06) for y in np.arange(0, 0.95, 0.06)])
    known = [Region((0.0, 0.0, 0.9, 0.9), "a", 0.9)]
    found = faint(known, grid.astype(np.float32), np.full(len(grid), 0.1, np.float32), [0] * len(grid), ["a"])
    assert len(found) == PROPOSALS - 1


regions = st.builds(Region, boxes, st.just("a"), st.floats(0, 1, width=32))


@given(st.tuples(corner, corner), st.lists(regions, max_size=8))
def test_a_tap_means_a_box_around_it_that_was_found(point, found) -> None:
    box = tapped(point, found)
    x, y = point
    assert 0 <= box[0] <= x <= box[2] <= 1
    assert 0 <= box[1] <= y <= box[3] <= 1
    around = [r for r in found if r.score > 0 and r.box[0] < x < r.box[2] and r.box[1] < y < r.box[3]]
    if around:
        assert box in [region.box for region in around]
    else:
        assert (box[2] - box[0], box[3] - box[1]) == pytest.approx((TAP_SIDE, TAP_SIDE))


def test_a_tap_means_the_cup_and_not_the_table_under_it() -> None:
    table, cup = Region((0.0, 0.3, 1.0, 1.0), "table", 0.6), Region((0.1, 0.4, 0.25, 0.6), "cup", 0.3, faint=True)
    assert tapped((0.17, 0.5), [table, cup]) == cup.box
    assert tapped((0.5, 0.7), [table, cup]) == table.box


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


def test_things_apart_on_a_plain_ground_are_found_whatever_they_are() -> None:
    image = Image.new("RGB", (400, 200), "#efe9e0")
    pen = ImageDraw.Draw(image)
    pen.ellipse((20, 40, 120, 160), fill="#803020")
    pen.rectangle((240, 60, 380, 180), fill="#204060")
    found = standing_out.things(image)
    assert [region.label for region in found] == ["", ""]
    assert overlap(found[0].box, (240 / 400, 60 / 200, 380 / 400, 180 / 200)) > 0.9
    assert overlap(found[1].box, (20 / 400, 40 / 200, 120 / 400, 160 / 200)) > 0.9
    assert subject(found) is None
    assert not is_scene(found)


@pytest.mark.parametrize("colours", [("white",), ("white", "black")])
def test_one_thing_or_none_is_no_choice(colours) -> None:
    image = Image.new("RGB", (100, 100), colours[0])
    for colour in colours[1:]:
        ImageDraw.Draw(image).rectangle((30, 30, 70, 70), fill=colour)
    assert standing_out.things(image) == ()
