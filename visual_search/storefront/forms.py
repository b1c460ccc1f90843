"""Reads the search box and the results form into a `Query`. Both are plain HTML forms, which work without JavaScript."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import HttpRequest, QueryDict

from multilingual.languages import base_code
from multilingual.prices import without_gaps
from visual_search import registry, wiring
from visual_search.access import limits
from visual_search.conf import conf
from visual_search.imaging.regions import WHOLE
from visual_search.querying import parsing, tokens, uploads
from visual_search.storefront import filters, showcase
from visual_search.storefront.cutting import CutOut
from visual_search.types import Query, QueryPicture

READ = "read"  # in `without`: a part of the words that became a filter
_SHOT_NAME = re.compile(r"[0-9a-z]{1,32}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says: the question, and what the next page needs again. `chosen`: facet -> values as texts."""

    query: Query
    preview: str
    shot: str  # the name under which the browser may still hold the photo's pixels
    chosen: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[str, str]]
    faults: tuple[str, ...] = ()  # what of the address can't be used, in the shopper's language
    shows: str = ""  # the id of the object that the photo shows, as a member of the staff says
    cut: CutOut | None = None  # where the photo that was sent stood in the photo of the token


def read(request: HttpRequest, collection: str) -> Asked:
    """What this request's form asks `collection`. Raises BadInput if its photo, or the part of it, can't be used."""
    schema = wiring.schema(collection).told
    data = (request.POST if request.method == "POST" else request.GET).copy()
    _remove(data)
    if meant := data.get("meant"):
        data["q"] = meant  # The shopper took what the page offered.
    filtered = filters.read(data, schema)
    sort, sort_faults = filters.order(data, schema)
    page, page_faults = filters.page(data)
    picture, preview, cut = _picture(request, data, collection)
    language = base_code(getattr(request, "LANGUAGE_CODE", None))
    currency = registry.source(collection).currency
    words, words_not = parsing.words_and_not(data.get("q", ""), language, currency)
    # A memory is never read from an address: the browser's history or a log would keep it.
    taste = parsing.taste(data.get("taste") if request.method == "POST" else None)
    return Asked(
        query=Query(
            collection=collection,
            pictures=(_narrowed(picture, data.get("part", "")),) if picture else (),
            words=words,
            words_not=tuple(dict.fromkeys((*words_not, *filter(None, map(parsing.words, data.getlist("q_not")))))),
            beside=(of,) if picture and (of := data.get("of", "")) else (),
            unlike=tuple(dict.fromkeys(id for id in data.getlist("unlike") if id)),
            language=language,
            filters=filtered.rules,
            sort=sort,
            page=page,
            page_size=conf.PAGE_SIZE,
            disjunctive=True,
            read=not data.get("unread"),
            # It holds the words that are searched as they stand; others, which the shopper types later, are not.
            spell=parsing.words(data.get("exact", "")) != words or not words,
            understand=parsing.words(data.get("literal", "")) != words or not words,
            taste=taste.events,
            taste_problem=taste.problem,
        ),
        preview=preview,
        shot=shot if _SHOT_NAME.fullmatch(shot := data.get("shot", "")) else "",
        chosen=filtered.chosen,
        ranges=filtered.ranges,
        faults=(*filtered.faults, *sort_faults, *page_faults),
        shows=data.get("shows", "") if request.method == "POST" else "",
        cut=cut,
    )


def _remove(data: QueryDict) -> None:
    """Take out what a chip's button names (`without=name=value`), though the form still has it.

    The field isn't called "remove": that would hide the form's own `remove()` from scripts, and htmx calls it.
    """
    for pair in data.getlist("without"):
        name, _, value = pair.partition("=")
        if name == READ:
            data["q"] = without_gaps(data.get("q", "").replace(value, " ", 1))
        elif name in ("photo_token", "q") or not value:
            data.pop(name, None)
            for more in ("preview", "part", "shot", "cut", "of") if name == "photo_token" else ():
                data.pop(more, None)
        else:
            data.setlist(name, [kept for kept in data.getlist(name) if kept != value])


def _narrowed(picture: QueryPicture, part: str) -> QueryPicture:
    """The photo with the part that the form names: `part=3`, `part=all`, four numbers for a box, or two for a tap."""
    if part == "all":
        return replace(picture, box=WHOLE)
    if part.count(",") == 1:
        return replace(picture, point=parsing.point(part, field="part"))
    if "," in part:
        return replace(picture, box=parsing.box(part, field="part"))
    return replace(picture, thing=parsing.object_number(part))


def _picture(request: HttpRequest, data: QueryDict, collection: str) -> tuple[QueryPicture | None, str, CutOut | None]:
    """The photo, its preview, and where it stood if it is a cut-out."""
    upload = request.FILES.get("image")
    # As the picture: a crawler that follows an address must not make this server ask others.
    link = data.get("image_url", "").strip() if request.method == "POST" else ""
    # Never by an address: a crawler would follow it from every picture of the shop.
    shown = data.get("picture", "") if request.method == "POST" else ""
    if upload is not None:
        picture = uploads.uploaded(upload)
    elif link:
        limits.spend("search", request, cost=limits.LINK)  # before it is followed
        picture = uploads.photo_from_link(link)
    elif shown:
        picture = showcase.picture_of(collection, data.get("of", ""), shown)
    else:
        return *_known(data), None
    cut = parsing.box(data.get("cut"), field="cut")
    known, preview = _known(data) if cut else (None, "")
    if cut and known:
        return picture, preview, CutOut(cut, known)
    assert picture.image is not None
    preview = uploads.preview(picture.image)
    return replace(picture, preview=_digest(preview)), preview, None


def _known(data: QueryDict) -> tuple[QueryPicture | None, str]:
    """The photo in the token, and its preview."""
    token = data.get("photo_token")
    if not token:
        return None, ""
    picture = tokens.photo_from_token(token)
    # The results form sends the preview back. It goes into the page again, and staff may keep it as a picture of a product,
    # so it must be the one that the shop made of this token's photo.
    preview = data.get("preview", "")
    return picture, preview if preview and _digest(preview) == picture.preview else ""


def _digest(preview: str) -> str:
    return hashlib.sha256(preview.encode()).hexdigest()
