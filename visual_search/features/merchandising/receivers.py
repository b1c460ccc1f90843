"""Tells all processes when a rule or a synonym was saved or deleted, whoever did it, and looks for it when a request begins."""

from __future__ import annotations

import logging
from typing import Any

from django.core.signals import request_started
from django.db.models.signals import post_delete, post_save

from visual_search.features.merchandising import current
from visual_search.features.merchandising.models import Action, Condition, Rule, SynonymSet

logger = logging.getLogger(__name__)


def connect() -> None:
    for model in (Rule, Condition, Action, SynonymSet):
        for signal in (post_save, post_delete):
            signal.connect(_changed, sender=model, dispatch_uid=f"merchandising.{model.__name__}")
    # Here reading takes its time before anything is searched; a hook has but a few milliseconds.
    request_started.connect(_look, dispatch_uid="merchandising.look")


def _changed(**kwargs: Any) -> None:
    if not kwargs.get("raw"):
        current.changed()


def _look(**kwargs: Any) -> None:
    try:
        current.look()
    # A database that doesn't answer, or has no tables yet, must not cost the page; the search says what lacks.
    except Exception:
        logger.warning("Nobody knows whether rules have changed: the database doesn't answer.")
