"""A question before and after a change that isn't saved: both lists, and what moved, came and went."""

from __future__ import annotations

from dataclasses import dataclass, replace

from visual_search import search
from visual_search.features.merchandising import current
from visual_search.features.merchandising.matching import Matcher
from visual_search.features.merchandising.rules import Rule
from visual_search.types import Hit, Page, Query

SHOWN = 24  # hits of each side
MOST_LEGS = 3  # of a hit, the parts of its score that count most


@dataclass(frozen=True, slots=True)
class Row:
    """A hit at its place. `was`: its place on the other side; 0 where it isn't among the hits shown there."""

    place: int
    hit: Hit
    was: int = 0

    @property
    def moved(self) -> int:
        """How many places it rose; below zero how many it fell."""
        return self.was - self.place if self.was else 0

    @property
    def fell(self) -> int:
        return -self.moved

    @property
    def legs(self) -> list[tuple[str, float]]:
        """What counts most of its score."""
        return sorted(self.hit.legs.items(), key=lambda leg: -abs(leg[1]))[:MOST_LEGS]


@dataclass(frozen=True, slots=True)
class Side:
    """One answer, and the rules that did something for it."""

    page: Page
    rows: tuple[Row, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`after` is None where nothing is tried."""

    before: Side
    after: Side | None = None

    @property
    def newest(self) -> Side:
        return self.after or self.before


def compare(query: Query, draft: Rule | None = None, *, on: bool = True) -> Comparison:
    """The question with what is saved, and with `draft` in place of the saved rule of its id, or beside them; `on`: whether
    the draft is switched on. Nothing is logged. Raises as `search` does.
    """
    saved = current.saved_rules()
    thesaurus = current.read().thesaurus
    before, page = _side(query, current.Compiled(Matcher(saved.values()), thesaurus), saved)
    if draft is None:
        return Comparison(before)
    # A new rule comes after the others of its rank, as it will once it is saved.
    key = draft.id or max(saved, default=0) + 1
    tried = {id: rule for id, rule in saved.items() if id != key}
    if on:
        tried[key] = replace(draft, id=key)
    # What was seen in a photo is known by now, so it isn't looked at again.
    variants = (*query.variants, draft.experiment) if draft.experiment else query.variants
    again = replace(query, pictures=page.pictures, variants=variants)
    after, _page = _side(again, current.Compiled(Matcher(tried.values()), thesaurus), tried)
    return Comparison(_beside(before, after), _beside(after, before))


def _side(query: Query, compiled: current.Compiled, rules: dict[int, Rule]) -> tuple[Side, Page]:
    asked = replace(query, explain=True, page=1, page_size=SHOWN, facets=())
    with current.trying(compiled) as told:
        page = search.search(asked, context={"log": False})
    rows = tuple(Row(place, hit) for place, hit in enumerate(page.hits, 1))
    return Side(page, rows, tuple(rules[id] for id in told if id in rules)), page


def _beside(side: Side, other: Side) -> Side:
    places = {row.hit.id: row.place for row in other.rows}
    return replace(side, rows=tuple(replace(row, was=places.get(row.hit.id, 0)) for row in side.rows))
