"""An encoder that costs nothing, and ways to break the encoder and the engine on purpose."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from visual_search.engines.embedded import EmbeddedEngine
from visual_search.errors import CanaryFailed, EncoderUnavailable, EngineUnavailable
from visual_search.types import EncoderCard, ImageVectors, Space, TextVectors, unit

POISON = (255, 0, 255)  # a picture of this colour makes the encoder fail in a way that nobody foresaw


class ThumbnailEncoder:
    """A picture's vector is its 6 x 6 thumbnail, a text's vector the sum of its words' vectors: real, small, exact."""

    down: ClassVar[bool] = False
    wrong_weights: ClassVar[bool] = False
    pictures: ClassVar[int] = 0  # encoded so far
    texts_encoded: ClassVar[list[tuple[str, str | None]]] = []
    on_images: ClassVar[Callable[[], None] | None] = None

    def __init__(self, flavour: str = "a", *, with_text: bool = True, with_cross: bool = False) -> None:
        self.flavour = flavour
        self.card = EncoderCard(
            id=f"thumbnail-{flavour}",
            image=Space("image", 108, f"thumbnail-{flavour}"),
            cross=Space("cross", 3, f"mean-{flavour}") if with_cross else None,
            text=Space("text", 64, f"words-{flavour}") if with_text else None,
            languages=frozenset({"en", "de"}),
            licence="CC0-1.0",
        )

    def images(self, pictures):
        if self.down:
            raise EncoderUnavailable("The weights aren't there.")
        if self.on_images is not None:
            type(self).on_images()
        pixels = [np.asarray(picture.resize((6, 6)), np.float32) / 255 - 0.4 for picture in pictures]
        if any(picture.resize((1, 1)).getpixel((0, 0)) == POISON for picture in pictures):
            raise ArithmeticError("a colour that breaks everything")
        type(self).pictures += len(pictures)
        cross = unit(np.array([item.mean((0, 1)) for item in pixels]).reshape(-1, 3)) if self.card.cross else None
        return ImageVectors(unit(np.array([item.ravel() for item in pixels]).reshape(-1, 108)), cross)

    def texts(self, texts, *, role, language):
        if self.down:
            raise EncoderUnavailable("The weights aren't there.")
        self.texts_encoded.extend((text, language) for text in texts)
        rows = [
            sum(np.random.default_rng(zlib.crc32(word.encode())).normal(size=64) for word in text.lower().split())
            for text in texts
        ]
        return TextVectors(text=unit(np.array(rows).reshape(-1, 64)))

    def canary(self):
        if self.wrong_weights:
            raise CanaryFailed("These weights are others than the card says.")


class LearningEncoder(ThumbnailEncoder):
    lesson: ClassVar[tuple | None] = None

    def fit(self, pictures, titles, languages):
        type(self).lesson = (pictures, list(titles), list(languages))


class BreakableEngine(EmbeddedEngine):
    """The embedded engine, with a switch for outages and one id that makes it fail unexpectedly."""

    down: ClassVar[bool] = False
    poison: ClassVar[str] = ""
    upserts: ClassVar[int] = 0

    def ensure(self, collection, schema):
        self._check()
        return super().ensure(collection, schema)

    def upsert(self, collection, documents):
        self._check()
        type(self).upserts += 1
        documents = list(documents)
        if any(document.id == self.poison for document in documents):
            raise ZeroDivisionError("an engine's bug")
        return super().upsert(collection, documents)

    def delete(self, collection, ids):
        self._check()
        return super().delete(collection, ids)

    def _check(self):
        if self.down:
            raise EngineUnavailable("The engine doesn't answer.")
