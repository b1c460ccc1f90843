"""The offline encoder without colours: the features of its network alone.

    "ENCODER": {"BACKEND": "visual_search.encoders.network.NetworkEncoder", "OPTIONS": {"cache": VAR_DIR / "encoders"}}

It is for goods whose colour means nothing, and for measuring what colours add. The offline encoder encodes words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from PIL import Image

from visual_search.encoders import looks
from visual_search.encoders.base import Role
from visual_search.encoders.offline import OfflineEncoder
from visual_search.types import EncoderCard, ImageVectors, Space, TextVectors, unit


class NetworkEncoder:
    """Implements `Encoder`; the options are those of `OfflineEncoder`. It learns no map from words to pictures."""

    def __init__(self, cache: Path | str, *, threads: int = 1) -> None:
        self._offline = OfflineEncoder(cache, threads=threads)

    @cached_property
    def card(self) -> EncoderCard:
        card = self._offline.card
        fingerprint = hashlib.sha256(f"network alone\0{card.image.fingerprint}".encode()).hexdigest()[:32]
        return replace(
            card,
            id="network-1",
            image=Space("image", looks.SHAPE_DIMS, fingerprint),
            description="EfficientNet-Lite2 without colours; multilingual USE and e5-small.",
        )

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        vectors = self._offline.images(pictures)
        return ImageVectors(unit(vectors.image[:, : looks.SHAPE_DIMS]), vectors.cross)

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        vectors = self._offline.texts(texts, role=role, language=language)
        # The offline encoder's map from words gives vectors with colours, which these pictures don't have.
        return replace(vectors, image=None)

    def canary(self) -> None:
        self._offline.canary()
