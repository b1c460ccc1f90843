"""Encodes words with the offline encoder, for encoders that take only pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from visual_search.encoders.base import Role
from visual_search.encoders.offline import OfflineEncoder
from visual_search.types import Matrix, Space


class OfflineWords:
    """Loads nothing before the first call. Its space is the offline encoder's, so stored vectors of titles serve both."""

    def __init__(self, cache: Path | str, threads: int = 1) -> None:
        self._encoder = OfflineEncoder(cache, threads=threads)

    @property
    def space(self) -> Space:
        space = self._encoder.card.text
        assert space is not None
        return space

    @property
    def languages(self) -> frozenset[str]:
        return self._encoder.card.languages

    def texts(self, texts: Sequence[str], role: Role, language: str | None) -> Matrix:
        """Shape (n, dims), unit length. The offline encoder checks its canary when it loads the models."""
        vectors = self._encoder.texts(texts, role=role, language=language).text
        assert vectors is not None
        return vectors
