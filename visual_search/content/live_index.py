"""Makes sure that a collection has an index. An index that vanished is filled again, and the log says so."""

from __future__ import annotations

import logging

from visual_search import registry, wiring
from visual_search.models import IndexEntry, State
from visual_search.signals import objects_changed

logger = logging.getLogger(__name__)

_AT_ONCE = 1000  # objects noted in one transaction
# Above this share of waiting objects a search with few hits says that the index is still being filled. Set by judgement.
_MUCH = 0.1


def ensure(collection: str) -> None:
    """Make the index if there is none, and note for indexing every object that the lost index held.

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
    """Whether more than `_MUCH` of the collection's objects still wait to be indexed."""
    entries = IndexEntry.objects.filter(collection=collection, deleted=False)
    waiting = entries.exclude(state=State.INDEXED).count()
    return waiting > 0 and waiting > _MUCH * entries.count()
