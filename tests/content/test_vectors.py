"""Vectors by content: what is encoded, how often, and what a bad picture costs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.conftest import picture
from tests.shop.doubles import POISON, ThumbnailEncoder
from visual_search.content import vectors
from visual_search.content.vectors import Title
from visual_search.errors import EncoderUnavailable
from visual_search.models import Embedding
from visual_search.types import Picture

pytestmark = pytest.mark.django_db


def of(encoder=None, **files: bytes | Exception) -> vectors.PictureVectors:
    def load(content):
        if isinstance(content, Exception):
            raise content
        return content

    pictures = {key: Picture(key, lambda content=content: load(content)) for key, content in files.items()}
    return vectors.of_pictures(encoder or ThumbnailEncoder(), pictures)


def test_a_picture_gets_a_unit_vector_in_each_space():
    found = of(ThumbnailEncoder(with_cross=True), a=picture(1)).vectors["a"]
    assert {name: vector.shape for name, vector in found.items()} == {"image": (108,), "cross": (3,)}
    for vector in found.values():
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert vector.dtype == np.float32


def test_known_content_is_not_encoded_again():
    first = of(a=picture(1)).vectors["a"]["image"]
    again = of(b=picture(1)).vectors["b"]["image"]
    assert ThumbnailEncoder.pictures == 1
    np.testing.assert_array_equal(first, again)


def test_equal_content_in_one_batch_is_encoded_once():
    found = of(a=picture(1), b=picture(1), c=picture(2))
    assert ThumbnailEncoder.pictures == 2
    assert set(found.vectors) == {"a", "b", "c"}


def test_another_encoder_has_vectors_of_its_own():
    of(ThumbnailEncoder("a"), a=picture(1))
    of(ThumbnailEncoder("b"), a=picture(1))
    assert ThumbnailEncoder.pictures == 2
    assert Embedding.objects.count() == 2


def test_a_second_space_is_filled_in():
    of(ThumbnailEncoder(), a=picture(1))
    assert set(of(ThumbnailEncoder(with_cross=True), a=picture(1)).vectors["a"]) == {"image", "cross"}


def test_the_cache_is_half_precision_and_close():
    found = of(a=picture(1)).vectors["a"]["image"]
    exact = ThumbnailEncoder().images([_opened(picture(1))]).image[0]
    assert float(found @ exact) == pytest.approx(1, abs=1e-5)
    assert len(bytes(Embedding.objects.get().vector)) == 2 * 108


def _opened(data):
    from visual_search.imaging.decode import decode

    return decode(data, max_bytes=10**6, max_pixels=10**6)


def test_a_broken_file_is_refused_and_the_others_are_encoded():
    found = of(a=picture(1), bad=b"not a picture", b=picture(2))
    assert set(found.vectors) == {"a", "b"}
    assert set(found.refused) == {"bad"}
    assert "isn't a picture" in found.refused["bad"]
    assert found.unread == {}


def test_a_missing_file_is_refused():
    assert "isn't there" in of(a=FileNotFoundError("x.png")).refused["a"]


def test_a_storage_that_is_away_is_told_apart():
    found = of(a=ConnectionError("bucket"), b=picture(1))
    assert "bucket" in found.unread["a"]
    assert found.refused == {}
    assert set(found.vectors) == {"b"}


def test_a_picture_that_breaks_the_encoder_costs_only_itself():
    files = {f"p{n}": picture(n) for n in range(7)} | {"poison": picture(colour=POISON)}
    found = of(**files)
    assert len(found.vectors) == 7
    assert "a colour that breaks everything" in found.refused["poison"]


def test_many_pictures_go_in_several_calls(monkeypatch):
    monkeypatch.setattr(vectors, "PICTURES_AT_ONCE", 4)
    assert len(of(**{f"p{n}": picture(n) for n in range(10)}).vectors) == 10
    monkeypatch.setattr(vectors, "BYTES_AT_ONCE", 1)
    assert len(of(**{f"p{n}": picture(n) for n in range(10, 13)}).vectors) == 3


def test_an_encoder_that_is_away_raises(monkeypatch):
    monkeypatch.setattr(ThumbnailEncoder, "down", True)
    with pytest.raises(EncoderUnavailable):
        of(a=picture(1))
    with pytest.raises(EncoderUnavailable):
        vectors.of_titles(ThumbnailEncoder(), [Title("lamp", "en")])


def test_titles_are_encoded_by_language_once():
    titles = [Title("lamp", "en"), Title("lamp", "de"), Title("table", "en"), Title("x", "und")]
    first = vectors.of_titles(ThumbnailEncoder(), titles)
    assert set(first) == set(titles)
    assert sorted(ThumbnailEncoder.texts_encoded, key=str) == sorted(
        [("lamp", "en"), ("table", "en"), ("lamp", "de"), ("x", None)], key=str
    )
    again = vectors.of_titles(ThumbnailEncoder(), titles)
    assert len(ThumbnailEncoder.texts_encoded) == 4
    for title in titles:
        np.testing.assert_array_equal(first[title], again[title])


def test_no_text_space_no_title_vectors():
    assert vectors.of_titles(ThumbnailEncoder(with_text=False), [Title("lamp", "en")]) == {}


def test_vectors_that_are_not_finite_are_not_kept(monkeypatch):
    real = ThumbnailEncoder.images

    def images(self, pictures):
        answer = real(self, pictures)
        answer.image[:] = np.nan
        return answer

    monkeypatch.setattr(ThumbnailEncoder, "images", images)
    assert "finite" in of(a=picture(1)).refused["a"]
    assert not Embedding.objects.exists()
