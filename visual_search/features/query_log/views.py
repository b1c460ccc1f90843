"""Taking back today's rows, and the shop's word on Global Privacy Control."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from visual_search.conf import conf
from visual_search.features.query_log.consent import asker_of
from visual_search.features.query_log.erasure import erase_client

GPC_SINCE = "2026-11-25"
OLDER = gettext_lazy("Questions of earlier days can't be tied to a browser by anybody: the key was destroyed.")


# A DELETE from another site's page needs that site's leave from this one, which it hasn't; no cookie is read, either. A form
# could come from anywhere, so the POST is protected, one call below.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
def me(request: HttpRequest) -> HttpResponse:
    """Delete what can still be tied to this browser, and say why nothing older can: DELETE for programs, a page for people."""
    if request.method != "DELETE":
        return _page(request)
    return JsonResponse({"erased": erase_client(asker_of(request).material), "older": str(OLDER)})


@csrf_protect
def _page(request: HttpRequest) -> HttpResponse:
    asker = asker_of(request)
    context = {
        "base_template": conf.BASE_TEMPLATE,
        "opted_out": asker.opted_out,
        "erased": erase_client(asker.material) if request.method == "POST" else None,
        "older": OLDER,
    }
    return render(request, "visual_search_query_log/me.html", context)


@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """`/.well-known/gpc.json`: this site honours Global Privacy Control."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE})
