"""What may be learned of the questions of a day, once that day is over: each once, and tied to nobody beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from visual_search.types.answer import Found


@dataclass(frozen=True, slots=True)
class SeenThing:
    """A thing in a photo, by its detector's sure name for it ("chair").

    `close`: whether the answer has a close hit for it; None where another part of the photo was searched.
    """

    label: str
    close: bool | None = None


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """What was done with a hit until the day was sealed. `position` counts from 1 over all pages; None for a purchase."""

    action: str  # impression, click, view, basket, purchase
    object_id: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class SealedText:
    """Words that enough browsers typed within a stretch of days, however few on each. `clients` are different ones."""

    text: str
    clients: int
    questions: int
    nothing: int
    nothing_close: int


@dataclass(frozen=True, slots=True)
class SealedQuestion:
    """One question of a sealed day. Whoever receives it keeps counts over many of them, and never the question itself.

    `client` and `words` are numbers that mean something within one announcement alone: questions of one browser have one
    `client`, questions of the same words one `words`. The next announcement numbers anew, at random.
    """

    query_id: UUID
    client: int
    words: int | None  # None: no words, or words that look personal
    text: str | None  # the words, if enough browsers typed them on that day
    collection: str
    language: str  # "" where nobody knows
    kind: str  # text, image, hybrid, similar, browse
    found: Found
    category: str = ""  # the path that most of the best close hits share; "" where none is close
    seen: tuple[SeenThing, ...] = ()
    facets: tuple[str, ...] = ()  # names of those that filtered
    refinements: tuple[str, ...] = ()  # of "excluded", "filters", "page", "part", "sorted"
    page: int = 1
    took_ms: float = 0.0
    timings_ms: Mapping[str, float] = field(default_factory=dict)  # by step of the search
    hits: tuple[str, ...] = ()  # ids of the first ten of the page
    notes: tuple[str, ...] = ()  # of the hooks, as the answer had them
    events: tuple[SealedEvent, ...] = ()
