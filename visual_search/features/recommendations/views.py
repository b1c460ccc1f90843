"""The shelves that a shopper's device has to say for: what it looked at, and what suits that."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from visual_search import registry
from visual_search.access import limits
from visual_search.errors import TooOften
from visual_search.features.recommendations import pages, showing
from visual_search.features.recommendations.slots import MOST_PRODUCTS
from visual_search.querying import parsing
from visual_search.querying.uploads import PhotoUploadHandler


# Nothing is changed here and neither a session nor an account is read, so there is nothing that a token would protect.
@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def remembered(request: HttpRequest) -> HttpResponse:
    """The shelves as HTML, for the place where the page has room for them. Nothing of what the device sent is kept."""
    request.upload_handlers = [PhotoUploadHandler(request)]  # Files that somebody adds never touch a disk.
    try:
        limits.spend("search", request)
    except TooOften:
        return HttpResponse(status=204)  # The page is good without them, so the shopper reads no error.
    language = request.GET.get("lang", "")
    collection = registry.default()
    without = tuple(id for id in request.GET.get("without", "").split(",")[:MOST_PRODUCTS] if id.isprintable())
    slots = pages.OF_THE_DEVICE.get(request.GET.get("page", ""), ())
    taste = parsing.taste(request.POST.get("taste")).events
    with translation.override(language if language in dict(settings.LANGUAGES) else translation.get_language()):
        found = showing.shelves(collection, slots, without=without, taste=taste) if slots and taste else []
        response = render(
            request, "visual_search_recommendations/shelves.html", showing.context(found, ""), content_type="text/html"
        )
    response["Cache-Control"] = "private, no-store"
    return response
