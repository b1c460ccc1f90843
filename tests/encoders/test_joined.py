"""Two encoders side by side: one image space whose cosine is the weighted sum of both, and the words of the first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder import things
from tests.shop.doubles import ThumbnailEncoder
from visual_search.encoders.base import Encoder
from visual_search.encoders.classic import ClassicEncoder
from visual_search.encoders.joined import JoinedEncoder
from visual_search.encoders.offline import OfflineEncoder
from visual_search.errors import CanaryFailed, ConfigurationError
from visual_search.types import EncoderCard, ImageVectors, Space, TextVectors, unit


class Bright:
    """Sees how bright the quarters are; pictures and words share its space."""

    card = EncoderCard("bright", Space("image", 5, "b" * 32), Space("image", 5, "b" * 32), None, frozenset({"en"}), "x")

    def images(self, pictures):
        rows = [np.append(np.asarray(image.convert("L").resize((2, 2)), np.float32).ravel(), 9) for image in pictures]
        return ImageVectors(unit(np.reshape(rows, (-1, 5))))

    def texts(self, texts, *, role, language):
        return TextVectors(cross=unit(np.ones((len(texts), 5), np.float32)))

    def canary(self):
        raise CanaryFailed("the canary of Bright")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("joined")


def test_the_cosine_is_the_weighted_sum_of_both(cache: Path) -> None:
    main, beside = ThumbnailEncoder(), ClassicEncoder(cache, features=["hsv"])
    joined = JoinedEncoder(main, beside, 0.3)
    pictures = things()
    assert isinstance(joined, Encoder)
    vectors = joined.images(pictures).image
    assert vectors.shape == (6, joined.card.image.dims) == (6, main.card.image.dims + beside.card.image.dims)
    expected = sum(
        weight * matrix @ matrix.T
        for weight, matrix in ((0.7, main.images(pictures).image), (0.3, beside.images(pictures).image))
    )
    assert np.allclose(vectors @ vectors.T, expected, atol=1e-5)


def test_words_meet_the_first_half_where_it_shares_a_space_with_them() -> None:
    joined = JoinedEncoder(Bright(), ThumbnailEncoder(), 0.5)
    card = joined.card
    assert card.cross is not None
    assert (card.cross.name, card.cross.dims, card.cross.fingerprint) == ("cross", 5, "b" * 32)
    seen = joined.images(things()[:2])
    assert seen.cross is not None
    assert np.array_equal(seen.cross, Bright().images(things()[:2]).image)
    assert joined.texts(["mug"], role="query", language="en").cross is not None
    assert len({space.fingerprint for space in card.spaces}) == 2


def test_a_guess_of_words_counts_by_the_first_half_alone(cache: Path) -> None:
    random = np.random.default_rng(0)
    main = OfflineEncoder(cache)
    joined = JoinedEncoder(main, ClassicEncoder(cache, features=["lab"]), 0.4)
    pictures = unit(random.normal(size=(40, joined.card.image.dims)))
    joined.fit(pictures, [f"thing {n}" for n in range(40)], ["en"] * 40)
    plain = main.texts(["thing 3"], role="query", language="en").image
    guessed = joined.texts(["thing 3"], role="query", language="en").image
    assert plain is not None
    assert guessed is not None
    assert np.allclose(guessed[0, : plain.shape[1]], plain[0])
    assert not guessed[0, plain.shape[1] :].any()


def test_another_share_is_another_space_and_either_canary_counts(cache: Path) -> None:
    beside = ClassicEncoder(cache, features=["hsv"])
    first, second = (JoinedEncoder(ThumbnailEncoder(), beside, share).card.image for share in (0.3, 0.4))
    assert first.fingerprint != second.fingerprint
    with pytest.raises(CanaryFailed, match="Bright"):
        JoinedEncoder(ThumbnailEncoder(), Bright(), 0.3).canary()


def test_both_may_be_named_as_in_the_setting(cache: Path) -> None:
    path = "visual_search.encoders.classic.ClassicEncoder"
    joined = JoinedEncoder(
        {"BACKEND": path, "OPTIONS": {"cache": cache, "features": ["hsv"]}},
        {"BACKEND": path, "OPTIONS": {"cache": cache, "features": ["lbp"]}},
        0.5,
    )
    assert joined.images([Image.new("RGB", (20, 20), "red")]).image.shape == (1, 384 + 177 + 2)


@pytest.mark.parametrize(
    ("main", "share", "message"),
    [
        ({"BACKEND": "visual_search.nowhere.Encoder"}, 0.5, "'main' names the encoder 'visual_search.nowhere.Encoder'"),
        ({"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"colour": 1}}, 0.5, "can't be built"),
        ({"OPTIONS": {}}, 0.5, "needs a BACKEND"),
        ({"BACKEND": "builtins.dict"}, 0.5, "isn't an encoder"),
        ({"BACKEND": "tests.shop.doubles.ThumbnailEncoder"}, 1.0, "share is 1.0"),
    ],
)
def test_mistakes_are_named(main, share, message):
    with pytest.raises(ConfigurationError, match=message):
        JoinedEncoder(main, ThumbnailEncoder(), share)
