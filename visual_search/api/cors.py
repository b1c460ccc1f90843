"""What a browser must hear so that a page of another site may use a key and read the answer (CORS)."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.response import Response

from visual_search.models import ApiKey

EXPOSED = "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"
LASTS = 600  # seconds in which the browser doesn't ask again


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks, before the question itself, what it may send. It sends no key then."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight(request: HttpRequest, methods: Iterable[str]) -> Response:
    """Yes for the origins that living keys name; for others the browser reads no answer as a no."""
    response = Response(status=204)
    origin = request.headers.get("Origin", "")
    if any(origin in key.origins for key in ApiKey.objects.living().exclude(origins=[])):
        _allow(response, origin)
        response["Access-Control-Allow-Methods"] = ", ".join(methods)
        # Whatever its client sends beside: which headers are read is the view's business, and no cookie comes along.
        response["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", "")
        response["Access-Control-Max-Age"] = str(LASTS)
    patch_vary_headers(response, ["Origin"])
    return response


def mark(response: HttpResponseBase, request: HttpRequest, key: ApiKey | None) -> None:
    """Let the page read the answer to a question with its key."""
    if key is None or not key.origins:
        return
    origin = request.headers.get("Origin", "")
    if origin in key.origins:
        _allow(response, origin)
        response["Access-Control-Expose-Headers"] = EXPOSED
    patch_vary_headers(response, ["Origin"])


def _allow(response: HttpResponseBase, origin: str) -> None:
    # Never "*", and no cookies: each page is let in by its name.
    response["Access-Control-Allow-Origin"] = origin
