"""What happened to which case by whom: append-only, in a chain of hashes (`models/chain.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visual_search.features.brand_protection.models import CaseEvent
from visual_search.models import chain

_HASHED = ("number", "at", "actor", "case", "what", "facts")
SYSTEM = "system"


def note(actor: str, case: int, what: str, facts: Mapping[str, Any] | None = None) -> CaseEvent:
    """Add an entry, in the transaction of the change."""
    return chain.note(CaseEvent, _HASHED, actor, what, facts, case=case)


def verify() -> str:
    """'' if each entry is as it was written and follows the one before; else what is wrong."""
    return chain.verify(CaseEvent, _HASHED)
