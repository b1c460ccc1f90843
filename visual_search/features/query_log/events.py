"""Notes events, but only on objects that the shop has: else anybody could store any text as an `object_id`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from visual_search import registry
from visual_search.content import objects
from visual_search.features.query_log.collecting import buffer


@dataclass(frozen=True, slots=True)
class Event:
    """What was done with a hit. `position` counts from 1 over all pages."""

    query_id: UUID
    action: str
    object_id: str
    position: int | None


def note(events: Sequence[Event], *, opted_out: bool) -> None:
    """Note these events if the client and the shop allow it. One query looks up all objects.

    Events on objects that the shop doesn't have are counted, and nothing else of them is kept. They are no error of the
    request: the shop may have removed a product since it made the page, and the other events are still good.
    """
    if not buffer.wants_events(opted_out=opted_out):
        return
    known = objects.known_ids(registry.default(), {event.object_id for event in events})
    there = [replace(event, object_id=known[event.object_id]) for event in events if event.object_id in known]
    for event in there:
        buffer.event(event.query_id, event.action, event.object_id, position=event.position, opted_out=opted_out)
    if unknown := len(events) - len(there):
        buffer.unknown_objects(unknown)
