"""Taking back today's rows, noting what was done with an answer, and the shop's word on Global Privacy Control."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from visual_search.features.query_log.collecting import ACTIONS, buffer
from visual_search.features.query_log.consent import asker_of
from visual_search.features.query_log.erasure import erase_client

MAX_BODY = 1024
MAX_POSITION = 10_000
GPC_SINCE = "2026-11-25"


# No cookie and no account is read here, so there is nothing that another site's form could abuse.
@csrf_exempt
@never_cache
@require_http_methods(["DELETE"])
def me(request: HttpRequest) -> HttpResponse:
    """Delete what can still be tied to this browser, and say why nothing older can."""
    erased = erase_client(asker_of(request).material)
    return JsonResponse(
        {
            "erased": erased,
            "older": "Questions of earlier days can't be tied to a browser by anybody: the key was destroyed.",
        }
    )


@csrf_exempt
@never_cache
@require_POST
def event(request: HttpRequest) -> HttpResponse:
    """`{"query_id", "action_name", "object_id", "position"}`: 204, or 400 with what is wrong."""
    try:
        values = _event(request)
    except ValueError as problem:
        return JsonResponse({"detail": str(problem)}, status=400)
    buffer.event(**values, opted_out=asker_of(request).opted_out)
    return HttpResponse(status=204)


@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """`/.well-known/gpc.json`: this site honours Global Privacy Control."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE})


def _event(request: HttpRequest) -> dict[str, Any]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        raise ValueError(f"The body is over {MAX_BODY} bytes; send one event.")
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError):
        raise ValueError("The body is no JSON.") from None
    if not isinstance(given, dict):
        raise ValueError("The body must be an object.")
    action, object_id, position = given.get("action_name"), given.get("object_id"), given.get("position")
    if action not in ACTIONS:
        raise ValueError(f"action_name is {str(action)[:40]!r}; it may be {', '.join(ACTIONS)}.")
    if not isinstance(object_id, str) or not 1 <= len(object_id) <= 200:
        raise ValueError("object_id must be the id of a hit.")
    if position is not None and (type(position) is not int or not 1 <= position <= MAX_POSITION):
        raise ValueError(f"position is {str(position)[:40]!r}; it counts from 1.")
    try:
        query_id = UUID(str(given.get("query_id")))
    except ValueError:
        raise ValueError("query_id must be that of an answer.") from None
    return {"query_id": query_id, "action": action, "object_id": object_id, "position": position}
