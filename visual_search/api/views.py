"""The REST views: read the request, call one function, answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from visual_search import grouping, search, suggesting, warming, wiring
from visual_search.access import limits
from visual_search.api.answers import grouped_to_json, page_to_json, suggestions_to_json
from visual_search.api.base import SearchAPIView, StrictJSONParser
from visual_search.api.openapi import operation
from visual_search.api.requests import SIMILAR, grouped_from, query_from, typed_from
from visual_search.api.schemas import (
    FormGroupedRequest,
    FormSearchRequest,
    GroupedAddress,
    GroupedAnswer,
    HealthAnswer,
    JsonGroupedRequest,
    JsonSearchRequest,
    MultipartGroupedRequest,
    MultipartSearchRequest,
    Problem,
    SearchAddress,
    SearchAnswer,
    SimilarAddress,
    StateAnswer,
    SuggestAddress,
    SuggestAnswer,
)
from visual_search.conf import conf
from visual_search.models import IndexEntry, LastRebuild, RunningRebuild, Scope, State
from visual_search.querying import parsing
from visual_search.types import Query

# Of a question in an address, and of one with a body.
_PROBLEMS = {400: Problem, 404: Problem, 503: Problem}
_OF_BODIES = {**_PROBLEMS, 413: Problem, 415: Problem, 422: Problem}


class SearchView(SearchAPIView):
    """Search by a photo, words, products to resemble, or any mix."""

    parser_classes = [MultiPartParser, StrictJSONParser, FormParser]

    @operation(
        "search",
        body={
            "multipart/form-data": MultipartSearchRequest,
            "application/json": JsonSearchRequest,
            "application/x-www-form-urlencoded": FormSearchRequest,
        },
        answers={200: SearchAnswer, **_OF_BODIES},
    )
    def post(self, request: Request) -> Response:
        query = query_from(request, partial(self.charge, request))
        self.charge(request, limits.beyond_one(query))
        response = _answer(query)
        # It may hold a photo's token, and an order that is one shopper's alone: no cache may keep it.
        response["Cache-Control"] = "private, no-store"
        return response

    @operation(
        "search_words",
        description="Search by words and filters alone, so that the address can be shared.",
        address=SearchAddress,
        answers={200: SearchAnswer, **_PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        return _answer(query_from(request, partial(self.charge, request)))


class GroupedView(SearchAPIView):
    """One question to several collections, such as products and articles: the best of each."""

    parser_classes = [MultiPartParser, StrictJSONParser, FormParser]

    @operation(
        "search_grouped",
        body={
            "multipart/form-data": MultipartGroupedRequest,
            "application/json": JsonGroupedRequest,
            "application/x-www-form-urlencoded": FormGroupedRequest,
        },
        answers={200: GroupedAnswer, **_OF_BODIES},
    )
    def post(self, request: Request) -> Response:
        response = self.get(request)
        response["Cache-Control"] = "private, no-store"  # As above: it may hold a photo's token.
        return response

    @operation(
        "search_grouped_words",
        description="Search several collections by words alone, so that the address can be shared.",
        address=GroupedAddress,
        answers={200: GroupedAnswer, **_PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        query, collections = grouped_from(request, partial(self.charge, request))
        self.charge(request, limits.beyond_one(query, questions=len(collections)))
        return Response(grouped_to_json(grouping.search_each(query, collections)))


class SimilarView(SearchAPIView):
    """Objects of a collection that look like this one and mean the same; itself left out."""

    @operation("similar", address=SimilarAddress, answers={200: SearchAnswer, **_PROBLEMS})
    def get(self, request: Request, collection: str, id: str) -> Response:
        parsing.refuse_unknown(request.query_params, SIMILAR)
        page = parsing.whole_number(request.query_params.get("page"), field="page", default=1)
        size = parsing.whole_number(request.query_params.get("page_size"), field="page_size", default=conf.PAGE_SIZE)
        return _answer(Query(collection=parsing.collection(collection), like=(id,), page=page, page_size=size))


class SuggestView(SearchAPIView):
    """Questions, categories and products for words that are still being typed; the last word may be unfinished."""

    limit = "suggest"
    from_pages = True

    @operation("suggest", address=SuggestAddress, answers={200: SuggestAnswer, **_PROBLEMS})
    def get(self, request: Request) -> Response:
        typed = typed_from(request)
        response = Response(suggestions_to_json(suggesting.suggest(typed), typed.collection))
        # Somebody's half-typed words are in the address: no cache may keep what they were.
        response["Cache-Control"] = "private, no-store"
        return response


class HealthView(SearchAPIView):
    """Whether search can answer, and how far the index is behind."""

    scope = Scope.ADMIN
    may_be_throttled = False  # Who watches the shop must hear of it, too, when it is busy.

    @operation("health", answers={200: HealthAnswer, 503: HealthAnswer})
    def get(self, request: Request) -> Response:
        health = wiring.engine().health()
        body: dict[str, Any] = {
            "ok": health.ok,
            "engine": health.engine,
            "encoder": wiring.encoder().card.id,
            "detail": health.detail,
            "documents": dict(health.documents),
            "pending": None,
            "failed": None,
            "running": [],
            "rebuilds": [],
            "advice": list(health.advice),
        }
        try:
            body["pending"] = IndexEntry.objects.filter(state__in=[State.PENDING, State.PROCESSING]).count()
            body["failed"] = IndexEntry.objects.filter(state=State.FAILED).count()
            body["running"] = [_running(rebuild) for rebuild in RunningRebuild.objects.order_by("collection")]
            body["rebuilds"] = [_last(rebuild) for rebuild in LastRebuild.objects.order_by("collection")]
        except DatabaseError as error:
            body |= {"ok": False, "detail": f"The database doesn't answer ({type(error).__name__})."}
        return Response(body, status=200 if body["ok"] else 503)


class LiveView(SearchAPIView):
    """Whether this process answers at all: who starts it anew when it doesn't asks here. Nothing else is looked at."""

    scope = None
    reads_keys = False  # Keys stand in the database, and whether that answers is not asked here.
    may_be_throttled = False

    @operation("live", answers={200: StateAnswer})
    def get(self, request: Request) -> Response:
        return Response({"ok": True, "detail": ""})


