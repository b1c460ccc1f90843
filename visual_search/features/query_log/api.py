"""`POST /api/v1/events`: what was done with an answer. Reads no cookie and no account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from visual_search.api.schemas import Problem
from visual_search.errors import BadInput
from visual_search.features.query_log import events
from visual_search.features.query_log.collecting import ACTIONS
from visual_search.features.query_log.consent import asker_of

MAX_BODY = 16 * 1024
MAX_EVENTS = 50  # A page has at most 100 hits, and a browser reports what came into view a few times.
MAX_POSITION = 10_000


class Event(serializers.Serializer[Any]):
    query_id = serializers.UUIDField(help_text="Of the answer that it was done with.")
    action_name = serializers.ChoiceField(list(ACTIONS))
    object_id = serializers.CharField(
        max_length=200,
        help_text="The hit's `id`. Events on objects that the shop doesn't have are dropped and counted.",
    )
    position = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_POSITION, help_text="In the result set, from 1."
    )


class Events(serializers.Serializer[Any]):
    events = Event(many=True, help_text=f"At most {MAX_EVENTS}.")


class EventsView(APIView):
    """Note impressions, clicks, views, baskets and purchases. 204 also where the client or the shop wants nothing noted."""

    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="events",
        request=Events,
        responses={
            204: OpenApiResponse(description="Noted, as far as wanted and as far as the shop has the objects."),
            400: Problem,
            413: Problem,
            415: Problem,
        },
    )
    def post(self, request: Request) -> Response:
        events.note(_events(request), opted_out=asker_of(request._request).opted_out)
        return Response(status=204)


def _events(request: Request) -> list[events.Event]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        raise BadInput(
            f"The body is over {MAX_BODY} bytes; send fewer events.", field="events", code="too_large", status=413
        )
    try:
        given = request.data
    except RecursionError:
        raise BadInput("The body is nested too deeply to be read.", field="body") from None
    found = given.get("events") if isinstance(given, Mapping) else None
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_EVENTS:
        raise BadInput(
            f'The body must be {{"events": [...]}} with 1 to {MAX_EVENTS} events.', field="events", code="bad_input"
        )
    return [_event(number, event) for number, event in enumerate(found)]


def _event(number: int, given: object) -> events.Event:
    where = f"events.{number}"
    if not isinstance(given, Mapping):
        raise BadInput(f"{where} is {json.dumps(given)[:60]}; it must be an object.", field=where)
    action, object_id, position = given.get("action_name"), given.get("object_id"), given.get("position")
    if action not in ACTIONS:
        raise BadInput(
            f"action_name is {str(action)[:40]!r}; it may be {', '.join(ACTIONS)}.", field=f"{where}.action_name"
        )
    if not isinstance(object_id, str) or not 1 <= len(object_id) <= 200 or "\x00" in object_id:
        raise BadInput("object_id must be the id of a hit.", field=f"{where}.object_id")
    if position is not None and (type(position) is not int or not 1 <= position <= MAX_POSITION):
        raise BadInput(f"position is {str(position)[:40]!r}; it counts from 1.", field=f"{where}.position")
    try:
        query_id = UUID(str(given.get("query_id")))
    except ValueError:
        raise BadInput("query_id must be that of an answer.", field=f"{where}.query_id") from None
    return events.Event(query_id, action, object_id, position)
