"""Makes sure that a collection has an index, and says what can be asked of it and stored in it.

An index that vanished is filled again, and the log says so. An index that was made for other settings goes on serving until
`visual_search rebuild` has made the next one: questions ask for what it has, and saves go in where nothing gets lost by that.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from visual_search import registry, wiring
from visual_search.engines.refusals import refuse_other_schema
from visual_search.errors import SchemaMismatch
from visual_search.models import IndexEntry, State, chunks
from visual_search.signals import objects_changed
from visual_search.types import CollectionSchema, Filter, Not, Query

logger = logging.getLogger(__name__)

_AT_ONCE = 1000  # objects noted in one transaction
# Above this share of waiting objects a search with few hits says that the index is still being filled. Set by judgement.
_MUCH = 0.1


def ensure(collection: str) -> None:
    """Make the index if there is none, and note for indexing every object that the lost index held.

    Raises EngineUnavailable, or SchemaMismatch for an index that isn't what the settings ask for.
    """
    if not wiring.engine().ensure(collection, wiring.schema(collection)):
        return
    held = IndexEntry.objects.filter(collection=collection, state=State.INDEXED, deleted=False)
    ids = list(held.values_list("object_id", flat=True))
    if ids:
        logger.error("The index of '%s' was gone; its %d objects are indexed again.", collection, len(ids))
    model = registry.source(collection).model
    for some in chunks(ids, _AT_ONCE):
        objects_changed.send(model, ids=some)


@dataclass(frozen=True, slots=True)
class Serving:
    """`schema`: of what the settings ask for, the part that the live index has, with the languages that it was made for.

    `lacking`: the facets that it has not.
    """

    schema: CollectionSchema
    lacking: frozenset[str] = frozenset()

    def askable(self, query: Query) -> tuple[Query, tuple[str, ...]]:
        """The question without what it asks of facets that the index lacks; then "facets" is degraded."""
        kept = tuple(rule for rule in query.filters if _field(rule) not in self.lacking)
        sort = "relevance" if query.sort.removeprefix("-") in self.lacking else query.sort
        # Where a question names no facets, it gets those that there are, and nothing is amiss.
        facets = query.facets and tuple(name for name in query.facets if name not in self.lacking)
        if (kept, sort, facets) == (query.filters, query.sort, query.facets):
            return query, ()
        return replace(query, filters=kept, sort=sort, facets=facets), ("facets",)


def serving(collection: str) -> Serving:
    """Make the index if there is none, and say what can be asked of it.

    Raises EngineUnavailable, or SchemaMismatch where a facet has another kind in it.
    """
    wanted = wiring.schema(collection)
    try:
        ensure(collection)
    except SchemaMismatch:
        live = wiring.engine().schema(collection)
        kinds = {field.name: field.kind for field in live.facets}
        if any(kinds.get(field.name, field.kind) is not field.kind for field in wanted.facets):
            raise
        there = CollectionSchema(
            spaces=tuple(space for space in wanted.spaces if space in live.spaces),
            facets=tuple(field for field in wanted.facets if field.name in kinds),
            languages=live.languages,
        )
        return Serving(there, frozenset(field.name for field in wanted.facets) - kinds.keys())
    return Serving(wanted)


def ensure_for_saves(collection: str) -> frozenset[str]:
    """Make the index if there is none; the facets that documents must be stored without, because it lacks them.

    Raises EngineUnavailable, or SchemaMismatch where saves must wait for `visual_search rebuild`.
    """
    try:
        ensure(collection)
    except SchemaMismatch:
        return facets_lacking(collection)
    return frozenset()


def facets_lacking(collection: str) -> frozenset[str]:
    """The facets that the live index lacks. Raises SchemaMismatch where saves must wait for `visual_search rebuild`.

    They wait where the index has another encoder's spaces or a facet that these settings don't know: a document without
    its vectors or without that facet would take something from those who still search by them, such as processes that
    have the former settings. Words in a language without a field of its own lose nothing: they stand in "und".
    """
    live, wanted = wiring.engine().schema(collection), wiring.schema(collection)
    there = {(field.name, field.kind) for field in live.facets}
    asked = {(field.name, field.kind) for field in wanted.facets}
    if set(live.spaces) != set(wanted.spaces) or not there <= asked:
        refuse_other_schema(collection, indexed=live, wanted=wanted)
    return frozenset(name for name, _ in asked - there)


def _field(rule: Filter) -> str:
    return rule.filter.field if isinstance(rule, Not) else rule.field


def is_filling(collection: str) -> bool:
    """Whether more than `_MUCH` of the collection's objects still wait to be indexed."""
    entries = IndexEntry.objects.filter(collection=collection, deleted=False)
    waiting = entries.exclude(state=State.INDEXED).count()
    return waiting > 0 and waiting > _MUCH * entries.count()
