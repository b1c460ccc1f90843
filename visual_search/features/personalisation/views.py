"""The page on which shoppers see what their device remembers."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from multilingual.languages import base_code
from visual_search import registry
from visual_search.access.pages import limited
from visual_search.conf import conf
from visual_search.features.personalisation import accounts
from visual_search.features.personalisation.api import private
from visual_search.querying import parsing
from visual_search.querying.cards import cards
from visual_search.querying.uploads import in_memory


# Nothing is changed here, so Django needn't read a form that somebody sends to look for a token in it.
@csrf_exempt
@require_safe
@ensure_csrf_cookie
def memory(request: HttpRequest) -> HttpResponse:
    """The page. The server sends the same page to everybody; the browser fills it from its own memory."""
    context = {"base_template": conf.BASE_TEMPLATE, "account": _account(request)}
    return private(render(request, "visual_search_personalisation/memory.html", context))


@limited("write")
@in_memory
@require_POST
def shown(request: HttpRequest) -> HttpResponse:
    """The list for that page: the products that the browser sent, with their titles and pictures. Nothing of it is kept."""
    taste = parsing.taste(request.POST.get("taste"))
    language = base_code(getattr(request, "LANGUAGE_CODE", None))
    known = cards(registry.default(), [event.id for event in taste.events], language)
    today = timezone.now().date()
    rows = [
        {"id": event.id, "card": known.get(event.id), "kind": event.kind, "day": today - timedelta(days=event.age_days)}
        for event in reversed(taste.events)
    ]
    context = {"rows": rows, "problem": taste.problem}
    return private(render(request, "visual_search_personalisation/shown.html", context))


def _account(request: HttpRequest) -> str:
    """'' for a visitor who isn't signed in; else "on" or "off": whether the account keeps a copy."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ""
    return "on" if accounts.opted_in(user) else "off"
