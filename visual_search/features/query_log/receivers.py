"""Each answered question goes to the buffer; the photo, the vectors and the shopper's memory go nowhere."""

from __future__ import annotations

from typing import Any

from visual_search.features.query_log.collecting import buffer
from visual_search.features.query_log.consent import asker
from visual_search.signals import search_served
from visual_search.types import Page, Query


def connect() -> None:
    search_served.connect(_served, dispatch_uid="query_log.served")


def _served(*, query: Query, page: Page, **kwargs: Any) -> None:
    who = asker()
    # Without a request there is no client to count: commands and tests leave counters alone.
    if who is not None:
        buffer.question(query, page, material=who.material, opted_out=who.opted_out)
