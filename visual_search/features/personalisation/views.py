"""The page that shows shoppers what their device remembers, and the account's copy of it."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from multilingual.languages import base_code
from visual_search.conf import conf
from visual_search.features.personalisation import accounts
from visual_search.querying import parsing
from visual_search.querying.cards import cards
from visual_search.ranking.taste import MAX_BYTES
from visual_search.types import Card

COLLECTION = "products"
MAX_BODY = 4 * MAX_BYTES  # JSON that a browser wrote with spaces and escapes


@require_safe
@ensure_csrf_cookie
def memory(request: HttpRequest) -> HttpResponse:
    """The page is the same for everybody; the browser fills it from its own memory."""
    context = {"base_template": conf.BASE_TEMPLATE, "account": _account(request)}
    return _private(render(request, "visual_search_personalisation/memory.html", context))


@require_POST
@csrf_protect
def shown(request: HttpRequest) -> HttpResponse:
    """The remembered things as a list to look at. What was sent is forgotten with the answer."""
    taste = parsing.taste(request.POST.get("taste"))
    language = base_code(getattr(request, "LANGUAGE_CODE", None))
    known = cards(COLLECTION, [event.id for event in taste.events], language)
    today = timezone.now().date()
    rows = [
        {"id": event.id, "card": known.get(event.id), "kind": event.kind, "day": today - timedelta(days=event.age_days)}
        for event in reversed(taste.events)
    ]
    return _private(
        render(request, "visual_search_personalisation/shown.html", {"rows": rows, "problem": taste.problem})
    )


@require_http_methods(["GET", "POST", "DELETE"])
@csrf_protect
def account(request: HttpRequest) -> HttpResponse:
    """GET exports, POST opts in or brings the copy up to date, DELETE erases. For the one who is signed in."""
    user = request.user
    if not user.is_authenticated:
        return _private(JsonResponse({"detail": "Sign in first."}, status=401))
    if request.method == "GET":
        response = JsonResponse({"events": _export(user), "kept_for_days": accounts.KEPT_DAYS})
        response["Content-Disposition"] = 'attachment; filename="what-is-remembered.json"'
        return _private(response)
    if request.method == "DELETE":
        receipt = {"erased": accounts.erase(user), "at": timezone.now().isoformat(), "receipt": str(uuid.uuid4())}
        return _private(JsonResponse(receipt))
    if request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1":
        said = "Your browser asks not to be tracked (Global Privacy Control or Do Not Track), so the account keeps nothing."
        return _private(JsonResponse({"detail": said}, status=403))
    return _private(_keep(request))


def _keep(request: HttpRequest) -> JsonResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return JsonResponse({"detail": f"The body is over {MAX_BODY} bytes."}, status=413)
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError):
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
    """As people read it."""
    events = accounts.read(user)
    known: dict[str, Card] = cards(COLLECTION, [id for id, _, _ in events], None)
    return [
        {
            "product": id,
            "title": known[id].title if id in known else "",
            "what": kind,
            "day": (date(1970, 1, 1) + timedelta(days=day)).isoformat(),
        }
        for id, kind, day in events
    ]


def _account(request: HttpRequest) -> str:
    """'' for a visitor, else whether the account keeps a copy."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ""
    return "on" if accounts.opted_in(user) else "off"


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
