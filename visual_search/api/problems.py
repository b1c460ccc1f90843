"""Errors as problem details (RFC 9457, application/problem+json): every refusal says what, where and what to do next."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework.exceptions import APIException, Throttled
from rest_framework.response import Response

from visual_search.access import limits, pages
from visual_search.api.base import PlainJSONRenderer
from visual_search.errors import BadInput, Busy, EngineUnavailable, TooOften, VisualSearchError
from visual_search.translating import in_words

logger = logging.getLogger(__name__)


class ProblemRenderer(PlainJSONRenderer):
    media_type = "application/problem+json"


# What a problem's title may be, so that translators see it. RFC 9457: a title changes with the language alone.
_TITLES = {
    400: gettext_noop("Bad Request"),
    401: gettext_noop("Unauthorized"),
    403: gettext_noop("Forbidden"),
    404: gettext_noop("Not Found"),
    405: gettext_noop("Method Not Allowed"),
    406: gettext_noop("Not Acceptable"),
    413: gettext_noop("Content Too Large"),
    415: gettext_noop("Unsupported Media Type"),
    429: gettext_noop("Too Many Requests"),
    503: gettext_noop("Service Unavailable"),
}


def title(status: int) -> str:
    """What this status is called, in the language of the request."""
    return _(_TITLES.get(status) or HTTPStatus(status).phrase)


def problem(status: int, detail: str, *, code: str, field: str = "") -> dict[str, Any]:
    """The body of a problem."""
    # Half a surrogate pair, which JSON can smuggle in, may be quoted in the detail; no encoding can write it out.
    detail, field = (text.encode("utf-8", "replace").decode() for text in (detail, field))
    return {
        "type": f"urn:visual-search:{code}",
        "title": title(status),
        "status": status,
        "detail": detail,
        "code": code,
        **({"field": field} if field else {}),
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """What DRF answers for an error of a view; None leaves it to Django (a bug of ours, so a 500)."""
    described = _described(error)
    if described is None:
        return None
    body, headers = described
    response = Response(body, status=body["status"], headers=headers, content_type=ProblemRenderer.media_type)
    request = context.get("request")
    if request is not None:
        # A client that asked for a form we don't speak still gets the problem as JSON.
        request.accepted_renderer = ProblemRenderer()
        request.accepted_media_type = ProblemRenderer.media_type
    return response


def _described(error: Exception) -> tuple[dict[str, Any], dict[str, str]] | None:
    if isinstance(error, BadInput):
        headers = {"WWW-Authenticate": 'Bearer realm="search"'} if error.status == 401 else {}
        return problem(error.status, in_words(error), code=error.code, field=error.field), headers
    if isinstance(error, EngineUnavailable):
        logger.warning("Search can't answer: %s", error)
        return problem(503, _in_public(error), code=error.code), {"Retry-After": str(error.retry_after)}
    if isinstance(error, Busy):
        return problem(503, in_words(error), code=error.code), {"Retry-After": str(error.retry_after)}
    if isinstance(error, TooOften):
        left = pages.headers(limits.Left(error.most, 0, error.retry_after))
        return problem(429, in_words(error), code=error.code), {"Retry-After": str(error.retry_after), **left}
    if isinstance(error, VisualSearchError):
        logger.error("Search can't answer: %s", error)
        return problem(503, _in_public(error), code=error.code), {"Retry-After": "60"}
    if isinstance(error, OperationalError | InterfaceError):
        # The database restarts or can't be reached: nothing is wrong with the question.
        logger.error("The database can't answer.", exc_info=error)
        return problem(503, _("The shop can't answer at the moment. Please try again."), code="database"), {
            "Retry-After": "5"
        }
    if isinstance(error, RequestDataTooBig):
        return problem(413, in_words(error), code="too_large"), {}
    if isinstance(error, MultiPartParserError | SuspiciousOperation | UnicodeError):
        return problem(
            400, _("The request can't be read: %(reason)s") % {"reason": error}, code="unreadable_request"
        ), {}
    if isinstance(error, Http404):
        return problem(404, str(error) or _("There is nothing at this address."), code="not_found"), {}
    if isinstance(error, PermissionDenied):
        return problem(403, _("That isn't allowed."), code="forbidden"), {}
    if isinstance(error, APIException):
        return _of_rest_framework(error)
    return None


def _in_public(error: VisualSearchError) -> str:
    # What an owner needs to know names hosts, folders and settings: it goes to the log, not to the public.
    return str(error) if settings.DEBUG else _("Search can't answer at the moment. Please try again later.")


def _of_rest_framework(error: APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if isinstance(error, Throttled) and (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    code = error.get_codes()
    detail = error.detail
    return (
        problem(
            error.status_code,
            str(detail)
            if isinstance(detail, str)
            else "; ".join(f"{key}: {value}" for key, value in dict(detail).items())
            if isinstance(detail, dict)
            else "; ".join(map(str, detail)),
            code=code if isinstance(code, str) else "invalid",
        ),
        headers,
    )


def not_found(detail: str) -> JsonResponse:
    """A problem for addresses below the API that no view serves."""
    return JsonResponse(problem(404, detail, code="not_found"), status=404, content_type=ProblemRenderer.media_type)
