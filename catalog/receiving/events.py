"""Who decided what at the desk: append-only, in a chain of hashes (`visual_search/models/chain.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.receiving.models import DeskEvent
from visual_search.models import chain

_HASHED = ("number", "at", "actor", "what", "delivery", "facts")
SYSTEM = "system"


def note(actor: str, what: str, delivery: int | None, facts: Mapping[str, Any] | None = None) -> DeskEvent:
    """Add an entry, in the transaction of the change."""
    return chain.note(DeskEvent, _HASHED, actor, what, facts, delivery=delivery)


def verify() -> str:
    """'' if each entry is as it was written and follows the one before; else what is wrong."""
    return chain.verify(DeskEvent, _HASHED)
