"""The audit log: append-only, each entry hashed together with the one before, so that a later change shows (`models/chain.py`).

A chain whose newest entries were cut off is still whole. To notice that, write the head down somewhere else now and then
(`manage.py visual_search verify_audit` prints it) and give it to a later run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from visual_search.features.query_log.models import AuditEntry
from visual_search.features.query_log.options import now
from visual_search.models import chain

_HASHED = ("number", "at", "actor", "action", "facts")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` is '' for a whole chain. `head` is the hash of the newest entry."""

    entries: int
    head: str
    problem: str = ""


def append(actor: str, action: str, **facts: int | str) -> AuditEntry:
    """Add an entry. `facts` are numbers and names, never the texts or rows that were looked at."""
    at = datetime.fromtimestamp(now(), tz=UTC).isoformat(timespec="seconds")
    return chain.append(AuditEntry, _HASHED, at=at, actor=actor[:60], action=action, facts=facts)


def verify(*, head: str = "") -> Verdict:
    """Whether each entry is as it was written and follows the one before. `head`: a hash that must be among them."""
    entries = AuditEntry.objects.order_by("number").iterator(chunk_size=500)
    return _verify(entries, head)


def _verify(entries: Iterable[AuditEntry], head: str) -> Verdict:
    count, last, seen = 0, None, not head
    for entry in entries:
        count += 1
        if last is None:
            # Older entries are deleted after their time, so nothing tells whether the first that is left follows them.
            if entry.number == 1 and entry.previous != chain.GENESIS:
                return Verdict(count, entry.hash, "Entry 1 doesn't begin the chain.")
        elif entry.number != last.number + 1:
            return Verdict(count, last.hash, f"Entries between {last.number} and {entry.number} are missing.")
        elif entry.previous != last.hash:
            return Verdict(count, last.hash, f"Entry {entry.number} doesn't follow entry {last.number}.")
        if entry.hash != digest(entry):
            return Verdict(count, entry.hash, f"Entry {entry.number} was changed.")
        seen = seen or entry.hash == head
        last = entry
    if not seen:
        return Verdict(
            count, last.hash if last else "", "The head that was noted earlier is gone: entries were cut off."
        )
    return Verdict(count, last.hash if last else "")


def digest(entry: AuditEntry) -> str:
    """The hash that belongs to this entry."""
    return chain.digest(entry, _HASHED)
