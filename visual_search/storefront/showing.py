"""Prepares what the results template shows: chips, parts of the photo, orders."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from PIL import Image

from visual_search import grouping, registry, wiring
from visual_search.conf import conf
from visual_search.errors import VisualSearchError
from visual_search.grouping import Group
from visual_search.imaging.regions import WHOLE
from visual_search.querying import things, tokens
from visual_search.storefront.facets import labels
from visual_search.storefront.filters import name_of
from visual_search.storefront.forms import READ, Asked
from visual_search.types import Box, FacetField, FacetKind, Grade, Hit, Page, Understood

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chip:
    """What narrows the results, with a button that takes it away."""

    label: str
    remove: str  # name=value, as the form's `remove` button sends it
    in_field: bool = False  # whether it stands in the search field beside a photo: words, and what they exclude


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the photo to search by. Corners in percent, for the drawing over the preview."""

    value: str  # of the form's field `part`
    label: str
    chosen: bool
    number: int = 0  # 0: the whole photo, which isn't drawn
    x: float = 0.0
    y: float = 0.0
    width: float = 100.0
    height: float = 100.0


LEAST_SHELVES = 2
ALSO_SHOWN = 4  # tiles of another collection below the results: a row on a desktop, two on a phone


def place(collection: str) -> dict[str, str]:
    """What templates need to stay in the collection that is asked: its name and what the shop calls its objects.

    Both are empty for the shop's products, which the shopper's device remembers and whose addresses name no collection.
    """
    other = collection if collection and collection != registry.default() else ""
    return {"collection": other, "label": registry.source(other).label if other else ""}


def chips(asked: Asked, page: Page) -> list[Chip]:
    """A chip for each part of the question, as the page's answer took it."""
    fields = {field.name: field for field in wiring.schema(asked.query.collection).told.facets}
    chips = [Chip(_("“%s”") % phrase, f"q={phrase}", in_field=True) for phrase in asked.phrases]
    chips += [Chip(_("not %s") % phrase, f"q_not={phrase}", in_field=True) for phrase in asked.query.words_not]
    titles = _titles(asked.query.collection, page.unlike, asked.query.language)
    chips += [Chip(_("less like %s") % titles.get(id, id), f"unlike={id}") for id in page.unlike]
    chips += [Chip(_range(fields[one.facet], one), f"{READ}={one.text}") for one in page.understood]
    for name, values in asked.chosen.items():
        called = labels(asked.query.collection, fields[name], values)
        chips += [Chip(called[value], f"f.{name}={value}") for value in values]
    for name, ends in asked.ranges.items():
        for key, sign, value in zip(("gte", "lte"), ("≥", "≤"), ends, strict=True):
            if value:
                chips.append(Chip(f"{name_of(fields[name])} {sign} {value}", f"f.{name}.{key}={value}"))
    return chips


def _range(field: FacetField, one: Understood) -> str:
    """As chips name it: "Price ≤ 50" or "Price 20 – 50"."""
    least, most = (
        None if end is None else number_format(end, 0 if end == int(end) else 2) for end in (one.at_least, one.at_most)
    )
    if least is not None and most is not None:
        return f"{name_of(field)} {least} – {most}"
    return f"{name_of(field)} ≤ {most}" if least is None else f"{name_of(field)} ≥ {least}"


def preview_size(preview: str) -> tuple[int, int] | None:
    """Width and height of the preview in pixels. With them the page keeps its room, so that nothing below it moves."""
    if not preview:
        return None
    with Image.open(io.BytesIO(base64.b64decode(preview.partition(",")[2]))) as image:
        return image.size


def parts(page: Page) -> list[Part]:
    """The parts of the photo that can be searched by: all of it, each thing in it, and the part that the shopper drew."""
    scene = page.pictures[0].scene if page.pictures else None
    if scene is None or (not scene.things and scene.chosen == WHOLE):
        return []
    parts = [Part("all", _("Whole photo"), scene.chosen == WHOLE)]
    for number, region in enumerate(scene.things):
        label = things.called(region)
        parts.append(_part(str(number), f"{number + 1} {label}", region.box, region.box == scene.chosen, number + 1))
    if not any(part.chosen for part in parts):
        # The token's own vectors are those of this part, so it is searched again by naming none.
        parts.append(_part("", _("Your selection"), scene.chosen, True, len(parts)))
    return parts


