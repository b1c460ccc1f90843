"""Taking back today's rows, and the shop's word on Global Privacy Control."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from visual_search.features.query_log.consent import asker_of
from visual_search.features.query_log.erasure import erase_client

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


@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """`/.well-known/gpc.json`: this site honours Global Privacy Control."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE})
