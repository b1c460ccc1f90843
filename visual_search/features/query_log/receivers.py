"""Gives each answered question to the buffer. The photo, the vectors and the shopper's memory stay out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visual_search.features.query_log.collecting import buffer
from visual_search.features.query_log.consent import asker
from visual_search.signals import search_served
from visual_search.types import Page, Query


def connect() -> None:
    search_served.connect(_served, dispatch_uid="query_log.served")


def _served(*, query: Query, page: Page, context: Mapping[str, object], **kwargs: Any) -> None:
    if context.get("log") is False:
        return
    who = asker()
    # Outside of a request nobody asks: questions of commands and tests aren't counted.
    if who is not None:
        buffer.question(query, page, material=who.material, opted_out=who.opted_out)
