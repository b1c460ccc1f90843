"""Reads a REST request, multipart or JSON, into a `Query`."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.request import Request

from multilingual.languages import base_code
from visual_search import registry, wiring
from visual_search.access import limits
from visual_search.conf import conf
from visual_search.errors import BadInput, said
from visual_search.querying import parsing, tokens, uploads
from visual_search.querying.parsing import MOST_WEIGHT
from visual_search.suggesting import LIMIT, Typed
from visual_search.types import Query, QueryPicture

Charge = Callable[[int], object]

PARAMETERS = (
    "collection", "q", "filters", "lang", "page", "page_size", "sort", "like", "facets", "disjunctive", "explain", "read",
    "image", "photo_token", "box", "object", "point", "proposals", "pictures", "q_weight", "q_not", "unlike", "spell",
    "understand", "taste", "image_url",
)  # fmt: skip
# Filters, orders and ids belong to one collection, so a question to several has none.
GROUPED = (
    "collections", "q", "lang", "page_size", "q_weight", "q_not", "spell", "understand", "read", "image", "photo_token", "box",
    "object", "point", "pictures", "image_url",
)  # fmt: skip
# An address ends up in logs and histories, so neither a photo nor what a device remembers can travel in it.
PHOTO = ("image", "image_url", "photo_token", "box", "object", "point", "pictures")
POST_ONLY = (*PHOTO, "proposals", "read", "taste")
SHAREABLE = tuple(name for name in PARAMETERS if name not in POST_ONLY)
SIMILAR = ("page", "page_size")
SHAREABLE_GROUPED = tuple(name for name in GROUPED if name not in POST_ONLY)
SUGGEST = ("collection", "q", "lang", "limit")


def query_from(request: Request, charge: Charge) -> Query:
    """The question that this request asks. Raises BadInput for anything that isn't as documented.

    `charge` counts what a link costs before it is followed, and raises TooOften.
    """
    return _query(_given(request, PARAMETERS, SHAREABLE), charge)


def grouped_from(request: Request, charge: Charge) -> tuple[Query, list[str]]:
    """The question that this request asks several collections, and these. Raises BadInput as `query_from`."""
    data = _given(request, GROUPED, SHAREABLE_GROUPED)
    names = dict.fromkeys(_texts(data, "collections"))
    collections = [parsing.collection(name, field="collections") for name in names] or registry.public()
    return _query(data, charge), collections


def _given(request: Request, known: Sequence[str], shareable: Sequence[str]) -> Mapping[str, Any]:
    if request.method == "POST":
        data = _body(request)
        parsing.refuse_unknown(data, known)
        return data
    data = request.query_params
    if not set(PHOTO).isdisjoint(data):
        raise BadInput(said("A photo must be sent by POST, never in an address."), field="image", code="post_only")
    if "taste" in data:
        raise BadInput(said("taste must be sent by POST, never in an address."), field="taste", code="post_only")
    parsing.refuse_unknown(data, shareable)
    return data


def _query(data: Mapping[str, Any], charge: Charge) -> Query:
    collection = parsing.collection(_text(data, "collection"))
    schema = wiring.schema(collection).told
    taste = parsing.taste(data.get("taste"))
    language = _language(data)
    words, words_not = parsing.words_and_not(_text(data, "q"), language, registry.source(collection).currency)
    like, like_weights = parsing.weighted_ids(_listed(data, "like"), field="like")
    unlike, unlike_weights = parsing.weighted_ids(_listed(data, "unlike"), field="unlike")
    return Query(
        collection=collection,
        pictures=_pictures(data) or _linked(data, charge),
        words=words,
        words_weight=parsing.weight(data.get("q_weight"), field="q_weight"),
        words_not=(*words_not, *(parsing.words(phrase) for phrase in _texts(data, "q_not"))),
        like=like,
        unlike=unlike,
        like_weights=like_weights | unlike_weights,
        language=language,
        filters=parsing.filters(_filters(data), schema),
        sort=_text(data, "sort") or "relevance",
        page=parsing.whole_number(data.get("page"), field="page", default=1),
        page_size=parsing.whole_number(data.get("page_size"), field="page_size", default=conf.PAGE_SIZE),
        facets=tuple(_texts(data, "facets")) if data.get("facets") is not None else None,
        disjunctive=_flag(data, "disjunctive"),
        explain=_flag(data, "explain"),
        proposals=_flag(data, "proposals"),
        read=_flag(data, "read", default=True),
        spell=_flag(data, "spell", default=True),
        understand=_flag(data, "understand", default=True),
        taste=taste.events,
        taste_problem=taste.problem,
    )


def typed_from(request: Request) -> Typed:
    """What is being typed, in the language that `lang` says or else the request. Raises BadInput as `query_from`."""
    data = request.query_params
    parsing.refuse_unknown(data, SUGGEST)
    language = _language(data) or base_code(getattr(request, "LANGUAGE_CODE", None))
    words, words_not = parsing.words_and_not(_text(data, "q"), language)
    limit = parsing.whole_number(data.get("limit"), field="limit", default=LIMIT)
    return Typed(words, words_not, language, limit, parsing.collection(_text(data, "collection")))


def _body(request: Request) -> Mapping[str, Any]:
    request._request.upload_handlers = [uploads.PhotoUploadHandler(request._request)]
    charset = request._request.encoding
    if charset and codecs.lookup(charset).name not in ("utf-8", "ascii"):
        raise BadInput(
            said("The body is in %(charset)s; send it in UTF-8.", charset=charset[:40]),
            field="body",
            code="charset",
            status=415,
        )
    if not int(request.META.get("CONTENT_LENGTH") or 0):
        raise _empty_body(said("The body is empty."))
    if not (request.content_type or "").startswith("multipart/"):
        uploads.refuse_too_large(int(request.META.get("CONTENT_LENGTH") or 0))
    try:
        data = request.data
    except RecursionError:
        raise BadInput(said("The body is nested too deeply to be read."), field="body") from None
    if isinstance(data, QueryDict) and not data:
        raise _empty_body(said("The form has no field; its boundary may be another than the Content-Type's."))
    if not isinstance(data, Mapping):
        raise BadInput(said('The body must be an object, such as {"q": "red chair"}.'), field="body")
    return data


def _empty_body(what: str) -> BadInput:
    # A client that lost its photo on the way must not take the whole shop for its answer.
    return BadInput(
        said("%(what)s Send a photo as `image`, words as `q`, or the JSON `{}` to list everything.", what=what),
        field="body",
        code="empty_body",
    )


def _pictures(data: Mapping[str, Any]) -> tuple[QueryPicture, ...]:
    """The photos that were sent; none where a link came in place of them."""
    if data.get("image_url") not in (None, ""):
        if not {"image", "photo_token", "pictures"}.isdisjoint(data):
            raise BadInput(said("Send either image_url, or a photo by another parameter."), field="image_url")
        return ()
    if "pictures" in data:
        if not set(PHOTO[:-1]).isdisjoint(data):
            raise BadInput(said("Send either pictures, or one photo by image or photo_token."), field="pictures")
        return _several(data["pictures"])
    files = data.getlist("image") if isinstance(data, QueryDict) else []
    if len(files) > 1:
        if not {"photo_token", "box", "object", "point"}.isdisjoint(data):
            raise BadInput(
                said("box, object, point and photo_token go with one photo; send several as pictures."), field="image"
            )
        pictures = (_picture({"image": file}) for file in _within(files, "image"))
        return tuple(picture for picture in pictures if picture is not None)
    picture = _picture(data)
    return () if picture is None else (picture,)


def _linked(data: Mapping[str, Any], charge: Charge) -> tuple[QueryPicture, ...]:
    """The photo behind `image_url`. One a question: each may take as long as PHOTO_LINK_SECONDS."""
    link = _text(data, "image_url").strip()
    if not link:
        return ()
    part = _part(data)
    charge(limits.LINK)
    return (replace(uploads.photo_from_link(link), **part),)


def _several(raw: Any) -> tuple[QueryPicture, ...]:
    """`[{"image": "...", "weight": 2}, {"photo_token": "...", "object": 1}]`, in JSON or as JSON in a form's field."""
    value = _from_json(raw, "pictures")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadInput(
            said("pictures is %(value)s; it must be a list of objects.", value=repr(value)[:60]), field="pictures"
        )
    pictures = []
    for number, item in enumerate(_within(value, "pictures")):
        where = f"pictures.{number}"
        try:
            parsing.refuse_unknown(item, ("image", "photo_token", "box", "object", "point", "weight"))
            picture = _picture(item)
        except BadInput as error:
            error.field = f"{where}.{error.field}"
            raise
        if picture is None:
            raise BadInput(said("%(where)s has neither image nor photo_token.", where=where), field=where)
        pictures.append(
            replace(picture, weight=parsing.weight(item.get("weight"), field=f"{where}.weight", least=-MOST_WEIGHT))
        )
    return tuple(pictures)


