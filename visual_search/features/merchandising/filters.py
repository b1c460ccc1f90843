"""What an action asks of a field: a filter for the engine, and how much of it each hit has."""

from __future__ import annotations

import logging
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from visual_search import registry, wiring
from visual_search.errors import BadInput, said
from visual_search.features.merchandising.kinds import Op
from visual_search.features.merchandising.rules import Action
from visual_search.types import AnyOf, Between, CollectionSchema, FacetKind, FacetValues, Filter

logger = logging.getLogger(__name__)

TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


def asked_filter(action: Action, schema: CollectionSchema) -> Filter:
    """The filter that the action adds. Raises BadInput for a facet that there isn't, or a value that it can't have."""
    kinds = {facet.name: facet.kind for facet in schema.told.facets}
    kind = kinds.get(action.field)
    if kind is None:
        known = ", ".join(kinds)
        raise BadInput(said("There is no facet '%(name)s'; there are %(known)s.", name=action.field, known=known))
    if kind is FacetKind.NUMBER:
        number = number_of(action.value)
        if action.op == Op.AT_LEAST:
            return Between(action.field, at_least=number)
        if action.op == Op.AT_MOST:
            return Between(action.field, at_most=number)
        return Between(action.field, number, number)
    if kind is FacetKind.BOOLEAN:
        if action.value.casefold() not in (*TRUE, *FALSE):
            raise BadInput(said("'%(value)s' is neither yes nor no.", value=action.value))
        return AnyOf(action.field, (action.value.casefold() in TRUE,))
    return AnyOf(action.field, (action.value,))


def usable(actions: Iterable[Action], schema: CollectionSchema) -> tuple[Filter, ...]:
    """The filters of these actions. One that can't be asked any more, since its facet is gone, is left out."""
    filters = []
    for action in actions:
        try:
            filters.append(asked_filter(action, schema))
        except BadInput as problem:
            logger.warning("A rule's filter is left out: %s", problem)
    return tuple(filters)


def is_order(sort: str, schema: CollectionSchema) -> bool:
    """Whether hits can be sorted so: by a facet that is a number, such as "price" or "-price"."""
    numbers = {facet.name for facet in schema.told.facets if facet.kind is FacetKind.NUMBER}
    return sort.removeprefix("-") in numbers


def number_of(value: str) -> float:
    """Raises BadInput for what is no number."""
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not math.isfinite(number):
        raise BadInput(said("'%(value)s' is no number; write it as 12 or 12.5.", value=value))
    return number


def shares(action: Action, collection: str, ids: Sequence[str]) -> Mapping[str, float]:
    """By id, how much a boost or a bury bears on each of these hits, 0 to 1; who has nothing of it is left out."""
    if action.item:
        return {action.item: 1.0} if action.item in ids else {}
    if action.field in registry.source(collection).merits:
        values: Mapping[str, tuple[object, ...]] = {
            id: (value,) for id, value in registry.source(collection).merits_of(action.field, ids).items()
        }
    else:
        found: Mapping[str, FacetValues] = wiring.engine().values(collection, ids, (action.field,))
        values = {id: tuple(of[action.field]) for id, of in found.items() if action.field in of}
    if action.op in (Op.MORE, Op.LESS):
        return _ranked({id: float(of[0]) for id, of in values.items() if of}, least=action.op == Op.LESS)  # type: ignore[arg-type]
    return {id: 1.0 for id, of in values.items() if any(_is(action, value) for value in of)}


def _ranked(numbers: Mapping[str, float], *, least: bool) -> Mapping[str, float]:
    """Each number as the share of the others that it leaves behind, whatever its scale; equal ones share theirs."""
    ordered = sorted(numbers.values())
    if not ordered or ordered[0] == ordered[-1]:
        return {}
    places = {
        id: (bisect_left(ordered, number) + bisect_right(ordered, number) - 1) / 2 / (len(ordered) - 1)
        for id, number in numbers.items()
    }
    return {id: 1 - place if least else place for id, place in places.items()}


def _is(action: Action, value: object) -> bool:
    if isinstance(value, bool):
        return action.value.casefold() in (TRUE if value else FALSE)
    if isinstance(value, int | float):
        number = number_of(action.value)
        if action.op == Op.AT_LEAST:
            return value >= number
        return value <= number if action.op == Op.AT_MOST else value == number
    return str(value).casefold() == action.value.casefold()
