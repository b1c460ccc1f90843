"""Rules and synonyms as plain values, whoever wrote them: the tables, a form that isn't saved yet, or a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """`kind`: a `When`. `field`: the facet of a filter."""

    kind: str
    value: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """`kind`: a `Then`. `item`: the id of an object. `strength`: percent. `position`: a place among all hits, from 1."""

    kind: str
    item: str = ""
    position: int = 1
    field: str = ""
    op: str = ""
    value: str = ""
    strength: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """`id`: 0 for one that isn't saved yet. `starts`, `ends`: aware times, None for always. A higher `priority` comes first.

    `experiment`: the variant of the question without which the rule doesn't hold; "" for a rule that isn't tried but done.
    """

    id: int
    name: str
    collection: str
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...] = ()
    priority: int = 0
    language: str = ""
    experiment: str = ""
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Synonyms:
    """`kind`: a `Like`. `words` and `others` may be several words each."""

    kind: str
    language: str
    words: tuple[str, ...]
    others: tuple[str, ...] = ()
