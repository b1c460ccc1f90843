"""How words are asked by their vectors: one leg for each space that the encoder brings them into."""

from __future__ import annotations

from collections.abc import Iterator

from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.types import VectorLeg

SHOWN = ("seen", "imagined")  # against pictures, so that the nearest one is named


def words_legs(words: str, language: str | None, encoder: Encoder) -> Iterator[VectorLeg]:
    """`meaning`: against titles; `seen`: against what pictures show; `imagined`: the picture that they ask for."""
    card = encoder.card
    found = encoder.texts([words], role="query", language=language)
    for name, space, vectors in (
        ("meaning", card.text, found.text),
        ("seen", card.cross, found.cross),
        ("imagined", card.image, found.image),
    ):
        # A zero vector means that the encoder doesn't know these words.
        if space is not None and vectors is not None and vectors[0].any():
            yield VectorLeg(name, space.name, vectors[0], conf.RANK_WINDOW, named=name in SHOWN)