class ReadyView(SearchAPIView):
    """Whether questions may be sent to this process: what they need is loaded, and the engine answers."""

    scope = None
    reads_keys = False
    may_be_throttled = False

    @operation("ready", answers={200: StateAnswer, 503: StateAnswer})
    def get(self, request: Request) -> Response:
        health = wiring.engine().health()
        detail = "" if health.ok else health.detail
        if warming.is_going_on():
            detail = "What questions need is still being loaded."
        elif warming.has_failed():
            detail = detail or "Something that questions need couldn't be loaded; the log says what."
        ok = health.ok and not warming.is_going_on()
        return Response({"ok": ok, "detail": detail}, status=200 if ok else 503)


def _running(rebuild: RunningRebuild) -> dict[str, Any]:
    return {
        "collection": rebuild.collection,
        "started_at": rebuild.started_at.isoformat(),
        "seen_at": rebuild.seen_at.isoformat(),
        "done": rebuild.done,
        "total": rebuild.total,
    }


def _last(rebuild: LastRebuild) -> dict[str, Any]:
    return {
        "collection": rebuild.collection,
        "ended_at": rebuild.ended_at.isoformat(),
        "taken": rebuild.taken,
        "objects": rebuild.objects_read,
        "pictures": rebuild.pictures,
        "warnings": rebuild.warnings,
        "failures": rebuild.failures,
        # They may quote addresses and paths of the shop, which are no business of strangers.
        "problem": rebuild.problem if settings.DEBUG else "",
        "reasons": rebuild.reasons if settings.DEBUG else [],
    }


def _answer(query: Query) -> Response:
    return Response(page_to_json(search.search(query), explain=query.explain))
