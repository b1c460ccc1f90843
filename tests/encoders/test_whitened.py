"""Whitened vectors: their cosine is Mahalanobis' angle, whatever the engine; the metric is learned, kept and taken up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder import EncoderContract, things
from tests.encoders.test_classic import drawn
from tests.encoders.test_joined import Bright
from visual_search.encoders.classic import ClassicEncoder
from visual_search.encoders.network import NetworkEncoder
from visual_search.encoders.offline import OfflineEncoder
from visual_search.encoders.whitened import WhitenedEncoder, whitening
from visual_search.errors import CanaryFailed, ConfigurationError, EncoderUnavailable
from visual_search.types import unit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whitened")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> WhitenedEncoder:
    made = WhitenedEncoder(NetworkEncoder(folder), folder, shrinkage=0.9)
    made.keep(made.learn([*things(), *drawn(20)]))
    return made


@pytest.fixture
def fresh(folder: Path, encoder: WhitenedEncoder) -> WhitenedEncoder:
    return WhitenedEncoder(NetworkEncoder(folder), folder, shrinkage=0.9)


@pytest.fixture
def tampered(folder: Path, encoder: WhitenedEncoder, monkeypatch: pytest.MonkeyPatch) -> WhitenedEncoder:
    """The inner encoder has the weights of another."""
    made = WhitenedEncoder(NetworkEncoder(folder), folder, shrinkage=0.9)

    def other() -> None:
        raise CanaryFailed("the canary of another")

    monkeypatch.setattr(made.inner, "canary", other)
    return made


class TestWhitenedEncoder(EncoderContract):
    pass


def hsv(folder: Path, **options: object) -> WhitenedEncoder:
    return WhitenedEncoder(ClassicEncoder(folder, features=["hsv"]), folder, **options)


# --- The measure -----------------------------------------------------------------------------------


def test_the_cosine_is_the_angle_that_mahalanobis_sees() -> None:
    random = np.random.default_rng(0)
    rows = unit(random.normal(size=(60, 8)) * np.arange(1, 9))
    found = whitening([row[None] for row in rows], "mahalanobis", 0.3)
    covariance = np.cov(rows.T, bias=True)
    shrunk = 0.7 * covariance + 0.3 * np.trace(covariance) / 8 * np.eye(8)
    between = (rows - rows.mean(axis=0)) @ np.linalg.inv(shrunk) @ (rows - rows.mean(axis=0)).T
    lengths = np.sqrt(np.diag(between))
    whitened = found(rows)
    assert np.allclose(whitened @ whitened.T, between / np.outer(lengths, lengths), atol=1e-5)
    assert np.allclose(found.matrix, found.matrix.T)


def test_what_changes_between_pictures_of_one_product_stops_counting() -> None:
    random = np.random.default_rng(1)
    products = random.normal(size=(30, 6)) * [1, 1, 1, 1, 1, 0]
    shaken = [unit(product + np.outer(random.normal(size=4) * 2, [0, 0, 0, 0, 0, 1])) for product in products]
    stored, asked = np.stack([group[0] for group in shaken]), np.stack([group[1] for group in shaken])
    found = whitening([group[[0, 2, 3]] for group in shaken], "within", 0.01)
    plain = (asked @ stored.T).argmax(axis=1) == np.arange(30)
    whitened = (found(asked) @ found(stored).T).argmax(axis=1) == np.arange(30)
    assert plain.mean() < 0.5
    assert whitened.mean() > 0.85


def test_all_of_the_sphere_changes_the_middle_alone() -> None:
    rows = unit(np.random.default_rng(2).normal(size=(20, 5)))
    found = whitening([row[None] for row in rows], "mahalanobis", 1.0)
    assert np.allclose(found(rows), unit(rows - rows.mean(axis=0)), atol=1e-5)


def test_whitened_vectors_lead_back_to_what_they_were() -> None:
    rows = unit(np.random.default_rng(3).normal(size=(40, 7)) + 0.4)
    found = whitening([row[None] for row in rows], "mahalanobis", 0.2)
    assert np.allclose(found.undone(found(rows)), rows, atol=1e-5)


# --- The encoder -----------------------------------------------------------------------------------


def test_a_new_metric_is_another_space_and_is_taken_up_at_once(tmp_path: Path) -> None:
    here, elsewhere = hsv(tmp_path), hsv(tmp_path)
    first, second = here.learn(drawn(4)), here.learn(drawn(8))
    here.keep(first)
    before = elsewhere.card
    assert before == here.card
    here.adopt(second)
    assert here.card.image.fingerprint != before.image.fingerprint
    assert elsewhere.card == before
    here.keep(second)
    assert elsewhere.card == here.card != before
    picture = things()[:1]
    assert np.array_equal(elsewhere.images(picture).image, second(here.inner.images(picture).image))
    here.adopt(first)
    here.adopt(None)
    assert here.card == elsewhere.card


def test_how_far_a_metric_moved_is_told(tmp_path: Path) -> None:
    encoder, pictures = hsv(tmp_path), drawn(8)
    first = encoder.learn(pictures)
    assert encoder.agreement(first, pictures) is None
    encoder.keep(first)
    assert encoder.agreement(first, pictures) == pytest.approx(1)
    assert encoder.agreement(encoder.learn(drawn(4)), pictures) < 0.999


def test_words_meet_pictures_as_they_were(tmp_path: Path) -> None:
    inner = Bright()
    rows = unit(np.random.default_rng(4).normal(size=(30, 5)))
    encoder = WhitenedEncoder(inner, tmp_path, similarity="mahalanobis")
    encoder.keep(whitening([row[None] for row in rows], "mahalanobis", 0.5))
    card = encoder.card
    assert card.cross is not None
    assert (card.cross.name, card.cross.fingerprint) == ("cross", inner.card.image.fingerprint)
    assert np.array_equal(encoder.images(things()).cross, inner.images(things()).image)
    assert len({space.fingerprint for space in card.spaces}) == 2


def test_what_words_guess_of_pictures_is_whitened_too(folder: Path) -> None:
    inner = OfflineEncoder(folder)
    encoder = WhitenedEncoder(inner, folder, similarity="mahalanobis")
    random = np.random.default_rng(5)
    pictures = unit(random.normal(size=(40, 512)))
    encoder.keep(whitening([row[None] for row in pictures], "mahalanobis", 0.5))
    titles = [f"thing {n}" for n in range(40)]
    encoder.fit(encoder._current()(pictures), titles, ["en"] * 40)
    through = inner.texts(["thing 3"], role="query", language="en").image
    inner.fit(pictures, titles, ["en"] * 40)
    straight = inner.texts(["thing 3"], role="query", language="en").image
    assert np.allclose(through, straight, atol=1e-3)
    guessed = encoder.texts(["thing 3"], role="query", language="en").image
    assert np.allclose(guessed, encoder._current()(straight), atol=1e-5)


# --- Mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"similarity": "cosine"}, "name the inner encoder alone"),
        ({"similarity": "manhattan"}, "similarity is 'manhattan'"),
        ({"shrinkage": 1.5}, "shrinkage is 1.5"),
        ({"encoder": {"BACKEND": "nowhere.Encoder"}}, "'encoder' names the encoder 'nowhere.Encoder'"),
    ],
)
def test_mistakes_in_the_setting_are_named(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        WhitenedEncoder(**{"encoder": Bright(), "folder": tmp_path, **options})


def test_without_a_metric_it_is_the_inner_encoder_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = hsv(tmp_path)
    assert encoder.card == encoder.inner.card
    assert np.array_equal(encoder.images(things()).image, encoder.inner.images(things()).image)
    encoder.canary()
    assert [record.getMessage() for record in caplog.records if "fit_similarity" in record.getMessage()] == [
        "No similarity was learned yet, so pictures are compared by cosine. Run manage.py visual_search fit_similarity."
    ]


@pytest.mark.parametrize("content", [b"", b"PK no file", None])
def test_a_damaged_metric_is_named(tmp_path: Path, content: bytes | None) -> None:
    encoder = hsv(tmp_path)
    if content is None:  # whole, but of other vectors
        content = whitening([row[None] for row in unit(np.eye(3) + 0.1)], "mahalanobis", 0.5).packed()
    encoder.path.write_bytes(content)
    with pytest.raises(EncoderUnavailable, match="is damaged"):
        _ = encoder.card


def test_too_few_pictures_teach_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no pictures"):
        hsv(tmp_path).learn([])
    with pytest.raises(ValueError, match="at least two"):
        hsv(tmp_path, similarity="mahalanobis").learn([Image.new("RGB", (9, 9), "red")])
