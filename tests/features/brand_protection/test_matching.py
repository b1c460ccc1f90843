"""Keypoints that lie alike, mirrored ones, votes, and what tells a copy from another photograph."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageOps

from tests.features.brand_protection.market import GENUINE, OTHERS, image_of, shown
from visual_search.features.brand_protection import votes
from visual_search.features.brand_protection.confirming import COPIED, share_of_same
from visual_search.features.brand_protection.gallery import Gallery, Genuine
from visual_search.features.brand_protection.levels import Levels, choose
from visual_search.features.brand_protection.matching import Points, compare, genuine_points, points_of
from visual_search.features.brand_protection.measuring.alterations import ALTERATIONS
from visual_search.imaging.keypoint_matching import Keypoints

NOTHING = np.empty(0, np.float32)


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    points = {name: genuine_points(image_of(name)) for name in GENUINE}
    words = votes.learn(list(points.values()))
    return Gallery(
        [
            Genuine(key, 1, name, name, one, words.words(one.descriptors), NOTHING)
            for key, (name, one) in enumerate(points.items(), 1)
        ],
        words,
    )


def test_a_mirrored_picture_has_the_keypoints_that_are_computed_for_it() -> None:
    image = image_of(GENUINE[0])
    computed, looked = points_of(image).mirrored(), points_of(ImageOps.mirror(image))
    far = np.linalg.norm(computed.keypoints.places[:, None] - looked.keypoints.places[None], axis=2)
    place, near = far.argmin(axis=1), far.min(axis=1) < 1
    apart = computed.keypoints.descriptors.astype(float) - looked.keypoints.descriptors[place].astype(float)
    plain = points_of(image).keypoints.descriptors.astype(float) - looked.keypoints.descriptors[place].astype(float)
    assert near.mean() > 0.7
    # RootSIFT has length 512; mirrored descriptors agree, and unmirrored ones don't.
    assert np.median(np.linalg.norm(apart, axis=1)[near]) < 100 < np.median(np.linalg.norm(plain, axis=1)[near])


@pytest.mark.parametrize("how", ["saved again", "mirrored", "quarter turn", "cut to 64 %", "framed", "app screenshot"])
def test_an_altered_picture_is_found(gallery, how) -> None:
    found = gallery.find(points_of(shown(GENUINE[0], how)), None, Levels())
    assert found[0].genuine.item == GENUINE[0]
    assert found[0].alike.mirrored == (how == "mirrored")


@pytest.mark.parametrize("name", OTHERS)
def test_a_stranger_is_not_found(gallery, name) -> None:
    assert gallery.find(points_of(image_of(name)), None, Levels()) == []


def test_the_matrix_says_where_the_picture_lies(gallery) -> None:
    framed = shown(GENUINE[0], "framed")
    points = points_of(framed)
    alike = gallery.find(points, None, Levels())[0].alike
    border = (framed.width - image_of(GENUINE[0]).width) / 2
    # The genuine picture's corner is where the frame ends, at the size of the listing's keypoints.
    expected = border * points.size[0] / framed.width
    assert np.abs(alike.matrix[:, 2] - expected).max() < 4


def test_what_is_left_out_is_not_found(gallery) -> None:
    points = points_of(shown(GENUINE[0], "saved again"))
    assert gallery.find(points, None, Levels(), without={1}) == []


def test_a_picture_without_keypoints_is_no_match(gallery) -> None:
    blank = points_of(image_of(GENUINE[0]).resize((64, 64)).point(lambda level: 200))
    assert gallery.find(blank, None, Levels()) == []
    assert compare(blank, gallery.genuine[0].keypoints, mirrored=False) is None


def descriptors(rng: np.random.Generator, count: int) -> np.ndarray:
    """Of length 512, each of its own, as RootSIFT has them."""
    made = rng.uniform(0, 1, (count, 128)) ** 4
    return (512 * np.sqrt(made / made.sum(axis=1, keepdims=True))).astype(np.uint8)


def test_a_place_counts_once_however_many_keypoints_it_has() -> None:
    rng = np.random.default_rng(3)
    places = rng.uniform(20, 300, (5, 2)).astype(np.float32)
    # Twice as many descriptors as places, all different: such as corners, which have two directions.
    keypoints = Keypoints(np.repeat(places, 2, axis=0), descriptors(rng, 10))
    alike = compare(Points((320, 320), keypoints), keypoints, mirrored=False)
    assert len(alike.theirs) == 10
    assert alike.inliers == 5


def test_what_would_have_to_be_stretched_much_is_no_match() -> None:
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 300, (30, 2)).astype(np.float32)
    made = descriptors(rng, 30)
    found = [
        compare(
            Points((900, 900), Keypoints(places * [width, 1], made)),
            Keypoints(places, made),
            mirrored=False,
        )
        for width in np.array([1.3, 3], np.float32)
    ]
    assert found[0].inliers == 30
    assert found[1] is None


def test_a_copy_has_the_same_light_and_shade_and_another_picture_has_not(gallery) -> None:
    genuine = image_of(GENUINE[0])
    copy = shown(GENUINE[0], "saved small")
    points = points_of(copy)
    matrix = gallery.find(points, None, Levels())[0].alike.matrix
    assert share_of_same(copy, genuine, points, matrix) > 0.8
    assert share_of_same(image_of(OTHERS[0]), genuine, points, matrix) < COPIED


def test_mirrored_copies_are_laid_onto_the_genuine_picture_as_well(gallery) -> None:
    copy = shown(GENUINE[0], "cut, mirrored, in an app")
    points = points_of(copy)
    alike = gallery.find(points, None, Levels())[0].alike
    assert alike.mirrored
    assert share_of_same(ImageOps.mirror(copy), image_of(GENUINE[0]), points, alike.matrix) > COPIED
    assert share_of_same(copy, image_of(GENUINE[0]), points, alike.matrix) < COPIED


def test_words_are_kept_as_bytes_and_the_votes_stay_the_same(gallery) -> None:
    again = votes.unpack(gallery.vocabulary.pack())
    one = gallery.genuine[2]
    assert (again.words(one.keypoints.descriptors) == one.words).all()
    index = votes.Votes(again, [each.keypoints for each in gallery.genuine], [each.words for each in gallery.genuine])
    assert index.best([one.keypoints.descriptors, one.keypoints.descriptors[:0]], 1) == [[2], [0]]


def test_an_empty_gallery_finds_nothing() -> None:
    empty = Gallery([], votes.learn([]))
    assert empty.find(points_of(image_of(GENUINE[0])), NOTHING, Levels()) == []


def test_levels_let_no_more_strangers_in_than_they_may() -> None:
    right = [(20, 0.5)] * 60 + [(2, 0.97)] * 40
    strangers = [(4, 0.6)] * 990 + [(30, 0.6)] * 5 + [(3, 0.99)] * 5
    learned = choose(right, strangers, 100)
    assert learned.levels.inliers == 5
    assert learned.levels.cosine < 0.97
    assert (learned.recall, learned.false_alarms) == (1.0, 0.01)


def test_sureness_is_a_half_at_each_level_and_grows() -> None:
    levels = Levels(8, 0.9)
    assert levels.sureness(8, 0.0) == levels.sureness(0, 0.9) == 0.5
    assert levels.sureness(7, 0.89) < 0.5 < levels.sureness(9, 0.0) < levels.sureness(80, 0.0) < 1.0
    assert levels.sureness(0, 1.0) == 1.0


def test_each_alteration_changes_the_picture_and_is_the_same_again() -> None:
    assert len(ALTERATIONS) == 23
    genuine = image_of(GENUINE[0])
    for how in ALTERATIONS:
        once, again = shown(GENUINE[0], how), shown(GENUINE[0], how)
        assert once.tobytes() == again.tobytes()
        assert (once.size, once.tobytes()) != (genuine.size, genuine.tobytes())
