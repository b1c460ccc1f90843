"""Reads filters, order and page of a results address. What can't be used is left out, and the page says so in words.

An address may be years old, shared or mistyped. A page of results with a word about it helps its reader; a refusal doesn't.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from visual_search import wiring
from visual_search.errors import BadInput
from visual_search.querying import parsing
from visual_search.types import (
    AnyOf,
    Between,
    BrowseLeg,
    CollectionSchema,
    EngineQuery,
    FacetField,
    FacetKind,
    Filter,
    Page,
)

MOST_VALUES = 200  # of one facet, as in REST
MOST_TOLD = 5  # faults that a page names; an address may hold thousands
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Filters:
    """`chosen`: facet -> values as texts; `ranges`: facet -> both ends as a number field shows them, "" for none.

    `faults`: what couldn't be used, in the shopper's language.
    """

    chosen: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[str, str]]
    rules: tuple[Filter, ...]
    faults: tuple[str, ...]


def read(data: QueryDict, schema: CollectionSchema) -> Filters:
    """The filters of this form or address: `f.NAME` for values, `f.NAME.gte` and `f.NAME.lte` for the ends of a number."""
    chosen: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, tuple[str, str]] = {}
    rules: list[Filter] = []
    faults = list(_unknown(data, schema))
    for facet in schema.facets:
        if facet.kind is FacetKind.NUMBER:
            least, most = (_end(data, facet, key, faults) for key in ("gte", "lte"))
            if least is not None and most is not None and least > most:
                faults.append(
                    _("%(facet)s can't run from %(least)s to %(most)s, so both ends were exchanged.")
                    % {"facet": name_of(facet), "least": _plain(least), "most": _plain(most)}
                )
                least, most = most, least
            if least is not None or most is not None:
                ranges[facet.name] = _plain(least), _plain(most)
                rules.append(Between(facet.name, least, most))
        elif values := tuple(_values(data, facet, faults)):
            chosen[facet.name] = values
            booleans = facet.kind is FacetKind.BOOLEAN
            rules.append(AnyOf(facet.name, tuple(value == "true" if booleans else value for value in values)))
    return Filters(chosen, ranges, tuple(rules), tuple(dict.fromkeys(faults)))


def order(data: QueryDict, schema: CollectionSchema) -> tuple[str, tuple[str, ...]]:
    """The order that is asked, by default the best match first, and what is wrong with it."""
    asked = data.get("sort") or "relevance"
    numbers = [facet.name for facet in schema.facets if facet.kind is FacetKind.NUMBER]
    if asked == "relevance" or asked.removeprefix("-") in numbers:
        return asked, ()
    return "relevance", (_("There is no order “%s”, so the best matches come first.") % _shown(asked),)


def page(data: QueryDict) -> tuple[int, tuple[str, ...]]:
    """The page that is asked, by default the first, and what is wrong with it."""
    asked = data.get("page", "")
    try:
        if (number := parsing.whole_number(asked, field="page", default=1)) >= 1:
            return number, ()
    except BadInput:
        pass
    return 1, (_("There is no page “%s”, so this is the first one.") % _shown(asked),)


def unknown_values(page: Page, chosen: Mapping[str, tuple[str, ...]], schema: CollectionSchema) -> list[str]:
    """A word about each chosen value that nothing in the whole collection has. Only values without a hit are looked up."""
    fields = {facet.name: facet for facet in schema.facets}
    counted = {answer.field: {str(one.value).lower() for one in answer.counts if one.count} for answer in page.facets}
    missing = [
        (fields[name], value)
        for name, values in chosen.items()
        for value in values
        if name in counted and fields[name].kind is not FacetKind.BOOLEAN and value.lower() not in counted[name]
    ][:MOST_TOLD]
    return [
        _("Nothing in this shop has “%(value)s” as %(facet)s.") % {"value": _shown(value), "facet": name_of(facet)}
        for facet, value in missing
        if not _is_there(page.collection, facet, value)
    ]


def name_of(facet: FacetField) -> str:
    """How pages name a facet. A label that is no lazy translation may be one of those of this package, such as "Price"."""
    label = facet.label or facet.name.replace("_", " ").capitalize()
    return _(label) if isinstance(label, str) else str(label)


def _is_there(collection: str, facet: FacetField, value: str) -> bool:
    asked = EngineQuery((BrowseLeg("there", 1),), (AnyOf(facet.name, (value,)),))
    return bool(wiring.engine().search(collection, asked).legs[0].hits)


def _end(data: QueryDict, facet: FacetField, key: str, faults: list[str]) -> float | None:
    """One end of a range; a comma is a decimal point."""
    raw = data.get(f"f.{facet.name}.{key}", "").strip()
    if not raw:
        return None
    try:
        number = float(raw[:_LONGEST_SHOWN].replace(",", "."))
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    faults.append(
        _("“%(value)s” is no number, so %(facet)s isn't limited by it.")
        % {"value": _shown(raw), "facet": name_of(facet)}
    )
    return None


def _values(data: QueryDict, facet: FacetField, faults: list[str]) -> Iterator[str]:
    given = [value for value in dict.fromkeys(data.getlist(f"f.{facet.name}")) if value]
    if len(given) > MOST_VALUES:
        faults.append(
            _("Only the first %(most)s values of %(facet)s are looked for.")
            % {"most": MOST_VALUES, "facet": name_of(facet)}
        )
    for value in given[:MOST_VALUES]:
        if value in ("true", "false") if facet.kind is FacetKind.BOOLEAN else parsing.is_value(value):
            yield value
        else:
            faults.append(
                _("“%(value)s” can't be %(facet)s, so it is left out.")
                % {"value": _shown(value), "facet": name_of(facet)}
            )


def _unknown(data: QueryDict, schema: CollectionSchema) -> Iterator[str]:
    """A word about each filter that this collection doesn't have, and about a facet that is written without its `f.`."""
    numbers = {facet.name for facet in schema.facets if facet.kind is FacetKind.NUMBER}
    others = {facet.name for facet in schema.facets} - numbers
    ends = {f"{name}.{key}" for name in numbers for key in ("gte", "lte")}
    known = {f"f.{name}" for name in others | ends}
    told = 0
    for name in data:
        meant = name.startswith("f.") and name not in known and any(data.getlist(name))
        bare = name in numbers | others | ends and name not in _OF_THE_FORM
        if (meant or bare) and told < MOST_TOLD:
            told += 1
            yield _("There is no filter “%s” here, so it is left out.") % _shown(f"{name}={data.get(name)}")


# What the form's own fields are called: a facet of such a name is no mistake.
_OF_THE_FORM = frozenset((
    "q", "q_not", "unlike", "unread", "exact", "literal", "meant", "sort", "page", "part", "cut", "shot", "image", "image_url",
    "photo_token", "preview", "without", "taste", "shows",
))  # fmt: skip


def _plain(number: float | None) -> str:
    """As a number field holds it: without a thousands separator, whatever the language."""
    return "" if number is None else f"{number:.10g}"


def _shown(value: str) -> str:
    # Nothing that was sent goes back at length or with signs that nobody sees.
    return "".join(character for character in value[:_LONGEST_SHOWN] if character.isprintable())
