"""Hears of days that are sealed, with their questions, which are counted and not kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from visual_search.features.experiments import running
from visual_search.signals import day_sealed
from visual_search.types import SealedQuestion


def connect() -> None:
    day_sealed.connect(_sealed, dispatch_uid="experiments.sealed")


def _sealed(*, day: int, questions: Sequence[SealedQuestion], **kwargs: Any) -> None:
    running.count(day, questions)