def _part(value: str, label: str, box: Box, chosen: bool, number: int) -> Part:
    x1, y1, x2, y2 = (round(corner * 100, 2) for corner in box)
    return Part(value, label, chosen, number, x1, y1, round(x2 - x1, 2), round(y2 - y1, 2))


def _titles(collection: str, ids: Sequence[str], language: str | None) -> dict[str, str]:
    """The titles of objects that the page only mentions; none for an object that is gone."""
    source = registry.source(collection)
    mentioned = source.queryset().filter(pk__in=ids) if ids else ()
    return {str(obj.pk): source.card(obj, language).title for obj in mentioned}


def orders(asked: Asked) -> list[tuple[str, str, bool]]:
    """(value, label, chosen) for each order that the collection offers."""
    numbers = [field for field in wiring.schema(asked.query.collection).told.facets if field.kind is FacetKind.NUMBER]
    offered = [("relevance", _("Best match"))]
    for field in numbers:
        label = name_of(field)
        offered += [(field.name, _("%s, low to high") % label), (f"-{field.name}", _("%s, high to low") % label)]
    return [(value, label, value == asked.query.sort) for value, label in offered]


def link_life(page: Page) -> str:
    """How long a link to the results of a photo works, such as "1 day", in the page's language."""
    return _in_words(tokens.seconds_left(page.photo))


def photo_life() -> str:
    """How long a photo's token works, such as "1 day", in the page's language."""
    return _in_words(conf.PHOTO_TOKEN_SECONDS)


def _in_words(seconds: float) -> str:
    now = timezone.now()
    return timesince(now - timedelta(seconds=seconds), now)


def also(page: Page, asked: Asked) -> tuple[Group, ...]:
    """The close hits of other collections (ALSO_SEARCH) for the same words and photo; none once the shopper narrows or pages."""
    query = asked.query
    names = [name for name in conf.ALSO_SEARCH if name != query.collection]
    narrowed = query.filters or query.unlike or query.sort != "relevance" or query.page > 1
    if not names or narrowed or page.redirect or not (query.words or query.pictures):
        return ()
    # The taste is one for the products of the shop. Only a first page is asked, so everything else goes along.
    asked_too = replace(query, taste=(), taste_problem="", page_size=ALSO_SHOWN)
    try:
        grouped = grouping.search_each(asked_too, names, page=page)
    except VisualSearchError as error:
        # The page has an answer without them, which must not be lost.
        logger.warning("Nothing is shown of other collections: %s", error)
        return ()
    close = (
        replace(group, page=replace(group.page, hits=tuple(split(group.page.hits)[0]))) for group in grouped.groups
    )
    return tuple(group for group in close if group.page.hits)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was found for one thing in the photo. `part`: of the form, to search by this thing alone; "" for what is left."""

    part: str
    number: int
    label: str
    hits: tuple[Hit, ...]


def shelves(page: Page) -> list[Shelf]:
    """The close hits of this page by the things in the photo that they are for; none where there is but one shelf.

    Hits for no thing of their own, such as the very thing that keypoints confirm, stand on a shelf in front or at the end.
    """
    close, _distant = split(page.hits)
    scene = page.photo.scene if page.photo else None
    grouped: dict[int | None, list[Hit]] = {}
    for hit in close:
        grouped.setdefault(hit.thing, []).append(hit)
    if scene is None or len(grouped.keys() - {None}) < LEAST_SHELVES:
        return []
    return [
        Shelf("", 0, "", tuple(hits))
        if number is None or number >= len(scene.things)
        else Shelf(str(number), number + 1, things.sure_name(scene.things[number]), tuple(hits))
        for number, hits in grouped.items()
    ]


def split(hits: Sequence[Hit]) -> tuple[list[Hit], list[Hit]]:
    """The hits that are close, and those that are not and only fill the page."""
    return [hit for hit in hits if hit.grade is not Grade.DISTANT], [hit for hit in hits if hit.grade is Grade.DISTANT]
