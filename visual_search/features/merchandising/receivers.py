"""Tells all processes when a rule or a synonym was saved or deleted, whoever did it."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save

from visual_search.features.merchandising import current
from visual_search.features.merchandising.models import Action, Condition, Rule, SynonymSet


def connect() -> None:
    for model in (Rule, Condition, Action, SynonymSet):
        for signal in (post_save, post_delete):
            signal.connect(_changed, sender=model, dispatch_uid=f"merchandising.{model.__name__}")


def _changed(**kwargs: Any) -> None:
    if not kwargs.get("raw"):
        current.changed()
