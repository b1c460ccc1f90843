"""Gives each answered question to the buffer, without the photo, the vectors and the shopper's memory; and public counts back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from visual_search.features.query_log import audit, releasing, tallies
from visual_search.features.query_log.collecting import buffer
from visual_search.features.query_log.consent import asker
from visual_search.features.query_log.options import Mode, options
from visual_search.signals import day_sealed, phrases_wanted, search_served, staff_looked
from visual_search.types import Page, Query, SealedQuestion


def connect() -> None:
    search_served.connect(_served, dispatch_uid="query_log.served")
    phrases_wanted.connect(_wanted, dispatch_uid="query_log.wanted")
    staff_looked.connect(_looked, dispatch_uid="query_log.looked")
    day_sealed.connect(_sealed, dispatch_uid="query_log.sealed")


def _wanted(**kwargs: Any) -> Mapping[str, int]:
    """What the last public list says. Texts that only staff may read are shown to no shopper."""
    if options().mode is not Mode.ANONYMOUS:
        return {}
    return releasing.newest(releasing.TEXTS)


def _sealed(*, day: int, questions: Sequence[SealedQuestion], **kwargs: Any) -> None:
    tallies.add(day, questions)


def _looked(*, actor: str, action: str, facts: Mapping[str, int | str], **kwargs: Any) -> None:
    audit.append(actor, action, **facts)


def _served(*, query: Query, page: Page, context: Mapping[str, object], **kwargs: Any) -> None:
    if context.get("log") is False:
        return
    who = asker()
    # Outside of a request nobody asks: questions of commands and tests aren't counted.
    if who is not None:
        buffer.question(query, page, material=who.material, opted_out=who.opted_out)
