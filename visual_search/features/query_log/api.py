"""What programs ask of the query log: to note events, to delete a browser's rows, and how it treats privacy signals.

None of it reads a cookie or an account.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from visual_search.access import query_ids
from visual_search.api.base import SearchAPIView, json_of
from visual_search.api.openapi import operation
from visual_search.api.schemas import Problem
from visual_search.api.shapes import Shaped
from visual_search.errors import BadInput, said
from visual_search.features.query_log import events
from visual_search.features.query_log.collecting import ACTIONS
from visual_search.features.query_log.consent import asker_of
from visual_search.features.query_log.erasure import erase_client
from visual_search.models import Scope

MAX_BODY_BYTES = 16 * 1024  # MAX_EVENTS events of about 300 bytes each.
MAX_EVENTS = 50  # A page has at most 100 hits, and a browser reports in several requests what came into view.
MAX_POSITION = 10_000  # Nobody pages further. The column of the table holds up to 32,767.
GPC_SINCE = "2026-11-25"  # the day from which this site has honoured Global Privacy Control
OLDER_ROWS = gettext_lazy("Questions of earlier days can't be tied to a browser by anybody: the key was destroyed.")


class Event(serializers.Serializer[Any]):
    query_id = serializers.UUIDField(help_text="Of the answer that it was done with, given today or yesterday (UTC).")
    action_name = serializers.ChoiceField(list(ACTIONS))
    object_id = Shaped(
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^\u0000]+$"},
        "The hit's `id`. Events on objects that the shop doesn't have are dropped and counted.",
        required=True,
    )
    position = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_POSITION, help_text="In the result set, from 1."
    )


class Events(serializers.Serializer[Any]):
    events = serializers.ListField(child=Event(), min_length=1, max_length=MAX_EVENTS, help_text=f"1 to {MAX_EVENTS}.")


class EventsView(SearchAPIView):
    """Note impressions, clicks, views, baskets and purchases. 204 also where the client or the shop wants nothing noted."""

    limit = "write"
    scope = Scope.EVENTS
    from_pages = True

    @operation(
        "events",
        body={"application/json": Events},
        answers={
            204: "Noted, as far as wanted and as far as the shop has the objects.",
            400: Problem,
            413: Problem,
            415: Problem,
        },
    )
    def post(self, request: Request) -> Response:
        events.note(_events(request), opted_out=asker_of(request._request).opted_out)
        return Response(status=204)


def _events(request: Request) -> list[events.Event]:
    too_large = said("The body is over %(most)s bytes; send fewer events.", most=MAX_BODY_BYTES)
    given = json_of(request, most=MAX_BODY_BYTES, too_large=too_large, field="events")
    listed = given.get("events") if isinstance(given, Mapping) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_EVENTS:
        raise BadInput(
            said('The body must be {"events": [...]} with 1 to %(most)s events.', most=MAX_EVENTS),
            field="events",
            code="bad_input",
        )
    return [_event(number, event) for number, event in enumerate(listed)]


def _event(number: int, given: object) -> events.Event:
    where = f"events.{number}"
    if not isinstance(given, Mapping):
        raise BadInput(
            said("%(where)s is %(value)s; it must be an object.", where=where, value=json.dumps(given)[:60]),
            field=where,
        )
    action, object_id, position = given.get("action_name"), given.get("object_id"), given.get("position")
    if action not in ACTIONS:
        raise BadInput(
            said(
                "action_name is %(value)s; it may be %(known)s.",
                value=repr(str(action)[:40]),
                known=", ".join(ACTIONS),
            ),
            field=f"{where}.action_name",
        )
    if not isinstance(object_id, str) or not 1 <= len(object_id) <= 200 or "\x00" in object_id:
        raise BadInput(said("object_id must be the id of a hit."), field=f"{where}.object_id")
    if position is not None and (type(position) is not int or not 1 <= position <= MAX_POSITION):
        raise BadInput(
            said("position is %(value)s; it counts from 1.", value=repr(str(position)[:40])),
            field=f"{where}.position",
        )
    try:
        query_id = UUID(str(given.get("query_id")))
    except ValueError:
        raise BadInput(said("query_id must be that of an answer."), field=f"{where}.query_id") from None
    query_ids.refuse_foreign(query_id, field=f"{where}.query_id")
    return events.Event(query_id, action, object_id, position)


def erase_mine(request: HttpRequest) -> JsonResponse:
    """`DELETE /privacy/me`: delete the rows that can still be tied to this browser, and say why no older ones can be."""
    erase_client(asker_of(request).material)
    return JsonResponse({"erased": True, "older": str(OLDER_ROWS)})


@csrf_exempt
@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """`GET /.well-known/gpc.json`: this site honours Global Privacy Control."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE})
