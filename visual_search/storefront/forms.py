"""Reads the search box and the results form into a `Query`. Both are plain HTML forms, which work without JavaScript."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from multilingual.languages import base_code
from multilingual.prices import without_gaps
from visual_search import registry, wiring
from visual_search.access import limits, query_ids, wishes
from visual_search.conf import conf
from visual_search.errors import BadInput
from visual_search.imaging.regions import WHOLE
from visual_search.querying import parsing, tokens, uploads
from visual_search.storefront import filters, showcase
from visual_search.storefront.cutting import CutOut
from visual_search.types import Query, QueryPicture

READ = "read"  # in `without`: a part of the words that became a filter
MOST_PHRASES = 8  # chips of words; what is more goes with the last one
EVEN = 50  # percent: photo and words weigh the same
LEAST_MIX = 10  # percent: what weighs nothing would be no part of the question, and its chip says that it is one
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
    phrases: tuple[str, ...] = ()  # the words as they were added one after the other, each a chip beside a photo
    mix: int = EVEN  # percent that the words weigh beside the photo
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
    split = [
        parsing.words_and_not(text, language, currency, joins=bool(picture or number))
        for number, text in enumerate(_phrases(data))
    ]
    phrases = tuple(dict.fromkeys(said for said, _not in split if said))
    words = parsing.words(" ".join(phrases))
    words_not = tuple(phrase for _said, phrases_not in split for phrase in phrases_not)
    mix, mix_faults = _mix(data) if picture and words else (EVEN, [])
    if picture:
        picture = replace(picture, weight=2 - mix * 2 / 100)
    # A memory is never read from an address: the browser's history or a log would keep it.
    taste = parsing.taste(data.get("taste") if request.method == "POST" else None)
    return Asked(
        query=Query(
            collection=collection,
            pictures=(_narrowed(picture, data.get("part", "")),) if picture else (),
            words=words,
            words_weight=mix * 2 / 100,
            words_not=tuple(dict.fromkeys((*words_not, *filter(None, map(parsing.words, data.getlist("q_not")))))),
            beside=(of,) if picture and (of := data.get("of", "")) else (),
            unlike=tuple(dict.fromkeys(id for id in data.getlist("unlike") if id)),
            language=language,
            filters=filtered.rules,
            sort=sort,
            page=page,
            page_size=conf.PAGE_SIZE,
            pages_of=_pages_of(request, data, page),
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
        faults=(*filtered.faults, *sort_faults, *page_faults, *mix_faults),
        phrases=phrases,
        mix=mix,
        shows=data.get("shows", "") if request.method == "POST" else "",
        cut=cut,
    )


def _remove(data: QueryDict) -> None:
    """Take out what a chip's button names (`without=name=value`), though the form still has it.

    The field isn't called "remove": that would hide the form's own `remove()` from scripts, and htmx calls it.
    """
    for pair in data.getlist("without"):
        name, _sign, value = pair.partition("=")
        if name == READ:
            _unread(data, value)
        elif name == "photo_token" or not value:
            data.pop(name, None)
            for more in ("preview", "part", "shot", "cut", "of") if name == "photo_token" else ():
                data.pop(more, None)
        else:
            data.setlist(name, [kept for kept in data.getlist(name) if kept != value])


def _unread(data: QueryDict, text: str) -> None:
    """Take a text out of the words; it may have been read across two of their phrases."""
    phrases = data.getlist("q")
    if not any(text in phrase for phrase in phrases):
        phrases = [" ".join(phrases)]
    place = next((number for number, phrase in enumerate(phrases) if text in phrase), None)
    if place is not None:
        phrases[place] = without_gaps(phrases[place].replace(text, " ", 1))
    data.setlist("q", phrases)


def _pages_of(request: HttpRequest, data: QueryDict, page: int) -> str | None:
    """The answer that this page goes on from, "" for a new one; None where the shopper wants no note of it, and where a later
    page doesn't say the answer, or not one of this shop.
    """
    if wishes.opted_out(request):
        return None
    # The buttons of pages alone send one; with other filters or words it is a new answer.
    if "page" in data:
        with suppress(ValueError, BadInput):
            first = UUID(data.get("first", ""))
            query_ids.refuse_foreign(first, field="first")
            return str(first)
    return "" if page == 1 else None


def _phrases(data: QueryDict) -> list[str]:
    """The words of the form, each field one phrase. Beside a photo, what the field adds is called `more`, and comes last."""
    sent = [text for text in (*data.getlist("q"), *data.getlist("more")) if text.strip()]
    return [*sent[: MOST_PHRASES - 1], " ".join(sent[MOST_PHRASES - 1 :])]


def _mix(data: QueryDict) -> tuple[int, list[str]]:
    """How many percent the words weigh beside the photo, and what is wrong with the number that was sent."""
    sent = data.get("mix", "") or str(EVEN)
    if sent.isascii() and sent.isdigit() and len(sent) <= 3 and LEAST_MIX <= int(sent) <= 100 - LEAST_MIX:
        return int(sent), []
    fault = _(
        "“%(mix)s” can't be the weight of the words: it is a whole number from %(least)s to %(most)s. Both weigh the same here."
    )
    return EVEN, [fault % {"mix": sent[:40], "least": LEAST_MIX, "most": 100 - LEAST_MIX}]


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
