"""The account's copy of a device's memory, as JSON: `GET` exports it, `POST` keeps it, `DELETE` erases it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from visual_search import registry
from visual_search.access.pages import limited
from visual_search.features.personalisation import accounts
from visual_search.privacy.keys import date_of
from visual_search.querying import parsing
from visual_search.querying.cards import cards
from visual_search.querying.uploads import in_memory
from visual_search.ranking.taste import MAX_BYTES
from visual_search.types import Card

MAX_BODY_BYTES = 4 * MAX_BYTES  # A browser may write the same JSON with spaces and escapes.


@limited("write", methods=("GET", "POST", "DELETE"))
@in_memory
@require_http_methods(["GET", "POST", "DELETE"])
def account(request: HttpRequest) -> HttpResponse:
    """Export, keep or erase the copy of the shopper who is signed in. The first `POST` is how a shopper opts in."""
    user = request.user
    if not user.is_authenticated:
        return private(JsonResponse({"detail": "Sign in first."}, status=401))
    if request.method == "GET":
        response = JsonResponse({"events": _export(user), "kept_for_days": accounts.KEPT_DAYS})
        response["Content-Disposition"] = 'attachment; filename="what-is-remembered.json"'
        return private(response)
    if request.method == "DELETE":
        receipt = {"erased": accounts.erase(user), "at": timezone.now().isoformat(), "receipt": str(uuid.uuid4())}
        return private(JsonResponse(receipt))
    if request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1":
        said = "Your browser asks not to be tracked (Global Privacy Control or Do Not Track), so the account keeps nothing."
        return private(JsonResponse({"detail": said}, status=403))
    return private(_keep(request))


def _keep(request: HttpRequest) -> JsonResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return JsonResponse({"detail": f"The body is over {MAX_BODY_BYTES} bytes."}, status=413)
    try:
        given = json.loads(request.body)
    # The last one: a form was sent, which the check of its token has read.
    except (ValueError, RecursionError, RawPostDataException):
        return JsonResponse({"detail": "The body is no JSON."}, status=400)
    if not isinstance(given, dict):
        return JsonResponse({"detail": 'The body must be {"events": [...]}.'}, status=400)
    taste = parsing.taste(given.get("events"))
    if taste.problem:
        return JsonResponse({"detail": f"The events can't be read: {taste.problem}."}, status=400)
    today = int(timezone.now().timestamp() // 86_400)
    events = [(event.id, event.kind, today - int(event.age_days)) for event in taste.events]
    kept = accounts.keep(request.user, events, replace=given.get("replace") is True)
    return JsonResponse({"events": kept})


def _export(user: Any) -> list[dict[str, str]]:
    """The copy as people read it: with titles beside the ids, and with dates in place of day numbers."""
    events = accounts.read(user)
    known: dict[str, Card] = cards(registry.default(), [id for id, _, _ in events], None)
    return [
        {
            "product": id,
            "title": known[id].title if id in known else "",
            "what": kind,
            "day": date_of(day).isoformat(),
        }
        for id, kind, day in events
    ]


def private(response: HttpResponse) -> HttpResponse:
    """The same response, marked so that no cache keeps it: it tells what one shopper did."""
    response["Cache-Control"] = "private, no-store"
    return response
