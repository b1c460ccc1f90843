"""Hears of each day that is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from visual_search.features.implicit_feedback.folding import fold
from visual_search.signals import day_sealed
from visual_search.types import SealedQuestion


def connect() -> None:
    day_sealed.connect(_sealed, dispatch_uid="implicit_feedback.sealed")


def _sealed(*, day: int, questions: Sequence[SealedQuestion], **kwargs: Any) -> None:
    fold(day, questions)
