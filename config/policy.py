"""Sends the shop's Content-Security-Policy with every answer (docs/how-to/content-security-policy.md)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

# Django's own pages for these, while DEBUG is on, have their style and script inside.
_EXPLAINED_BY_DJANGO = (404, 500)


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Django has one from 6.0 on, in `django.middleware.csp`; this one also serves 5.2, and goes with it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # What a view says of its own answer is stricter: a picture that somebody uploaded is only shown.
        if not (settings.DEBUG and response.status_code in _EXPLAINED_BY_DJANGO):
            response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response
