"""Prints for several commands which objects aren't in the index, and which pictures stand for a missing one."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from visual_search.content.stand_ins import StandIns
from visual_search.models import IndexEntry, State

MOST_SHOWN = 5  # entries; enough to see what is wrong, and the admin has all (set by judgement)


def show_failures(command: BaseCommand, collection: str | None = None) -> None:
    """The first failed entries with their reasons, of one collection or of all, and how many more there are."""
    failed = IndexEntry.objects.filter(state=State.FAILED, **({"collection": collection} if collection else {}))
    for entry in failed.order_by("pk")[:MOST_SHOWN]:
        command.stderr.write(command.style.WARNING(f"  {entry.object_id}: {entry.error}"))
    if (count := failed.count()) > MOST_SHOWN:
        command.stderr.write(
            command.style.WARNING(f"  ... and {count - MOST_SHOWN} more; see the index entries in the admin.")
        )


def show_stand_ins(command: BaseCommand, collection: str) -> None:
    """Print pictures that stand for a missing one: the owner may not know how many products have none of their own."""
    for one in StandIns(collection).found()[:MOST_SHOWN]:
        command.stderr.write(
            command.style.WARNING(
                f"  {one.objects} different objects of '{collection}' show one picture, such as {one.example}. It is taken for "
                "one that stands for a missing picture, so photos aren't compared with it. Give them pictures of their own."
            )
        )
