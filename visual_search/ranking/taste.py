"""Reads the memory that a shopper's device sends. A bad one doesn't stop the search: it is ignored, with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from visual_search.ranking.rescoring import KIND_WEIGHTS
from visual_search.types import TasteEvent

# What a device keeps and sends: docs/decisions/0013-the-device-remembers.md.
MAX_EVENTS = 100
MAX_BYTES = 4096  # of the memory as JSON text
MAX_AGE_DAYS = 730  # Older events are left out; with a half-life of 90 days they would count less than a 250th.

_ID = re.compile(r"[\w.:@+-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Taste:
    """`problem` is '' or why the memory was ignored: malformed, too_large, too_many, or unknown_kind."""

    events: tuple[TasteEvent, ...] = ()
    problem: str = ""


def read_taste(raw: object, *, today: int) -> Taste:
    """From the wire form `[["<object id>", "<view|click|basket|purchase|dislike>", <day>], ...]`, as JSON text or parsed.

    `day` and `today` count UTC days since 1970. Vectors are never accepted: they would die with each encoder, and could
    be turned back into what the shopper looked at.
    """
    if raw in (None, "", [], ()):
        return Taste()
    if isinstance(raw, str):
        if len(raw.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            return Taste(problem="too_large")
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return Taste(problem="malformed")
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        return Taste(problem="malformed")
    if len(raw) > MAX_EVENTS:
        return Taste(problem="too_many")
    events = []
    for entry in raw:
        event = _event(entry, today)
        if isinstance(event, str):
            return Taste(problem=event)
        if event is not None:
            events.append(event)
    # Measured last, when each entry is known to be small: parsed JSON has no length of its own.
    if len(json.dumps(raw, separators=(",", ":")).encode()) > MAX_BYTES:
        return Taste(problem="too_large")
    return Taste(tuple(events))


def _event(entry: object, today: int) -> TasteEvent | str | None:
    """The event, what is wrong with it, or None for one that is too old to count."""
    match entry:
        case [str(id), str(kind), int(day)] if not isinstance(day, bool) and _ID.match(id):
            if kind not in KIND_WEIGHTS:
                return "unknown_kind"
            # An event of tomorrow, from a device whose clock runs ahead, counts as one of today.
            age = max(0, today - day)
            return TasteEvent(id, kind, float(age)) if age <= MAX_AGE_DAYS else None
        case _:
            return "malformed"
