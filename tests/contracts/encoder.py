"""What every encoder must do, whatever it is made of. Subclass `EncoderContract` and give its three fixtures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from visual_search.encoders.base import Encoder
from visual_search.errors import CanaryFailed, EncoderUnavailable
from visual_search.types import Matrix, Space

# A batch may add up its numbers in another order than a single picture does.
TOLERANCE = 2e-3


def things() -> list[Image.Image]:
    """Six drawn pictures that nobody would confuse."""
    drawn = []
    for name in ("mug", "chair", "ball", "lamp", "stripes", "noise"):
        image = Image.new("RGB", (240, 220), "white")
        draw = ImageDraw.Draw(image)
        if name == "mug":
            draw.rounded_rectangle((60, 60, 150, 180), 12, fill=(40, 80, 200))
            draw.arc((130, 85, 190, 150), -90, 90, fill=(40, 80, 200), width=14)
        elif name == "chair":
            draw.rectangle((70, 30, 84, 200), fill=(120, 70, 30))
            draw.rectangle((70, 110, 170, 126), fill=(140, 85, 40))
            draw.rectangle((158, 120, 170, 200), fill=(120, 70, 30))
        elif name == "ball":
            draw.ellipse((50, 40, 190, 180), fill=(230, 120, 20))
            draw.arc((80, 40, 160, 180), 0, 360, fill="black", width=4)
        elif name == "lamp":
            draw.polygon([(120, 20), (70, 90), (170, 90)], fill=(250, 220, 90))
            draw.rectangle((116, 90, 124, 190), fill=(60, 60, 60))
            draw.ellipse((85, 180, 155, 205), fill=(60, 60, 60))
        elif name == "stripes":
            for x in range(0, 240, 24):
                draw.rectangle((x, 0, x + 11, 220), fill=(180, 20, 60))
        else:
            noise = np.random.default_rng(0).integers(0, 255, (22, 24, 3), dtype=np.uint8)
            image = Image.fromarray(noise).resize((240, 220), Image.Resampling.BICUBIC)
        drawn.append(image)
    return drawn


def resaved(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def check_matrix(matrix: Matrix | None, rows: int, space: Space) -> None:
    assert matrix is not None
    assert matrix.shape == (rows, space.dims)
    assert matrix.dtype == np.float32
    assert np.isfinite(matrix).all()
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-4)


class EncoderContract:
    """A subclass defines the fixtures

    - `encoder`: one that works; it may be shared by all tests,
    - `fresh`: another one of the same settings that has loaded nothing yet,
    - `tampered`: one whose weights were changed,

    and sets `understands = False` where its weights are random, so that meaning can't be asked of it.
    """

    understands = True

    def pictures(self, encoder: Encoder, images: Sequence[Image.Image]) -> Matrix:
        return encoder.images(images).image

    # --- The card -------------------------------------------------------------------------------

    def test_keeps_the_protocol(self, encoder: Encoder) -> None:
        assert isinstance(encoder, Encoder)

    def test_card_is_complete(self, encoder: Encoder) -> None:
        card = encoder.card
        assert card.id
        assert card.licence
        assert card.languages
        assert all(language == language.lower() and 2 <= len(language) <= 3 for language in card.languages)
        for space in card.spaces:
            assert space.name
            assert space.dims > 1
            assert len(space.fingerprint) >= 16
        assert len({space.fingerprint for space in card.spaces}) == len(card.spaces)
        assert encoder.card == card

    def test_card_is_known_without_loading(self, encoder: Encoder, fresh: Encoder) -> None:
        assert fresh.card == encoder.card

    # --- Pictures -------------------------------------------------------------------------------

    def test_pictures_become_unit_vectors_of_the_cards_spaces(self, encoder: Encoder) -> None:
        card = encoder.card
        answer = encoder.images(things())
        check_matrix(answer.image, 6, card.image)
        if card.cross is None or card.cross == card.image:
            assert answer.cross is None
        else:
            check_matrix(answer.cross, 6, card.cross)

    def test_no_pictures_give_empty_matrices(self, encoder: Encoder) -> None:
        card = encoder.card
        answer = encoder.images([])
        assert answer.image.shape == (0, card.image.dims)
        if answer.cross is not None and card.cross is not None:
            assert answer.cross.shape == (0, card.cross.dims)

    def test_pictures_are_encoded_deterministically(self, encoder: Encoder) -> None:
        assert np.array_equal(self.pictures(encoder, things()), self.pictures(encoder, things()))

    def test_a_batch_equals_single_pictures(self, encoder: Encoder) -> None:
        images = things()
        batch = encoder.images(images)
        for number, image in enumerate(images):
            single = encoder.images([image])
            assert np.abs(single.image[0] - batch.image[number]).max() < TOLERANCE
            if batch.cross is not None and single.cross is not None:
                assert np.abs(single.cross[0] - batch.cross[number]).max() < TOLERANCE

    def test_pictures_are_left_unchanged(self, encoder: Encoder) -> None:
        image = things()[0]
        before = image.tobytes()
        encoder.images([image])
        assert image.tobytes() == before

    @pytest.mark.parametrize("quality", [70, 40])
    def test_a_resaved_picture_is_nearest_to_itself(self, encoder: Encoder, quality: int) -> None:
        images = things()
        known = self.pictures(encoder, images)
        asked = self.pictures(encoder, [resaved(image, quality) for image in images])
        cosines = asked @ known.T
        assert cosines.argmax(axis=1).tolist() == list(range(len(images)))
        # Flat drawings suffer most from JPEG; photos stay above 0.9.
        assert cosines.diagonal().min() > 0.55

    def test_a_smaller_copy_is_nearest_to_the_original(self, encoder: Encoder) -> None:
        images = things()
        known = self.pictures(encoder, images)
        asked = self.pictures(encoder, [image.resize((150, 138)) for image in images])
        assert (asked @ known.T).argmax(axis=1).tolist() == list(range(len(images)))

    @pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "CMYK"])
    def test_any_pixel_kind_is_taken(self, encoder: Encoder, mode: str) -> None:
        check_matrix(self.pictures(encoder, [things()[0].convert(mode)]), 1, encoder.card.image)

    @pytest.mark.parametrize("size", [(1, 1), (16, 16), (3, 900), (1200, 2), (1024, 768), (31, 33)])
    def test_any_size_is_taken(self, encoder: Encoder, size: tuple[int, int]) -> None:
        for colour in ("white", "black", (200, 30, 40)):
            check_matrix(self.pictures(encoder, [Image.new("RGB", size, colour)]), 1, encoder.card.image)

    # --- Words ----------------------------------------------------------------------------------

    def words(self, encoder: Encoder, texts: Sequence[str], language: str | None = "en", role: str = "query") -> Matrix:
        answer = encoder.texts(texts, role="query" if role == "query" else "document", language=language)
        matrix = answer.text if answer.text is not None else answer.cross
        assert matrix is not None
        return matrix

    @pytest.mark.parametrize("role", ["query", "document"])
    @pytest.mark.parametrize("language", ["en", "de", "zh", "hi", "vi", "xx", None])
    def test_words_become_unit_vectors_of_the_cards_spaces(self, encoder, role, language):
        card = encoder.card
        answer = encoder.texts(["red sofa", "蓝色连衣裙", "कुर्सी"], role=role, language=language)
        if card.text is not None:
            check_matrix(answer.text, 3, card.text)
        for matrix, space in ((answer.cross, card.cross), (answer.image, card.image)):
            if matrix is not None:
                check_matrix(matrix, 3, space)

    def test_no_words_give_empty_matrices(self, encoder: Encoder) -> None:
        answer = encoder.texts([], role="query", language="en")
        assert all(len(matrix) == 0 for matrix in (answer.text, answer.cross, answer.image) if matrix is not None)

    def test_words_meet_pictures_in_the_cross_space(self, encoder: Encoder) -> None:
        if encoder.card.cross is not None:
            check_matrix(encoder.texts(["mug"], role="query", language="en").cross, 1, encoder.card.cross)

    def test_words_are_encoded_deterministically(self, encoder: Encoder) -> None:
        texts = ["red sofa", "coffee mug", "running shoes"]
        assert np.array_equal(self.words(encoder, texts), self.words(encoder, texts))

    def test_a_batch_equals_single_words(self, encoder: Encoder) -> None:
        texts = ["red sofa", "a long title of a rather plain but sturdy wooden kitchen chair", "mug"]
        batch = self.words(encoder, texts)
        for number, text in enumerate(texts):
            assert np.abs(self.words(encoder, [text])[0] - batch[number]).max() < TOLERANCE

    @pytest.mark.parametrize(
        "text", ["", " ", "\n\n", "?!", "😀", "a\x00b", "\ud800", "x" * 5000, "wort " * 2000, "https://shop.test/a.png"]
    )
    @pytest.mark.parametrize("language", ["en", None])
    def test_any_text_is_taken(self, encoder, text, language):
        for role in ("query", "document"):
            matrix = self.words(encoder, [text, "mug"], language, role)
            assert np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-4)

    def test_similar_words_are_nearer_than_others(self, encoder: Encoder) -> None:
        if not self.understands:
            pytest.skip("random weights know no meaning")
        titles = ["leather sofa", "running shoes", "coffee machine", "garden lamp", "fresh apples"]
        known = self.words(encoder, titles, "en", "document")
        asked = self.words(encoder, ["couch", "sneakers", "espresso maker", "outdoor light", "fruit"])
        assert (asked @ known.T).argmax(axis=1).tolist() == list(range(5))

    @pytest.mark.parametrize(
        ("language", "asked"),
        [
            ("de", ["Sofa", "Laufschuhe", "Kaffeemaschine", "Gartenlampe"]),
            ("zh", ["沙发", "跑鞋", "咖啡机", "花园灯"]),
            ("ja", ["ソファ", "ランニングシューズ", "コーヒーメーカー", "ガーデンライト"]),
            ("ar", ["أريكة", "أحذية الجري", "ماكينة القهوة", "مصباح الحديقة"]),
        ],
    )
    def test_words_are_found_across_languages(self, encoder, language, asked):
        if not self.understands or language not in encoder.card.languages:
            pytest.skip("the encoder doesn't know this language")
        titles = ["leather sofa", "running shoes", "coffee machine", "garden lamp"]
        known = self.words(encoder, titles, "en", "document")
        assert (self.words(encoder, asked, language) @ known.T).argmax(axis=1).tolist() == list(range(4))

    # --- Threads and the canary -----------------------------------------------------------------

    def test_threads_agree_from_the_first_call_on(self, encoder: Encoder, fresh: Encoder) -> None:
        image = things()[1]
        with ThreadPoolExecutor(8) as pool:
            pictures = list(pool.map(lambda _: fresh.images([image]).image, range(8)))
            words = list(pool.map(lambda _: self.words(fresh, ["red sofa"]), range(8)))
        assert all(np.abs(found - self.pictures(encoder, [image])).max() < TOLERANCE for found in pictures)
        assert all(np.abs(found - self.words(encoder, ["red sofa"])).max() < TOLERANCE for found in words)

    def test_canary_passes(self, encoder: Encoder) -> None:
        encoder.canary()

    def test_canary_notices_other_weights(self, tampered: Encoder) -> None:
        with pytest.raises(CanaryFailed) as caught:
            tampered.canary()
        assert isinstance(caught.value, EncoderUnavailable)
        assert "canary" in str(caught.value)
