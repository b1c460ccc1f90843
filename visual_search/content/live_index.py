"""Whether a collection's index is there and full. One that vanished is filled again, and never passed over in silence."""

from __future__ import annotations

import logging

from visual_search import registry, wiring
from visual_search.models import IndexEntry, State
from visual_search.signals import objects_changed

logger = logging.getLogger(__name__)

_AT_ONCE = 1000  # objects noted in one transaction
# From this share of objects that wait to be indexed, few hits mean that the index isn't filled.
_MUCH = 0.1


def ensure(collection: str) -> None:
    """Make the index where there is none, and note for indexing whatever an index was known to hold.

    Raises EngineUnavailable, or SchemaMismatch for an index of another shape.
    """
    if not wiring.engine().ensure(collection, wiring.schema(collection)):
        return
    held = IndexEntry.objects.filter(collection=collection, state=State.INDEXED, deleted=False)
    ids = list(held.values_list("object_id", flat=True))
    if ids:
        logger.error("The index of '%s' was gone; its %d objects are indexed again.", collection, len(ids))
    model = registry.source(collection).model
    for start in range(0, len(ids), _AT_ONCE):
        objects_changed.send(model, ids=ids[start : start + _AT_ONCE])


def is_filling(collection: str) -> bool:
    """Whether much of what belongs into the index waits for it."""
    entries = IndexEntry.objects.filter(collection=collection, deleted=False)
    waiting = entries.exclude(state=State.INDEXED).count()
    return waiting > 0 and waiting > _MUCH * entries.count()