def _within(items: list[Any], name: str) -> list[Any]:
    if len(items) > parsing.PICTURES:
        raise BadInput(
            said(
                "%(name)s has %(count)s photos; at most %(most)s are allowed.",
                name=name,
                count=len(items),
                most=parsing.PICTURES,
            ),
            field=name,
        )
    return items


def _picture(data: Mapping[str, Any]) -> QueryPicture | None:
    part = _part(data)
    picture = _photo(data)
    if picture is not None:
        return replace(picture, **part)
    for name, chosen in zip(("box", "object", "point"), part.values(), strict=True):
        if chosen is not None:
            raise BadInput(said("%(name)s names a part of a photo; send the photo too.", name=name), field=name)
    return None


def _part(data: Mapping[str, Any]) -> dict[str, Any]:
    """Which part of the photo is chosen, as `QueryPicture` calls it."""
    return {
        "box": parsing.box(data.get("box")),
        "thing": parsing.object_number(data.get("object")),
        "point": parsing.point(data.get("point")),
    }


def _photo(data: Mapping[str, Any]) -> QueryPicture | None:
    image, token = data.get("image"), _text(data, "photo_token")
    if image not in (None, "") and token:
        raise BadInput(said("Send either image or photo_token, not both."), field="photo_token")
    if token:
        return tokens.photo_from_token(token)
    if isinstance(image, UploadedFile):
        return uploads.uploaded(image)
    if "image" not in data:
        return None
    if not isinstance(image, str):
        raise BadInput(
            said("image is %(value)s; send a file, or its bytes as base64 text.", value=repr(image)[:60]), field="image"
        )
    return uploads.photo_from_base64(image)


