"""The protocol of encoders: they turn pictures and words into unit vectors of the spaces on their card.

Every encoder passes the contract in `tests/contracts/encoder.py`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal, Protocol, runtime_checkable

from PIL import Image

from visual_search.types import EncoderCard, ImageVectors, Matrix, TextVectors

Role = Literal["query", "document"]


@runtime_checkable
class Encoder(Protocol):
    """Thread-safe and lazy: constructing one reads no weights; the first call (or `canary`) does.

    Raises `EncoderUnavailable` when weights or libraries are missing.
    """

    @property
    def card(self) -> EncoderCard:
        """Known without loading the weights."""

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        """Encode RGB pictures of any size, in one batch. Deterministic; an empty list gives empty matrices."""

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        """Encode texts of one language (ISO 639-1, None when unknown)."""

    def canary(self) -> None:
        """Raise `CanaryFailed` unless the loaded weights give the vectors that were recorded for them."""


@runtime_checkable
class Fitting(Protocol):
    """An encoder that learns from the shop's own catalogue. It changes how words are asked, never stored vectors.

    Vectors of words are remembered between questions only if it also says by an attribute `fitted`, a hashable value, what
    it learned last in any process.
    """

    def fit(self, pictures: Matrix, titles: Sequence[str], languages: Sequence[str]) -> None:
        """Learn the map from words to pictures. Row i of `pictures` (image space) shows `titles[i]`."""


def lesson_of(encoder: Encoder) -> Hashable | None:
    """What changes whenever a fit, in any process, changes how the encoder asks for words; None where nobody can say.

    An encoder that fits says it by an attribute `fitted`. One that doesn't fit never changes.
    """
    return getattr(encoder, "fitted", None) if isinstance(encoder, Fitting) else "never fits"
