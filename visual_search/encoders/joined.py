"""Joins two encoders: a picture's vector holds the vectors of both, and the first of them encodes words.

    "ENCODER": {
        "BACKEND": "visual_search.encoders.joined.JoinedEncoder",
        "OPTIONS": {
            "main": {"BACKEND": "visual_search.encoders.neural.NeuralEncoder", "OPTIONS": {...}},
            "beside": {"BACKEND": "visual_search.encoders.classic.ClassicEncoder", "OPTIONS": {...}},
            "share": 0.3,
        },
    }

No encoder is best for all kinds of goods. The dot product of joined vectors is the weighted sum of both cosines, so an
engine needs no knowledge of the two: it has one image space, one leg and one exact score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from visual_search.encoders.base import Encoder, Fitting, Role, lesson_of
from visual_search.encoders.building import built, cross_space, cross_vectors
from visual_search.errors import ConfigurationError
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space, TextVectors, unit


class JoinedEncoder:
    """Implements `Encoder` and `Fitting`. `share`: how much of a picture's score is that of `beside`, 0 to 1.

    Both are encoders, or dictionaries with BACKEND and OPTIONS as in the setting.
    """

    def __init__(self, main: Encoder | Mapping[str, Any], beside: Encoder | Mapping[str, Any], share: float) -> None:
        if not 0 < share < 1:
            raise ConfigurationError(f"share is {share}; it must lie between 0 and 1. Name one encoder alone instead.")
        self.main, self.beside, self.share = built("main", main), built("beside", beside), share

    @cached_property
    def card(self) -> EncoderCard:
        main, beside = self.main.card, self.beside.card
        dims = main.image.dims + beside.image.dims
        content = repr((self.share, main.image.fingerprint, beside.image.fingerprint))
        image = Space("image", dims, hashlib.sha256(content.encode()).hexdigest()[:32])
        return EncoderCard(
            id=f"{main.id}+{beside.id}",
            image=image,
            cross=cross_space(main),
            text=main.text,
            languages=main.languages,
            licence=main.licence if main.licence == beside.licence else f"{main.licence}; {beside.licence}",
            description=f"{main.description} Beside it, {self.share:.0%} of the score: {beside.description}",
        )

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        vectors = self.main.images(pictures)
        joined = self._join(vectors.image, self.beside.images(pictures).image)
        return ImageVectors(joined, cross_vectors(self.main.card, vectors))

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        vectors = self.main.texts(texts, role=role, language=language)
        if vectors.image is None:
            return vectors
        # The map from words to pictures knows only the main encoder's dimensions; those of `beside` stay 0.
        guessed = np.zeros((len(vectors.image), self.card.image.dims), np.float32)
        guessed[:, : vectors.image.shape[1]] = vectors.image
        return TextVectors(vectors.text, vectors.cross, guessed)

    @property
    def fitted(self) -> Hashable | None:
        """What the main encoder learned last: the other one isn't fitted."""
        return lesson_of(self.main)

    def fit(self, pictures: Matrix, titles: Sequence[str], languages: Sequence[str]) -> None:
        if isinstance(self.main, Fitting):
            self.main.fit(unit(np.asarray(pictures)[:, : self.main.card.image.dims]), titles, languages)

    def canary(self) -> None:
        self.main.canary()
        self.beside.canary()

    def _join(self, first: Matrix, second: Matrix) -> Matrix:
        return unit(np.hstack([first * (1 - self.share) ** 0.5, second * self.share**0.5]))
