"""Hears of each day, and each week, that is sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from visual_search.features.insights.folding import fold, fold_week
from visual_search.signals import day_sealed, week_sealed
from visual_search.types import SealedQuestion, SealedText


def connect() -> None:
    day_sealed.connect(_sealed, dispatch_uid="insights.sealed")
    week_sealed.connect(_week, dispatch_uid="insights.week")


def _sealed(*, day: int, questions: Sequence[SealedQuestion], counts: Mapping[str, int], **kwargs: Any) -> None:
    fold(day, questions, counts)


def _week(*, first: int, texts: Sequence[SealedText], **kwargs: Any) -> None:
    fold_week(first, texts)
