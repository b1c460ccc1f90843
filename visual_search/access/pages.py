"""What somebody reads who asks a page too often: words for people, a problem (RFC 9457) for programs."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from visual_search.access import limits
from visual_search.conf import conf
from visual_search.errors import TooOften
from visual_search.translating import in_words

View = Callable[..., HttpResponse]
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def limited(name: str, *, methods: Collection[str] = CHANGING) -> Callable[[View], View]:
    """Decorates a view of Django's that costs much or writes: requests with these methods count for the limit of this name."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if request.method in methods:
                try:
                    limits.spend(name, request)
                except TooOften as error:
                    return refusal(request, error)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate


def refusal(request: HttpRequest, error: TooOften, said: str = "") -> HttpResponse:
    """The answer 429. Browsers say that they want a page; whoever doesn't is a program. `said`: what people read, if not the
    usual words.
    """
    if "text/html" in request.headers.get("Accept", ""):
        context = {"base_template": conf.BASE_TEMPLATE, "heading": heading(), "message": said or message(error)}
        response = render(request, "visual_search/too_often.html", context, status=429)
    else:
        body = {
            "type": f"urn:visual-search:{error.code}",
            "title": _("Too Many Requests"),
            "status": 429,
            "detail": in_words(error),
            "code": error.code,
        }
        response = JsonResponse(body, status=429, content_type="application/problem+json")
    response["Cache-Control"] = "private, no-store"
    return mark(response, error)


def mark(response: HttpResponse, error: TooOften) -> HttpResponse:
    """Say in its headers when to come again."""
    for header, value in headers(limits.Left(error.most, 0, error.retry_after)).items():
        response[header] = value
    response["Retry-After"] = str(error.retry_after)
    return response


def headers(left: limits.Left) -> dict[str, str]:
    """The three fields that clients have long read. The IETF's draft has changed their form since, and may again."""
    return {
        "RateLimit-Limit": str(left.most),
        "RateLimit-Remaining": str(left.remaining),
        "RateLimit-Reset": str(left.reset),
    }


def heading() -> str:
    return _("Too often")


def message(error: TooOften) -> str:
    """What a person reads."""
    said = _("More was asked from your network than we can answer. Please try again in %(wait)s.")
    return said % {"wait": wait(error)}


def wait(error: TooOften) -> str:
    """In how long to try again: in minutes where it takes long."""
    if error.retry_after < 120:
        return ngettext("%(count)d second", "%(count)d seconds", error.retry_after) % {"count": error.retry_after}
    minutes = math.ceil(error.retry_after / 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
