"""Reads a REST request, multipart or JSON, into a `Query`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework.request import Request

from visual_search import asking, wiring
from visual_search.conf import conf
from visual_search.errors import BadInput
from visual_search.types import Query, QueryPicture

PARAMETERS = (
    "image", "q", "filters", "lang", "page", "page_size", "sort", "like", "photo_token", "facets", "explain",
)  # fmt: skip


def query_from(request: Request, *, collection: str = "products") -> Query:
    """The question that this request asks. Raises BadInput for anything that isn't as documented."""
    data = request.query_params if request.method == "GET" else request.data
    if not isinstance(data, Mapping):
        raise BadInput('The body must be an object, such as {"q": "red chair"}.', field="body")
    asking.refuse_unknown(data, PARAMETERS)
    schema = wiring.schema(collection)
    return Query(
        collection=collection,
        pictures=_pictures(data),
        words=asking.words(_text(data, "q")),
        like=tuple(_texts(data, "like")),
        language=_text(data, "lang") or None,
        filters=asking.filters(_filters(data), schema),
        sort=_text(data, "sort") or "relevance",
        page=asking.whole_number(data.get("page"), field="page", default=1),
        page_size=asking.whole_number(data.get("page_size"), field="page_size", default=conf.PAGE_SIZE),
        facets=tuple(_texts(data, "facets")) if "facets" in data else None,
        explain=_flag(data, "explain"),
    )


def _pictures(data: Mapping[str, Any]) -> tuple[QueryPicture, ...]:
    image, token = data.get("image"), _text(data, "photo_token")
    if image not in (None, "") and token:
        raise BadInput("Send either image or photo_token, not both.", field="photo_token")
    if token:
        return (asking.photo_from_token(token),)
    if isinstance(image, UploadedFile):
        return (asking.photo(image.read(), name=image.name or ""),)
    if "image" not in data:
        return ()
    if not isinstance(image, str):
        raise BadInput(f"image is {repr(image)[:60]}; send a file, or its bytes as base64 text.", field="image")
    return (asking.photo_from_base64(image),)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{name} is {repr(value)[:60]}; it must be a text.", field=name)
    return value


def _texts(data: Mapping[str, Any], name: str) -> list[str]:
    value = data.get(name)
    if value in (None, ""):
        return []
    values = value if isinstance(value, list) else str(value).split(",")
    if not all(isinstance(part, str | int) and not isinstance(part, bool) for part in values) or len(values) > 20:
        raise BadInput(f"{name} is {repr(value)[:60]}; it must be a list of at most 20 texts.", field=name)
    return [str(part).strip() for part in values if str(part).strip()]


def _filters(data: Mapping[str, Any]) -> Any:
    value = data.get("filters")
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"filters is no valid JSON ({str(error)[:80]}).", field="filters") from error


def _flag(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name, False)
    if value in (True, False, "true", "false", "1", "0", ""):
        return value in (True, "true", "1")
    raise BadInput(f"{name} is {repr(value)[:60]}; it must be true or false.", field=name)
