"""Errors in the forms that clients of other services read: Google's `google.rpc.Status`, and Algolia's message."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from visual_search.api.base import PlainJSONRenderer
from visual_search.api.problems import exception_handler
from visual_search.errors import BadInput, VisualSearchError
from visual_search.features.compatibility.bodies import clean

# HTTP status -> the name and the number of the code in google.rpc.Code. What isn't here is a bad argument.
_CODES = {
    401: ("UNAUTHENTICATED", 16),
    403: ("PERMISSION_DENIED", 7),
    404: ("NOT_FOUND", 5),
    405: ("UNIMPLEMENTED", 12),
    429: ("RESOURCE_EXHAUSTED", 8),
    501: ("UNIMPLEMENTED", 12),
    503: ("UNAVAILABLE", 14),
}
_INVALID = ("INVALID_ARGUMENT", 3)


class NotOffered(VisualSearchError):
    """A call that this shop doesn't offer; the message names it and says what to do instead."""

    code = "not_offered"


def status_of(error: BadInput) -> dict[str, Any]:
    """The `google.rpc.Status` that stands in an answer in place of results."""
    _, code = _CODES.get(error.status, _INVALID)
    return {"code": code, "message": clean(str(error))}


def google(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{"error": {"code": 400, "message": ..., "status": "INVALID_ARGUMENT"}}`; None leaves a bug of ours to Django."""
    if isinstance(error, NotOffered):
        return _answer(501, {"error": _google(501, str(error), "")}, None, context)
    refused = exception_handler(error, context)
    if refused is None or refused.data is None:
        return None
    said = refused.data
    # Google's clients know 400 for whatever is wrong with an argument.
    status = refused.status_code if refused.status_code in _CODES else 400
    return _answer(status, {"error": _google(status, said["detail"], said.get("field", ""))}, refused, context)


def algolia(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{"message": ..., "status": 400}`; None leaves a bug of ours to Django."""
    if isinstance(error, NotOffered):
        return _answer(404, {"message": str(error), "status": 404}, None, context)
    refused = exception_handler(error, context)
    if refused is None or refused.data is None:
        return None
    body = {"message": refused.data["detail"], "status": refused.status_code}
    return _answer(refused.status_code, body, refused, context)


def _google(status: int, message: str, field: str) -> dict[str, Any]:
    name, _ = _CODES.get(status, _INVALID)
    violation = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": field, "description": message}],
    }
    return {"code": status, "message": message, "status": name, **({"details": [violation]} if field else {})}


def _answer(status: int, body: dict[str, Any], refused: Response | None, context: dict[str, Any]) -> Response:
    # Retry-After and what else says when to come again, or how to be let in; what describes the body isn't ours to take over.
    kept = () if refused is None else (name for name in refused.headers if not name.startswith("Content-"))
    headers = {name: refused[name] for name in kept if refused is not None}
    request = context.get("request")
    if request is not None:
        # A client that asked for a form we don't speak still gets the error as JSON.
        request.accepted_renderer = PlainJSONRenderer()
        request.accepted_media_type = PlainJSONRenderer.media_type
    return Response(body, status=status, headers=headers)
