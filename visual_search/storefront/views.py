"""The results page and "similar products"."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from multilingual.languages import base_code
from visual_search import registry, search, wiring
from visual_search.access import limits, pages
from visual_search.conf import conf
from visual_search.errors import BadInput, Busy, TooOften, VisualSearchError
from visual_search.querying import callers, tokens, uploads
from visual_search.storefront import cutting, facets, filters, forms, showing, teaching, trails
from visual_search.translating import in_words
from visual_search.types import Page, Query

logger = logging.getLogger(__name__)

SIMILAR_SHOWN = 12  # tiles in the strip of a product page: two rows of six


# Django checks the CSRF token in `_results` and not here: the check reads the form, and by then the handler of the photo must
# be set.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@transaction.non_atomic_requests  # The counter of a limit would stay locked while a photo is looked at.
def results(request: HttpRequest, collection: str = "") -> HttpResponse:
    """Answers the search box: GET with words and filters, so that the address can be shared; POST with a photo.

    `collection`: which to ask, as the address says; "" for the shop's products.
    """
    return _received(request, collection, csrf_protect(_results))


# A phone's "Share" sends no token. Nothing but the photo is read, so that a stranger's page can't say anything in a shopper's
# name by this door: what it could send is a photo of its own, whose results it doesn't see.
@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def shared(request: HttpRequest) -> HttpResponse:
    """The results of a photo that was shared with the installed shop (`share_target` of its manifest)."""
    return _received(request, "", _shared)


def _shared(request: HttpRequest, collection: str) -> HttpResponse:
    if "image" not in request.FILES:
        raise BadInput(_("No photo came along. Share a picture, or choose one here."), field="image")
    request.POST = QueryDict()
    return _results(request, collection)


def _received(
    request: HttpRequest, collection: str, answer: Callable[[HttpRequest, str], HttpResponse]
) -> HttpResponse:
    """What `answer` makes of a form with a photo, received under the shop's limits."""
    request.upload_handlers = [uploads.PhotoUploadHandler(request)]
    try:
        limits.spend("search", request)  # before the photo is received
        with callers.of(request.META):
            return answer(request, collection)
    except BadInput as error:
        return _failed(request, error, collection)
    except TooOften as error:
        return _failed(request, error, collection)
    except RequestDataTooBig as error:
        return _failed(request, BadInput(error.args[0], status=413), collection)
    except (MultiPartParserError, SuspiciousOperation):
        return _failed(request, BadInput(_("The form didn't arrive whole. Please try again.")), collection)


