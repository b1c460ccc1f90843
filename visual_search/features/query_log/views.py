"""The page on which shoppers delete today's rows of their browser. Programs use the same address (`api.erase_mine`)."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from visual_search.access.pages import limited
from visual_search.conf import conf
from visual_search.features.query_log.api import OLDER_ROWS, erase_mine
from visual_search.features.query_log.consent import asker_of
from visual_search.features.query_log.erasure import erase_client
from visual_search.querying.uploads import in_memory


# A DELETE needs no CSRF token: a browser lets a page of another site send it only if this site allows that, which it doesn't,
# and no cookie is read. But every page may send a form, so `_page` checks the token of a POST.
@transaction.non_atomic_requests  # The counter of the limit would stay locked while rows are looked through.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
@limited("erase")
def me(request: HttpRequest) -> HttpResponse:
    """Delete the rows that can still be tied to this browser. DELETE is for programs, the page is for people."""
    return erase_mine(request) if request.method == "DELETE" else _page(request)


@in_memory
def _page(request: HttpRequest) -> HttpResponse:
    asker = asker_of(request)
    if request.method == "POST":
        erase_client(asker.material)
    context = {
        "base_template": conf.BASE_TEMPLATE,
        "opted_out": asker.opted_out,
        "erased": request.method == "POST",
        "older": OLDER_ROWS,
    }
    return render(request, "visual_search_query_log/me.html", context)
