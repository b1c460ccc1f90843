"""Prepares the boxes of filters: choices with what a tick would show, trees without their obvious root, and sliders."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from visual_search import registry, wiring
from visual_search.querying.counting import as_text
from visual_search.storefront.filters import MOST_VALUES, name_of
from visual_search.storefront.forms import Asked
from visual_search.types import IN_STOCK, PATH_SEPARATOR, FacetAnswer, FacetField, FacetKind, Page, path_prefixes

UNFOLDED = 12  # choices that a box shows; of more the commonest, and those that are ticked
_SLACK = 2  # To fold so few more would take as much room as they do.
_STEPS = 50  # of a slider, at least: a thumb of 24 px on 200 px can hardly be put more exactly


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet. `count`: None where nothing is close, so that no number would stay true after a tick.

    `depth`: how deep it lies in a tree, from 0. `folded`: whether it waits for "Show all".
    """

    value: str
    label: str
    count: int | None
    checked: bool
    depth: int = 0
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Slider:
    """From where to where the thumbs go, in steps, and where they stand; as text that HTML reads."""

    floor: str
    ceiling: str
    step: str
    least: str
    most: str


@dataclass(frozen=True, slots=True)
class FacetBox:
    """A facet with its choices; a number with the limits of the hits (`minimum`, `maximum`) and those typed (`least`, `most`).

    `complete`: whether the choices are all that there are.
    """

    name: str
    label: str
    choices: tuple[Choice, ...] = ()
    complete: bool = True
    minimum: float | None = None
    maximum: float | None = None
    least: str = ""
    most: str = ""
    slider: Slider | None = None

    @property
    def folds(self) -> bool:
        return any(choice.folded for choice in self.choices)


def boxes(page: Page, asked: Asked) -> list[FacetBox]:
    """A box for each facet that still divides the result set, or in which something is chosen."""
    fields = {field.name: field for field in wiring.schema(asked.query.collection).told.facets}
    boxes = []
    for answer in page.facets:
        field = fields[answer.field]
        if field.kind is FacetKind.NUMBER:
            least, most = asked.ranges.get(field.name, ("", ""))
            if least or most or (answer.minimum is not None and answer.minimum != answer.maximum):
                slider = _slider(answer, least, most)
                boxes.append(
                    FacetBox(field.name, name_of(field), (), True, answer.minimum, answer.maximum, least, most, slider)
                )
            continue
        chosen = asked.chosen.get(field.name, ())
        values = [as_text(item.value) for item in answer.counts]
        shown = list(dict.fromkeys([*values[:MOST_VALUES], *chosen]))
        choices = _choices(asked.query.collection, field, answer, shown, chosen)
        if len(choices) > 1 or chosen:
            boxes.append(FacetBox(field.name, name_of(field), choices, len(values) <= MOST_VALUES))
    return boxes


def labels(collection: str, field: FacetField, values: Sequence[str]) -> dict[str, str]:
    """value -> what the page calls it, in its language where the source says so."""
    if field.kind is FacetKind.BOOLEAN:
        return {value: _yes_or_no(field, value == "true") for value in values}
    called = registry.source(collection).value_labels(field.name, values, get_language() or "")
    is_path = field.kind is FacetKind.PATH
    return {value: called.get(value) or (value.rpartition(PATH_SEPARATOR)[2] if is_path else value) for value in values}


def _yes_or_no(field: FacetField, yes: bool) -> str:
    label = name_of(field)
    if yes:
        return label
    if field.name == IN_STOCK.name:
        return _("Out of stock")
    return _("Not %s") % (label[:1].lower() + label[1:])


def _choices(
    collection: str, field: FacetField, answer: FacetAnswer, values: Sequence[str], chosen: Collection[str]
) -> tuple[Choice, ...]:
    """The choices in an order that a tick in this facet doesn't change: the commonest first, a tree by its branches."""
    counts = {as_text(item.value): item.count for item in answer.counts}
    called = labels(collection, field, values)
    open_ones = {*values[:UNFOLDED]} if len(values) > UNFOLDED + _SLACK else {*values}
    roots: set[str] = set()
    if field.kind is FacetKind.PATH:
        open_ones |= {level for value in chosen for level in path_prefixes(value)}
        roots = _obvious(values, counts, answer.objects, chosen)
        values = sorted(
            (value for value in values if value not in roots), key=lambda value: value.split(PATH_SEPARATOR)
        )
    return tuple(
        Choice(
            value=value,
            label=called[value],
            count=counts.get(value, 0) if answer.close else None,
            checked=value in chosen,
            depth=value.count(PATH_SEPARATOR) - len(roots) if field.kind is FacetKind.PATH else 0,
            folded=value not in open_ones and value not in chosen,
        )
        for value in values
    )


def _obvious(values: Sequence[str], counts: dict[str, int], objects: int, chosen: Collection[str]) -> set[str]:
    """The levels that hold everything, from the root on: to tick them would change nothing, so they only take room."""
    left_out: set[str] = set()
    for value in sorted(values, key=lambda value: value.count(PATH_SEPARATOR)):
        below = value + PATH_SEPARATOR
        others = [other for other in values if other != value and other not in left_out]
        if value in chosen or counts.get(value) != objects or not others:
            break
        if not all(other.startswith(below) for other in others):
            break
        left_out.add(value)
    return left_out


def _slider(answer: FacetAnswer, least: str, most: str) -> Slider | None:
    """A slider over all that the number could be; None where it is one number."""
    if answer.minimum is None or answer.maximum is None or answer.minimum == answer.maximum:
        return None
    digits = math.floor(math.log10((answer.maximum - answer.minimum) / _STEPS))
    step = 10.0**digits
    floor, ceiling = math.floor(answer.minimum / step) * step, math.ceil(answer.maximum / step) * step
    ends = [
        min(max(float(end), floor), ceiling) if end else beyond for end, beyond in ((least, floor), (most, ceiling))
    ]
    return Slider(*(f"{number:.{max(0, -digits)}f}" for number in (floor, ceiling, step, *ends)))