def _results(request: HttpRequest, collection: str) -> HttpResponse:
    try:
        asked = forms.read(request, collection or registry.default())
        limits.spend("search", request, cost=limits.beyond_one(asked.query, questions=1 + len(conf.ALSO_SEARCH)))
        taught = teaching.keep(request, asked) if asked.shows else ""
        page = search.search(asked.query)
        also = showing.also(page, asked)
        if asked.cut:
            page = cutting.put_back(page, asked.cut)
    except VisualSearchError as error:
        return _failed(request, error, collection)
    if page.redirect:
        return _redirect(request, page.redirect)
    close, distant = showing.split(page.hits)
    last = max(1, -(-page.total // page.page_size))
    context = {
        **showing.place(collection),
        "page": page,
        "also": also,
        "close": close,
        "distant": distant,
        "shelves": showing.shelves(page),
        "words": asked.query.words,
        "phrases": asked.phrases,
        "mix": asked.mix,
        "preview": asked.preview,
        "preview_size": showing.preview_size(asked.preview),
        "photo_token": tokens.photo_token(page.photo),
        "photo_ends": int(time.time()) + tokens.seconds_left(page.photo),
        "link_life": showing.link_life(page),
        "parts": showing.parts(page),
        "shot": asked.shot,
        "taught": taught,
        "teach": bool(asked.preview) and teaching.may_teach(request, asked.query.collection),
        "words_not": page.words_not,
        "unlike": page.unlike,
        "beside": asked.query.beside,
        "unread": not asked.query.read,
        "exact": not asked.query.spell,
        "literal": not asked.query.understand,
        "facets": facets.boxes(page, asked),
        "faults": [*asked.faults, *_unknown(page, asked)],
        "chips": showing.chips(asked, page),
        "orders": showing.orders(asked),
        "total_close": page.total - page.distant or page.total,
        "first_place": (page.page - 1) * page.page_size + 1,
        "last_page": last,
        "previous_page": min(page.page - 1, last),
        "next_page": page.page + 1 if page.page < last else None,
        "below": conf.BELOW_RESULTS,
    }
    return _page(request, "visual_search/results.html", context)


def _unknown(page: Page, asked: forms.Asked) -> list[str]:
    try:
        return filters.unknown_values(page, asked.chosen, wiring.schema(page.collection).told)
    except VisualSearchError as error:
        logger.warning("Nobody knows whether the shop has the values that were chosen: %s", error)
        return []  # The page has its answer.


# Nothing is changed here, so Django needn't read a form that somebody sends to look for a token in it.
@csrf_exempt
@require_safe
@transaction.non_atomic_requests
def similar(request: HttpRequest, object_id: str, collection: str = "") -> HttpResponse:
    """Products like this one: tiles alone for htmx, else a page."""
    language = base_code(getattr(request, "LANGUAGE_CODE", None))
    fragment = _by_htmx(request)
    query = Query(
        collection=collection or registry.default(),
        like=(object_id,),
        language=language,
        facets=(),
        page_size=SIMILAR_SHOWN if fragment else conf.PAGE_SIZE,
    )
    try:
        limits.spend("search", request)
        page = search.search(query)
    except VisualSearchError as error:
        if fragment:
            # The product page is still good without its strip of similar products, so the shopper reads no error.
            return HttpResponse(status=204)
        return _failed(request, error, collection)
    name = "visual_search/tiles.html" if fragment else "visual_search/similar.html"
    place = showing.place(collection)
    trail = trails.trail(query.collection, place["collection"], request.GET.getlist("via"), object_id, language)
    return _page(request, name, {**place, "page": page, "hits": page.hits, "trail": trail, "via": trail.via})


def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, name, {"base_template": conf.BASE_TEMPLATE, **context}, status=status)
    # The same address answers with a whole page, or with tiles alone if htmx asks.
    patch_vary_headers(response, ["HX-Request"])
    # The page may show a shopper's photo: no shared cache may keep it.
    response["Cache-Control"] = "private, no-store" if request.method == "POST" else "private, no-cache"
    # What a shopper asked, and above all by which photo, belongs into no search engine.
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _redirect(request: HttpRequest, address: str) -> HttpResponse:
    """Send the shopper to the page that a rewriter names. htmx is told to go there: it would put that page into the results."""
    if _by_htmx(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _by_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks. A shop with django-htmx says so itself; others need no middleware for it."""
    said = getattr(request, "htmx", None)
    return request.headers.get("HX-Request") == "true" if said is None else bool(said)


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form that can be sent again as they are; none if a photo came with it, because the photo is gone."""
    if request.method != "POST" or request.FILES:
        return []
    # What staff say of a photo is kept before the search begins, and must not be kept twice.
    left_out = ("csrfmiddlewaretoken", "shows")
    return [(name, value) for name, values in request.POST.lists() if name not in left_out for value in values]


def _failed(request: HttpRequest, error: VisualSearchError, collection: str) -> HttpResponse:
    status = 503
    if isinstance(error, BadInput):
        refusal = {**showing.place(collection), "heading": _("That didn't work"), "message": in_words(error)}
        return _page(request, "visual_search/failed.html", refusal, error.status)
    if isinstance(error, TooOften):
        heading, message, status = pages.heading(), pages.message(error), 429
    elif isinstance(error, Busy):
        heading = _("Many photos at once")
        message = _("More photos are being searched than we can look at. Please send yours again in a few seconds.")
    else:
        heading = _("Search is taking a short break")
        message = _("The shop is open and its search will be back in a moment. Please try again.")
    context = {
        **showing.place(collection),
        "heading": heading,
        "message": message,
        # Who asks too often is refused before the form is read, and its photo is gone.
        "retry": not isinstance(error, TooOften) or request.method != "POST",
        "again": [] if isinstance(error, TooOften) else _sent(request),
    }
    response = _page(request, "visual_search/failed.html", context, status)
    response["Retry-After"] = str(getattr(error, "retry_after", 60))
    return pages.mark(response, error) if isinstance(error, TooOften) else response
