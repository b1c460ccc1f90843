"""Hears of each day that is sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from visual_search.features.insights.folding import fold
from visual_search.signals import day_sealed
from visual_search.types import SealedQuestion


def connect() -> None:
    day_sealed.connect(_sealed, dispatch_uid="insights.sealed")


def _sealed(*, day: int, questions: Sequence[SealedQuestion], counts: Mapping[str, int], **kwargs: Any) -> None:
    fold(day, questions, counts)
