"""Two encoders side by side: the pictures' vectors of both in one, the words of the first.

    "ENCODER": {
        "BACKEND": "visual_search.encoders.joined.JoinedEncoder",
        "OPTIONS": {
            "main": {"BACKEND": "visual_search.encoders.neural.NeuralEncoder", "OPTIONS": {...}},
            "beside": {"BACKEND": "visual_search.encoders.classic.ClassicEncoder", "OPTIONS": {...}},
            "share": 0.3,
        },
    }

No single encoder wins every aisle. Since a dot product of joined vectors is the weighted sum of both cosines, an engine
needs to know nothing of it: one image space, one leg, one exact score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from visual_search.encoders.base import Encoder, Fitting, Role
from visual_search.encoders.building import built
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
        cross = main.cross
        if cross == main.image:
            # Words meet the first half alone, so it is kept once more on its own.
            cross = Space("cross", cross.dims, cross.fingerprint)
        return EncoderCard(
            id=f"{main.id}+{beside.id}",
            image=image,
            cross=cross,
            text=main.text,
            languages=main.languages,
            licence=main.licence if main.licence == beside.licence else f"{main.licence}; {beside.licence}",
            description=f"{main.description} Beside it, {self.share:.0%} of the score: {beside.description}",
        )

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        seen = self.main.images(pictures)
        joined = self._join(seen.image, self.beside.images(pictures).image)
        return ImageVectors(joined, seen.image if self.main.card.cross == self.main.card.image else seen.cross)

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        found = self.main.texts(texts, role=role, language=language)
        if found.image is None:
            return found
        # What words guess of a picture says nothing of the second half.
        guessed = np.zeros((len(found.image), self.card.image.dims), np.float32)
        guessed[:, : found.image.shape[1]] = found.image
        return TextVectors(found.text, found.cross, guessed)

    def fit(self, pictures: Matrix, titles: Sequence[str], languages: Sequence[str]) -> None:
        if isinstance(self.main, Fitting):
            self.main.fit(unit(np.asarray(pictures)[:, : self.main.card.image.dims]), titles, languages)

    def canary(self) -> None:
        self.main.canary()
        self.beside.canary()

    def _join(self, first: Matrix, second: Matrix) -> Matrix:
        return unit(np.hstack([first * (1 - self.share) ** 0.5, second * self.share**0.5]))
