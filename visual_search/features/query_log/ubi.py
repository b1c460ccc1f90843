"""Sealed rows and events as OpenSearch's User Behavior Insights 1.3 writes them (github.com/o19s/ubi).

Only rows of sealed days are written: nothing in them leads to a client any more, so there is no `client_id`. A text stands
there as it was typed if enough clients typed it, else with only the catalogue's own words. This is for staff and must not be
published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from visual_search.features.query_log.models import LoggedEvent, LoggedQuery
from visual_search.features.query_log.options import options
from visual_search.models import chunks

# UBI has other names for some of the actions of the shop's pages.
UBI_ACTIONS: Mapping[str, str] = {"basket": "add_to_cart"}


def queries() -> Iterator[dict[str, Any]]:
    """The rows of sealed days, as UBI's queries."""
    for row in LoggedQuery.objects.filter(closed=b"").order_by("query_id").iterator(chunk_size=500):
        yield {
            "application": row.application,
            "query_id": str(row.query_id),
            "user_query": row.text or row.masked,
            "timestamp": row.hour.isoformat(),
            "object_id_field": "id",
            "query_attributes": {
                "collection": row.collection,
                "language": row.language,
                "kind": row.kind,
                "results": row.results,
                "took": row.took,
                "user_query_is": "as typed" if row.text else "masked",
            },
            "query_response_hit_ids": [str(id) for id in row.object_ids],
        }


def events() -> Iterator[dict[str, Any]]:
    """The events of the rows that `queries` gives, as UBI's events."""
    sealed = LoggedQuery.objects.filter(closed=b"").order_by("query_id").values_list("query_id", flat=True)
    for ids in chunks(list(sealed)):
        for event in LoggedEvent.objects.filter(query_id__in=ids).order_by("id"):
            yield _event(event)


def _event(event: LoggedEvent) -> dict[str, Any]:
    common: dict[str, Any] = {
        "application": options().site,
        "action_name": UBI_ACTIONS.get(event.action_name, event.action_name),
        "query_id": str(event.query_id),
        "timestamp": event.hour.isoformat(),
    }
    if event.position is None:
        # UBI's event_attributes must name a position, and a purchase has none.
        return {**common, "object_id": event.object_id}
    return {
        **common,
        "event_attributes": {
            "object": {"object_id": event.object_id, "object_id_type": "product", "object_id_field": "id"},
            "position": {"ordinal": event.position},
        },
    }
