"""What the results template shows, made ready: facets with their choices, chips, pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from visual_search import wiring
from visual_search.storefront.forms import Asked
from visual_search.types import PATH_SEPARATOR, FacetField, FacetKind, Grade, Hit, Page


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    count: int
    checked: bool
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FacetBox:
    name: str
    label: str
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    least: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    remove: str  # name=value, as the form's `remove` button sends it


MOST_CHOICES = 12  # Longer lists are cut to the commonest values; chosen ones always stay.


def facet_boxes(page: Page, asked: Asked) -> list[FacetBox]:
    """One box a facet that still divides the result set, or in which something is chosen."""
    fields = {field.name: field for field in wiring.schema(asked.query.collection).facets}
    boxes = []
    for answer in page.facets:
        field = fields[answer.field]
        label = field.label or field.name.replace("_", " ").capitalize()
        if field.kind is FacetKind.NUMBER:
            least, most = asked.ranges.get(field.name, ("", ""))
            spread = answer.minimum is not None and answer.minimum != answer.maximum
            if spread or least or most:
                boxes.append(FacetBox(field.name, label, (), answer.minimum, answer.maximum, least, most))
            continue
        counts = {_text(item.value): item.count for item in answer.counts}
        chosen = asked.chosen.get(field.name, ())
        choices = _choices(field, counts, chosen)
        if len(choices) > 1 or chosen:
            boxes.append(FacetBox(field.name, label, choices))
    return boxes


def _choices(field: FacetField, counts: dict[str, int], chosen: Sequence[str]) -> tuple[Choice, ...]:
    shown = list(dict.fromkeys([*chosen, *list(counts)[:MOST_CHOICES]]))
    if field.kind is FacetKind.PATH:
        shown.sort()
    else:
        shown.sort(key=lambda value: (-counts.get(value, 0), value))
    return tuple(
        Choice(
            value=value,
            label=_label(field, value),
            count=counts.get(value, 0),
            checked=value in chosen,
            depth=value.count(PATH_SEPARATOR) if field.kind is FacetKind.PATH else 0,
        )
        for value in shown
    )


def chips(asked: Asked) -> list[Chip]:
    """What narrows the results now, each removable."""
    fields = {field.name: field for field in wiring.schema(asked.query.collection).facets}
    found = [Chip(f"“{asked.query.words}”", "q=")] if asked.query.words else []
    for name, values in asked.chosen.items():
        found += [Chip(_label(fields[name], value), f"f.{name}={value}") for value in values]
    for name, ends in asked.ranges.items():
        for key, sign, value in zip(("gte", "lte"), ("≥", "≤"), ends, strict=True):
            if value:
                label = fields[name].label or name.capitalize()
                found.append(Chip(f"{label} {sign} {value}", f"f.{name}.{key}={value}"))
    return found


def orders(asked: Asked) -> list[tuple[str, str, bool]]:
    """(value, label, chosen) for each order that the collection offers."""
    numbers = [field for field in wiring.schema(asked.query.collection).facets if field.kind is FacetKind.NUMBER]
    found = [("relevance", _("Best match"))]
    for field in numbers:
        label = field.label or field.name.capitalize()
        found += [(field.name, _("%s, low to high") % label), (f"-{field.name}", _("%s, high to low") % label)]
    return [(value, label, value == asked.query.sort) for value, label in found]


def split(hits: Sequence[Hit]) -> tuple[list[Hit], list[Hit]]:
    """Hits that are close, and those that only fill the page."""
    return [hit for hit in hits if hit.grade is not Grade.DISTANT], [hit for hit in hits if hit.grade is Grade.DISTANT]


def _label(field: FacetField, value: str) -> str:
    if field.kind is FacetKind.BOOLEAN:
        label = field.label or field.name.replace("_", " ").capitalize()
        return label if value == "true" else _("Not %s") % (label[:1].lower() + label[1:])
    return value.rpartition(PATH_SEPARATOR)[2] if field.kind is FacetKind.PATH else value


def _text(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value
