"""Tables that are only added to. Each row is hashed together with the one before, so that a later change shows.

    hash = SHA-256(previous hash + canonical JSON of the named fields)

Such a table has `number` as its key, `previous` and `hash`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

GENESIS = "0" * 64  # stands for the hash before the first row
ATTEMPTS = 5  # Another process may take the same number at the same time; five times in a row is an error.

Row = TypeVar("Row", bound=models.Model)


def append(model: type[Row], hashed: Sequence[str], **values: Any) -> Row:
    """Add a row with these values. `hashed`: the fields that its hash covers."""
    rows: Any = model._default_manager
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                last = rows.select_for_update().order_by("-number").first()
                number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
                row: Any = model(number=number, previous=previous, **values)
                row.hash = digest(row, hashed)
                row.save(force_insert=True)
                return row
        except IntegrityError:
            # Another process took this number in the meantime.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def note(
    model: type[Row], hashed: Sequence[str], actor: str, what: str, facts: Mapping[str, Any] | None, **more: Any
) -> Row:
    """Add a row that says who did what, and when: now. For tables with `at`, `actor` (160 characters), `what` and `facts`."""
    at = timezone.now().isoformat(timespec="seconds")
    return append(model, hashed, at=at, actor=actor[:160], what=str(what), facts=dict(facts or {}), **more)


def verify(model: type[models.Model], hashed: Sequence[str]) -> str:
    """'' if each row is as it was written and follows the one before, from the first on; else what is wrong, for people."""
    rows: Any = model._default_manager
    previous, number = GENESIS, 0
    for row in rows.order_by("number").iterator(chunk_size=500):
        if row.number != number + 1 or row.previous != previous:
            return _("Entry %(number)s doesn't follow the one before.") % {"number": row.number}
        if row.hash != digest(row, hashed):
            return _("Entry %(number)s was changed.") % {"number": row.number}
        previous, number = row.hash, row.number
    return ""


def digest(row: Any, hashed: Sequence[str]) -> str:
    """The hash that belongs to this row."""
    content = {name: getattr(row, name) for name in hashed}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((row.previous + canonical).encode()).hexdigest()
