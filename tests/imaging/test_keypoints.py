"""Local features and what becomes of many: words, VLAD, and the codebook behind both."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder import things
from visual_search.errors import EncoderUnavailable
from visual_search.imaging import keypoints
from visual_search.imaging.keypoints import Codebook

FREE = [kind for kind in keypoints.KINDS if kind != "surf"]


@pytest.mark.parametrize("kind", FREE)
def test_each_kind_describes_a_picture(kind: str) -> None:
    found = keypoints.describe(things()[5], kind)
    assert found.dtype == np.float32
    assert found.shape[1] == keypoints.KINDS[kind]
    assert 20 <= len(found) <= (800 if kind == "dense_sift" else keypoints.MOST_DESCRIPTORS)
    assert np.array_equal(found, keypoints.describe(things()[5], kind))


@pytest.mark.parametrize("kind", FREE)
def test_an_even_picture_has_nothing_to_describe(kind: str) -> None:
    for size in ((1, 1), (50, 400)):
        found = keypoints.describe(Image.new("RGB", size, "white"), kind)
        assert found.shape == (0, keypoints.KINDS[kind])


def test_root_sift_has_unit_length_and_bits_are_bits() -> None:
    sift = keypoints.describe(things()[0], "sift")
    assert np.allclose(np.linalg.norm(sift, axis=1), 1, atol=1e-4)
    assert set(np.unique(keypoints.describe(things()[0], "orb"))) == {0.0, 1.0}


def test_sift_finds_the_same_points_in_a_turned_picture() -> None:
    """What makes it worth its time: descriptors turn with the picture."""
    picture = things()[5]
    straight, turned = (keypoints.describe(one, "sift") for one in (picture, picture.rotate(90, expand=True)))
    closest = np.sort(straight @ turned.T, axis=1)[:, ::-1]
    sure = closest[:, 0] > 0.98
    assert sure.mean() > 0.6


def not_free(**options: object) -> None:
    raise cv2.error("This algorithm is patented and is excluded in this configuration")


@pytest.mark.parametrize(
    "module", [None, SimpleNamespace(), SimpleNamespace(SURF_create=not_free)], ids=["module", "function", "licence"]
)
def test_surf_is_named_honestly(monkeypatch: pytest.MonkeyPatch, module: SimpleNamespace | None) -> None:
    """Free builds lack its module, or its function, or have one that only raises."""
    monkeypatch.setattr(cv2, "xfeatures2d", module, raising=False)
    if module is None:
        monkeypatch.delattr(cv2, "xfeatures2d")
    with pytest.raises(EncoderUnavailable, match="built without SURF.*Use sift, its free stand-in"):
        keypoints.describe(things()[0], "surf")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncoderUnavailable, match="no local feature 'star'. Known: sift"):
        keypoints.describe(things()[0], "star")
    monkeypatch.delattr(cv2, "AKAZE_create")
    with pytest.raises(EncoderUnavailable, match="has no AKAZE.*opencv-python-headless<5"):
        keypoints.describe(things()[0], "akaze")
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(EncoderUnavailable, match=r"pip install .django-visual-search\[reading\]"):
        keypoints.describe(things()[0], "sift")


@pytest.fixture(scope="module")
def corners() -> Codebook:
    """Two words and centres, at right angles in the plane of the first two dimensions."""
    axes = np.eye(2, keypoints.COMPRESSED, dtype=np.float32)
    return Codebook(
        np.zeros(keypoints.COMPRESSED, np.float32),
        np.eye(keypoints.COMPRESSED, dtype=np.float32),
        axes,
        np.array([1, 2], np.float32),
        axes,
    )


def near(*angles: float) -> np.ndarray:
    rows = np.zeros((len(angles), keypoints.COMPRESSED), np.float32)
    rows[:, 0], rows[:, 1] = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    return rows


def test_a_bag_counts_words_and_weighs_rare_ones(corners: Codebook) -> None:
    found = keypoints.bag_of_words(near(5, 10, -3, 2, 88), corners)
    expected = np.array([2 * 1, 1 * 2]) / np.hypot(2, 2)
    assert np.allclose(found, expected)
    assert np.allclose(keypoints.bag_of_words(near(), corners), 0)


def test_vlad_sums_what_lies_between(corners: Codebook) -> None:
    found = keypoints.vlad(near(10, -10, 80), corners).reshape(2, -1)
    # Around the first centre both sides cancel; what is left points inwards. The second has one neighbour.
    assert found[0, 1] == pytest.approx(0, abs=1e-4)
    assert found[0, 0] == pytest.approx(-np.sqrt(0.5))
    lone = near(80)[0, :2] - np.array([0, 1])
    rooted = np.sign(lone) * np.sqrt(np.abs(lone))
    assert np.allclose(found[1, :2], rooted / np.linalg.norm(rooted) * np.sqrt(0.5), atol=1e-5)
    assert not keypoints.vlad(near(), corners).any()


def test_a_codebook_tells_apart_what_it_was_learned_from() -> None:
    random = np.random.default_rng(0)
    kinds = random.normal(size=(4, 64)).astype(np.float32) * 3
    pictures = [kinds[n % 4] + random.normal(size=(30, 64)).astype(np.float32) * 0.2 for n in range(12)]
    book = keypoints.learn(pictures, words=4, centres=2)
    bags = np.stack([keypoints.bag_of_words(one, book) for one in pictures])
    same = np.equal.outer(np.arange(12) % 4, np.arange(12) % 4)
    assert (bags @ bags.T)[same].min() > 0.9
    assert (bags @ bags.T)[~same].max() < 0.1
    assert np.array_equal(keypoints.learn(pictures, words=4, centres=2).words, book.words)


def test_too_few_features_are_refused() -> None:
    with pytest.raises(ValueError, match="30 local features in 1 pictures are too few for 64 visual words; 256"):
        keypoints.learn([np.ones((30, 64), np.float32), np.empty((0, 64), np.float32)], words=64, centres=4)
