"""Words for encoders that only see: those of the offline encoder, so that words find titles whatever sees the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from visual_search.encoders.base import Role
from visual_search.encoders.offline import OfflineEncoder
from visual_search.types import Matrix, Space


class OfflineWords:
    """Lazy; its space is that of the offline encoder, so titles that one of both has encoded serve the other too."""

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
        """Shape (n, dims), unit length. Their own canary is checked when they are loaded."""
        found = self._encoder.texts(texts, role=role, language=language).text
        assert found is not None
        return found
