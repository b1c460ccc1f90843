"""The classic encoder keeps the contract with every free feature, and learns from a shop's own pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder import EncoderContract, check_matrix, things
from visual_search.encoders import classic
from visual_search.encoders.classic import DEFAULT, FEATURES, ClassicEncoder
from visual_search.errors import CanaryFailed, EncoderUnavailable
from visual_search.imaging import keypoints

FREE = [name for name in FEATURES if not name.startswith("surf")]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("classic")


@pytest.fixture(scope="module")
def encoder(cache: Path) -> ClassicEncoder:
    return ClassicEncoder(cache)


class TestClassicEncoder(EncoderContract):
    @pytest.fixture
    def fresh(self, cache: Path) -> ClassicEncoder:
        return ClassicEncoder(cache)

    @pytest.fixture
    def tampered(self, tmp_path: Path) -> ClassicEncoder:
        """A codebook whose words were shuffled after its canary was written."""
        with np.load(classic.SHIPPED) as stored:
            arrays = {name: stored[name] for name in stored.files}
        arrays["dense_sift/projection"] = arrays["dense_sift/projection"][::-1]
        np.savez(tmp_path / "classic.npz", **arrays)
        return ClassicEncoder(tmp_path)


@pytest.mark.parametrize("name", FREE)
def test_each_feature_keeps_what_depends_on_it(cache: Path, name: str) -> None:
    """The parts of the contract that another feature could break, at as few pictures as show it."""
    encoder = ClassicEncoder(cache, features=[name])
    encoder.canary()
    EncoderContract().test_card_is_complete(encoder)
    space, images = encoder.card.image, things()
    known = encoder.images(images).image
    check_matrix(known, 6, space)
    assert np.array_equal(encoder.images(images[2:3]).image[0], known[2])
    smaller = encoder.images([image.resize((150, 138)) for image in images]).image
    assert (smaller @ known.T).argmax(axis=1).tolist() == list(range(6))
    odd = [images[0].convert("RGBA"), Image.new("1", (1, 1)), Image.new("RGB", (1200, 2), "red")]
    check_matrix(encoder.images(odd).image, 3, space)


def test_every_feature_is_its_own_space(cache: Path) -> None:
    cards = [ClassicEncoder(cache, features=[name]).card for name in FREE]
    cards += [ClassicEncoder(cache, features={"hsv": weight, "lbp": 1}).card for weight in (1, 2)]
    assert len({card.image.fingerprint for card in cards}) == len(cards)


def test_weights_are_squared_lengths(cache: Path) -> None:
    vector = ClassicEncoder(cache, features={"hsv": 3, "lbp": 1}).images(things()[:1]).image[0]
    assert np.linalg.norm(vector[: FEATURES["hsv"]]) ** 2 == pytest.approx(0.75, abs=1e-5)


def test_nothing_to_see_is_a_vector_of_its_own(cache: Path) -> None:
    encoder = ClassicEncoder(cache, features=["sift_vlad"])
    blank, mug = encoder.images([Image.new("RGB", (90, 90), "white"), things()[0]]).image
    assert blank[-1] == 1
    assert blank @ mug == 0


# --- Learning -------------------------------------------------------------------------------------


def drawn(count: int = 40) -> list[Image.Image]:
    random = np.random.default_rng(0)
    noise = [random.integers(0, 255, (24, 24, 3), dtype=np.uint8) for _ in range(count)]
    return [Image.fromarray(one).resize((160, 160), Image.Resampling.BICUBIC) for one in noise]


def test_a_shop_learns_its_own_codebook(tmp_path: Path) -> None:
    before = ClassicEncoder(tmp_path, features=["orb_words", "hsv"])
    fingerprint = before.card.image.fingerprint
    before.learn(drawn())
    after = ClassicEncoder(tmp_path, features=["orb_words", "hsv"])
    assert after.card.image.fingerprint != fingerprint
    after.canary()
    EncoderContract().test_pictures_become_unit_vectors_of_the_cards_spaces(after)
    with pytest.raises(EncoderUnavailable, match="No codebook of KAZE ships.*train_codebooks"):
        ClassicEncoder(tmp_path, features=["kaze_vlad"]).images(things()[:1])


def test_too_few_pictures_are_refused_and_change_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too few"):
        ClassicEncoder(tmp_path, features=["orb_words"]).learn(drawn(1))
    with pytest.raises(ValueError, match="no pictures"):
        ClassicEncoder(tmp_path, features=["hsv"]).learn([])
    assert not list(tmp_path.iterdir())


def test_the_shipped_codebooks_are_small_and_complete() -> None:
    assert classic.SHIPPED.stat().st_size < 400_000
    with np.load(classic.SHIPPED) as stored:
        assert {f"canary/{name}" for name in FREE} <= set(stored.files)


# --- Mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (["shape"], "no feature 'shape'. Known: hsv, lab"),
        ([], "No feature is named"),
        ({"hsv": 0}, "weight of 'hsv' is 0"),
        ({"hsv": float("nan")}, "weight of 'hsv' is nan"),
    ],
)
def test_a_wrong_feature_is_named(tmp_path, features, message):
    with pytest.raises(EncoderUnavailable, match=message):
        ClassicEncoder(tmp_path, features=features)


def test_surf_says_what_stands_in(tmp_path: Path) -> None:
    try:
        keypoints.describe(things()[0], "surf")
    except EncoderUnavailable:
        with pytest.raises(EncoderUnavailable, match="Use sift, its free stand-in"):
            ClassicEncoder(tmp_path, features=["surf_vlad"]).images(things()[:1])


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "classic.npz").write_bytes(classic.SHIPPED.read_bytes()[:2000])
    with pytest.raises(EncoderUnavailable, match="Delete '.*classic.npz'"):
        ClassicEncoder(tmp_path).images(things()[:1])


def test_a_tampered_codebook_never_answers(tmp_path: Path) -> None:
    with np.load(classic.SHIPPED) as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays["mean/hsv"] = arrays["mean/hsv"] + 1
    np.savez(tmp_path / "classic.npz", **arrays)
    with pytest.raises(CanaryFailed, match="'hsv' failed.*train_codebooks"):
        ClassicEncoder(tmp_path, features=["hsv"]).images(things()[:1])
    assert set(DEFAULT) <= set(FEATURES)
