"""The class of all REST views. They answer alike in every project, whatever it says in `REST_FRAMEWORK`.

That setting belongs to the shop's own API: its errors, its renderers and who may use it. Search neither reads it nor asks for an
entry in it. Limits of its own (`access/limits`) count before a body is read; a shop adds throttles of REST framework by
`VISUAL_SEARCH["API_THROTTLES"]`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import DEFAULTS, IMPORT_STRINGS, APISettings
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from visual_search.access import keys, limits, pages
from visual_search.api import cors
from visual_search.conf import conf
from visual_search.errors import BadInput, said
from visual_search.models import ApiKey, Scope
from visual_search.querying import callers

# REST framework's defaults with our errors. It reads the project's settings in place of an empty dictionary.
_OWN = APISettings({"EXCEPTION_HANDLER": "visual_search.api.problems.exception_handler"}, DEFAULTS, IMPORT_STRINGS)


def json_of(request: Request, *, most: int, too_large: str, field: str = "body") -> Any:
    """The JSON of a body of at most so many bytes; `too_large` says what to do about a larger one. Raises BadInput."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > most:
        raise BadInput(too_large, field=field, code="too_large", status=413)
    try:
        return request.data
    except RecursionError:
        raise BadInput(said("The body is nested too deeply to be read."), field="body") from None


class StrictJSONParser(JSONParser):
    strict = True  # `NaN` and `Infinity` are no JSON.


class PlainJSONRenderer(JSONRenderer):
    ensure_ascii, compact, strict = False, True, True


class OwnNegotiation(DefaultContentNegotiation):
    settings = _OWN  # type: ignore[assignment] # The stubs know the class of the project's settings alone.


class SearchAPIView(APIView):
    """A view that everybody may ask, in JSON, or whoever has a key where the shop says so. It reads no session and no account,
    so it needs no CSRF token either."""

    settings = _OWN
    authentication_classes = []
    permission_classes = []
    throttle_classes = []  # See get_throttles.
    parser_classes = [StrictJSONParser]
    renderer_classes = [PlainJSONRenderer]
    content_negotiation_class = OwnNegotiation
    metadata_class = SimpleMetadata
    versioning_class = None
    # Our document is `openapi.json`; the one that a shop makes of its own views, by whatever package, leaves ours out.
    schema = None
    # Of `ScopedRateThrottle`: the shop's rate stands in REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] under this name.
    throttle_scope: ClassVar[str] = "visual_search"
    may_be_throttled: ClassVar[bool] = True
    # Which of VISUAL_SEARCH["LIMITS"] counts here.
    limit: ClassVar[str] = "search"
    # What a key must be good for; None for what is open to all, also where keys are required.
    scope: ClassVar[Scope | None] = Scope.SEARCH
    reads_keys: ClassVar[bool] = True
    from_pages: ClassVar[bool] = False  # The scripts of the shop's own pages ask here, without a key.
    key_headers: ClassVar[tuple[str, ...]] = ()  # further ones in which clients of this address send a key
    key: ApiKey | None = None
    left: limits.Left | None = None

    @classmethod
    def as_view(cls, **given: Any) -> Any:
        """Not in one transaction, though a shop may wish so for its own views (ATOMIC_REQUESTS): it would hold the counter of a
        limit until the answer is made, so that a second question of the same address waits for the first one's photo."""
        return transaction.non_atomic_requests(super().as_view(**given))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with callers.of(request.META):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if cors.is_preflight(request._request):
            self.charge(request)
            return
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """A key is all that is asked for. REST framework would load Django's accounts here, which a shop need not have."""
        if not self.reads_keys:
            return
        try:
            self.key = keys.admit(request._request, self.scope, from_pages=self.from_pages, headers=self.key_headers)
        except BadInput:
            self.charge(request)  # Who tries keys is limited, too.
            raise

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        if cors.is_preflight(request._request):
            return cors.preflight(request._request, self.allowed_methods)
        return super().options(request, *args, **kwargs)

    def check_throttles(self, request: Request) -> None:
        if self.may_be_throttled:
            self.charge(request)
        super().check_throttles(request)

    def charge(self, request: Request, cost: int = 1) -> None:
        """Count this for the one who asks. Raises TooOften. What costs more than a question is charged when the body is read."""
        self.left = limits.spend(self.limit, request._request, key=self.key, cost=cost) or self.left

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        if self.left is not None:
            for header, value in pages.headers(self.left).items():
                response.headers.setdefault(header, value)
        cors.mark(response, request._request, self.key)
        return super().finalize_response(request, response, *args, **kwargs)

    def get_throttles(self) -> list[BaseThrottle]:
        return [import_string(path)() for path in conf.API_THROTTLES] if self.may_be_throttled else []
