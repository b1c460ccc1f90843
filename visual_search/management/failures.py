"""How commands say which objects aren't in the index, and why."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from visual_search.models import IndexEntry, State

SHOWN = 5


def show_failures(command: BaseCommand, collection: str | None = None) -> None:
    """The first failed entries with their reasons, of one collection or of all, and how many more there are."""
    failed = IndexEntry.objects.filter(state=State.FAILED, **({"collection": collection} if collection else {}))
    for entry in failed.order_by("pk")[:SHOWN]:
        command.stderr.write(command.style.WARNING(f"  {entry.object_id}: {entry.error}"))
    if (count := failed.count()) > SHOWN:
        command.stderr.write(
            command.style.WARNING(f"  ... and {count - SHOWN} more; see the index entries in the admin.")
        )
