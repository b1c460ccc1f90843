"""What happened to which case or article by whom: append-only, in a chain of hashes (`models/chain.py`).

It can never be deleted, so nothing personal stands in it: statuses, numbers, and who of the staff did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from visual_search.features.customer_service.models import HelpArticle, ServiceEvent
from visual_search.models import chain

_HASHED = ("number", "at", "actor", "about", "what", "facts")
SYSTEM, SHOPPER = "system", "shopper"


def note(actor: str, about: Model, what: str, facts: Mapping[str, Any] | None = None) -> ServiceEvent:
    """Add an entry about a case or an article, in the transaction of the change."""
    return chain.note(ServiceEvent, _HASHED, actor, what, facts, about=name_of(about))


def events(about: Model) -> list[ServiceEvent]:
    """What happened to it, oldest first."""
    return list(ServiceEvent.objects.filter(about=name_of(about)).order_by("number"))


def verify() -> str:
    """'' if each entry is as it was written and follows the one before; else what is wrong."""
    return chain.verify(ServiceEvent, _HASHED)


def name_of(about: Model) -> str:
    return f"{'article' if isinstance(about, HelpArticle) else 'case'} {about.pk}"