def _language(data: Mapping[str, Any]) -> str | None:
    return parsing.language(_text(data, "lang"))


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if isinstance(value, UploadedFile):
        raise BadInput(said("%(name)s came as a file; send it as a field of text.", name=name), field=name)
    return parsing.text(value, field=name)


def _texts(data: Mapping[str, Any], name: str) -> list[str]:
    value = data.get(name)
    if value in (None, ""):
        return []
    values = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    if not all(isinstance(part, str | int) and not isinstance(part, bool) for part in values) or len(values) > 50:
        raise BadInput(
            said("%(name)s is %(value)s; it must be a list of at most 50 texts.", name=name, value=repr(value)[:60]),
            field=name,
        )
    return [str(part).strip() for part in values if str(part).strip()]


def _listed(data: Mapping[str, Any], name: str) -> list[Any]:
    """Ids as texts, or objects with `id` and `weight` (JSON alone)."""
    value = data.get(name)
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        if len(value) > 50:
            raise BadInput(
                said("%(name)s has %(count)s entries; at most 50 are read.", name=name, count=len(value)), field=name
            )
        return value
    return list(_texts(data, name))


def _filters(data: Mapping[str, Any]) -> Any:
    return _from_json(data.get("filters"), "filters")


def _from_json(value: Any, name: str) -> Any:
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            said("%(name)s is no valid JSON (%(error)s).", name=name, error=str(error)[:80]), field=name
        ) from error


def _flag(data: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = data.get(name)
    if value is None:
        return default
    given = value.lower() if isinstance(value, str) else value  # Python's clients write `False` into a form.
    if given in (True, False, "true", "false", "1", "0", ""):
        return given in (True, "true", "1")
    raise BadInput(
        said("%(name)s is %(value)s; it must be true or false.", name=name, value=repr(value)[:60]), field=name
    )
