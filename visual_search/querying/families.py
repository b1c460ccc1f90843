"""Folds sizes and colours of one thing into one hit, and tells which others there are (decision 42)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from visual_search import registry
from visual_search.engines.base import Engine
from visual_search.errors import VisualSearchError
from visual_search.querying.cards import cards
from visual_search.types import (
    FAMILY,
    IN_STOCK,
    AnyOf,
    BrowseLeg,
    CollectionSchema,
    EngineQuery,
    FacetKind,
    FacetValues,
    Grade,
    Hit,
    Query,
    Variant,
)

logger = logging.getLogger(__name__)

MOST_VARIANTS = 8  # of one hit: two rows of swatches on a phone; each takes a card from the shop's database
_MOST_MEMBERS = 1_000  # looked at for one page of hits


def as_shown(
    query: Query, hits: Sequence[Hit], engine: Engine, schema: CollectionSchema, *, in_order: bool = False
) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
    """The hits as pages show them: what is sold out last, if the shop wants that, and each thing in one size and colour.

    If the engine fails, each has a hit of its own, and "families" is named as degraded. `in_order`: they stand in their places
    already, and are only folded.
    """
    source = registry.source(query.collection)
    shown = tuple(hits)
    try:
        if source.sold_out_last and not in_order:
            shown = sold_out_last(shown, query.collection, engine, schema)
        if source.folds:
            shown = folded(shown, query.collection, engine, schema)
    except VisualSearchError:
        logger.exception("Sizes and colours could not be told; each has a tile.")
        return tuple(hits), ("families",)
    return shown, ()


def folded(hits: tuple[Hit, ...], collection: str, engine: Engine, schema: CollectionSchema) -> tuple[Hit, ...]:
    """The hits with one of each family, the first, which keeps the ids of the others in `folded`.

    A hit that is "nothing close" isn't kept beside a close one: it would count where a page counts what is close.
    Hits that were folded before keep what they have. Raises as the engine does.
    """
    if not schema.has_families or not hits:
        return hits
    values = engine.values(collection, [hit.id for hit in hits], (FAMILY.name,))
    first: dict[str, Hit] = {}
    for hit in hits:
        (key,) = values.get(hit.id, {}).get(FAMILY.name, (hit.id,))[:1]
        head = first.get(str(key))
        if head is None:
            first[str(key)] = replace(hit, family=str(key))
        elif (head.grade is Grade.DISTANT) is (hit.grade is Grade.DISTANT):
            others = dict.fromkeys((*head.folded, hit.id, *hit.folded))
            first[str(key)] = replace(head, folded=tuple(id for id in others if id != head.id))
    return tuple(first.values())


def sold_out_last(hits: tuple[Hit, ...], collection: str, engine: Engine, schema: CollectionSchema) -> tuple[Hit, ...]:
    """The hits with those that aren't in stock behind all other close ones. Raises as the engine does."""
    if not hits or not any(facet.name == IN_STOCK.name and facet.kind is FacetKind.BOOLEAN for facet in schema.facets):
        return hits
    values = engine.values(collection, [hit.id for hit in hits], (IN_STOCK.name,))

    def behind(hit: Hit) -> tuple[bool, bool]:
        sold_out = values.get(hit.id, {}).get(IN_STOCK.name) == (False,)
        return hit.grade is Grade.DISTANT, sold_out and not hit.is_named

    return tuple(sorted(hits, key=behind))


def with_variants(
    query: Query,
    hits: Sequence[Hit],
    engine: Engine,
    schema: CollectionSchema,
    language: str | None,
    *,
    dropped: Collection[str] = (),
) -> tuple[Hit, ...]:
    """The hits with all sizes and colours that pass the question's filters, and in which facets they differ; without those
    that curators `dropped`.

    Those are told that are close and those that aren't: who sees the red one wants to know of the blue one. If the engine
    fails, tiles have no swatches.
    """
    try:
        return _with_variants(query, hits, engine, schema, language, dropped=dropped)
    except VisualSearchError:
        logger.exception("Sizes and colours could not be told; tiles have no swatches.")
        return tuple(hits)


def _with_variants(
    query: Query,
    hits: Sequence[Hit],
    engine: Engine,
    schema: CollectionSchema,
    language: str | None,
    *,
    dropped: Collection[str],
) -> tuple[Hit, ...]:
    families = [hit.family for hit in hits if hit.family]
    if not families:
        return tuple(hits)
    leg = BrowseLeg("members", _MOST_MEMBERS)
    asked = EngineQuery(
        (leg,), (*query.filters, AnyOf(FAMILY.name, tuple(families))), exclude=(*query.unlike, *dropped)
    )
    found = [hit.id for hit in engine.search(query.collection, asked).legs[0].hits]
    if len(found) <= len(families):
        return tuple(hits)
    fields = [facet.name for facet in schema.facets]
    values = engine.values(query.collection, list(dict.fromkeys((*found, *(hit.id for hit in hits)))), fields)
    members: dict[str, list[str]] = {}
    for id in sorted(values, key=lambda id: (len(id), id)):
        members.setdefault(str(values[id].get(FAMILY.name, (id,))[0]), []).append(id)
    several = {hit.id: _few(members.get(hit.family, []), hit.id) for hit in hits}
    own = {hit.id: hit.card for hit in hits if hit.card}
    wanted = [id for ids in several.values() if len(ids) > 1 for id in ids if id not in own]
    known = {**own, **cards(query.collection, wanted, query.language or language)}
    paths = {facet.name for facet in schema.facets if facet.kind is FacetKind.PATH}
    return tuple(
        replace(
            hit,
            variants=tuple(
                Variant(known[id], _differing(values, ids, id, paths)) for id in ids if len(ids) > 1 and id in known
            ),
            more_variants=max(0, len(members.get(hit.family, [])) - len(ids)),
        )
        for hit, ids in ((hit, several[hit.id]) for hit in hits)
    )


def _few(ids: list[str], own: str) -> list[str]:
    """As many as a tile shows, and the hit itself among them."""
    few = ids[:MOST_VARIANTS]
    return few if own in few or own not in ids else [*few[:-1], own]


def _differing(values: Mapping[str, FacetValues], ids: Sequence[str], id: str, paths: Collection[str]) -> FacetValues:
    """The facets whose values aren't the same in all of these objects, with those of this one; of a path its last level."""
    names = dict.fromkeys(name for one in ids for name in values[one] if name != FAMILY.name)
    differing = [name for name in names if len({values[one].get(name) for one in ids}) > 1]
    return {
        name: values[id][name][-1:] if name in paths else values[id][name] for name in differing if name in values[id]
    }
