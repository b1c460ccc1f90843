"""The journey of a question's hits: filters and the order of rules on what is seen, then what is hidden, then the pins, then
what is said above the hits. Hiding beats pinning, and pins come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from django.utils import timezone

from visual_search import wiring
from visual_search.content import live_index
from visual_search.features.merchandising import current
from visual_search.features.merchandising.facts import Facts, best_paths, of_question, seen_in
from visual_search.features.merchandising.filters import is_order, usable
from visual_search.features.merchandising.kinds import BOOSTS, SEEN, Then
from visual_search.features.merchandising.matching import Matcher
from visual_search.features.merchandising.placing import placed, without
from visual_search.features.merchandising.rules import Action, Rule
from visual_search.hooks import MOST_OFFERED, Curated, Moment
from visual_search.types import (
    CATEGORY,
    FAMILY,
    IN_STOCK,
    Banner,
    BrowseLeg,
    EngineQuery,
    FacetValues,
    Filter,
    Grade,
    Hit,
    Query,
)


class MerchandisingCurator:
    """Pins obey the question's filters, because what it names is asked like all else; and what is sold out isn't pinned."""

    name = "merchandising"

    def offers(self, query: Query, moment: Moment) -> Sequence[str]:
        matcher = current.compiled().matcher
        if not matcher or _leaves_pins_out(query):
            return ()
        rules = matcher.holding(facts_of(query), may_hold=True)
        ids = dict.fromkeys(action.item for action in _of(rules, Then.PIN) if action.item)
        return tuple(ids)[:MOST_OFFERED]

    def curate(self, query: Query, hits: tuple[Hit, ...], offered: tuple[Hit, ...], moment: Moment) -> Curated:
        matcher = current.compiled().matcher
        rules = matcher.holding(facts_of(query, hits, matcher)) if matcher else ()
        if not rules:
            return Curated(hits)
        moment.check()
        hidden = {action.item for action in _of(rules, Then.HIDE)}
        if query.like:
            # What resembles a product was asked by no words and no photo; only what is hidden stays so.
            return Curated(without(hits, hidden))
        of_seen = [rule for rule in rules if any(condition.kind in SEEN for condition in rule.conditions)]
        shown, sort = self._filtered(query, hits, of_seen), self._order(rules, of_seen, query)
        if sort:
            shown = _sorted(query, shown, sort)
        moment.check()
        shown = without(shown, hidden)
        if not (_leaves_pins_out(query) or sort or any(hit.is_named for hit in shown)):
            left = [hit for hit in offered if hit.id not in hidden]
            shown = self._pinned(query, shown, left, _of(rules, Then.PIN))
        redirect = next((action.url for action in _of(rules, Then.REDIRECT)), "")
        banners = tuple(Banner(action.value, action.url) for action in _of(rules, Then.BANNER))
        acted = [rule for rule in rules if any(action.kind not in _OF_OTHERS for action in rule.actions)]
        current.tell([*acted, *(rule for rule in of_seen if rule not in acted)])
        return Curated(shown, _note(acted), redirect, banners)

    def _filtered(self, query: Query, hits: tuple[Hit, ...], of_seen: Iterable[Rule]) -> tuple[Hit, ...]:
        """The hits that pass the filters of rules on what is seen. They are asked of the engine, as all filters are."""
        filters = usable(_of(of_seen, Then.FILTER), wiring.schema(query.collection))
        if not filters or not hits:
            return hits
        passing = {hit.id for hit in _browsed(query.collection, hits, "", filters)}
        return tuple(hit for hit in hits if hit.id in passing)

    def _order(self, rules: Iterable[Rule], of_seen: Sequence[Rule], query: Query) -> str:
        """The order of a rule on what is seen, where no order stands yet and no rule before it has one."""
        first = next((rule for rule in rules if any(action.kind == Then.SORT for action in rule.actions)), None)
        if first is None or first not in of_seen or query.sort not in ("", "relevance"):
            return ""
        order = next(iter(_of([first], Then.SORT))).value
        return order if is_order(order, wiring.schema(query.collection)) else ""

    def _pinned(
        self, query: Query, hits: tuple[Hit, ...], offered: Sequence[Hit], pins: Iterable[Action]
    ) -> tuple[Hit, ...]:
        known = {hit.id: hit for hit in (*hits, *offered)}
        wanted: dict[str, int] = {}
        for pin in pins:
            wanted.setdefault(pin.item, pin.position)
        there = [id for id in wanted if id in known]
        if not there:
            return hits
        values = _values(query.collection, there)
        sellable = {id for id in there if values.get(id, {}).get(IN_STOCK.name) != (False,)}
        families = {id: str(of[FAMILY.name][0]) for id, of in values.items() if FAMILY.name in of}
        return placed(hits, known, wanted, sellable, families)


_OF_OTHERS = BOOSTS | {Then.REPLACE, Then.FILTER, Then.SORT}


def facts_of(query: Query, hits: Sequence[Hit] | None = None, matcher: Matcher | None = None) -> Facts:
    """What is known once the photo was looked at; with `hits`, all there is to know."""
    facts = replace(of_question(query, timezone.localtime()), seen=seen_in(query.pictures))
    if hits is None or matcher is None:
        return facts
    paths: frozenset[str] = frozenset()
    if matcher.asks_for_categories:
        paths = best_paths(hits, lambda ids: _categories(query.collection, ids))
    close = any(hit.grade is not Grade.DISTANT for hit in hits)
    return replace(facts, paths=paths, nothing_close=not close)


def _leaves_pins_out(query: Query) -> bool:
    """Whoever sorts, or asks for what resembles a product, gets no pins."""
    return bool(query.like) or query.sort not in ("", "relevance")


def _of(rules: Iterable[Rule], kind: Then) -> Iterable[Action]:
    return (action for rule in rules for action in rule.actions if action.kind == kind)


def _note(rules: Iterable[Rule]) -> str:
    return ",".join(str(rule.id) for rule in rules)


def _fields(collection: str, *names: str) -> tuple[str, ...]:
    """Those of these facets that the live index has."""
    there = {facet.name for facet in live_index.serving(collection).schema.facets}
    return tuple(name for name in names if name in there)


def _values(collection: str, ids: Sequence[str]) -> Mapping[str, FacetValues]:
    fields = _fields(collection, IN_STOCK.name, FAMILY.name)
    return wiring.engine().values(collection, ids, fields) if fields else {}


def _categories(collection: str, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    fields = _fields(collection, CATEGORY.name)
    values = wiring.engine().values(collection, ids, fields) if fields else {}
    return {id: [str(level) for level in of.get(CATEGORY.name, ())] for id, of in values.items()}


def _browsed(collection: str, hits: Sequence[Hit], sort: str, filters: tuple[Filter, ...] = ()) -> tuple[Hit, ...]:
    """These hits as the engine orders and filters them."""
    known = {hit.id: hit for hit in hits}
    leg = BrowseLeg(MerchandisingCurator.name, len(known), sort.removeprefix("-") or None, sort.startswith("-"))
    asked = EngineQuery((leg,), filters, only=tuple(known))
    return tuple(known[hit.id] for hit in wiring.engine().search(collection, asked).legs[0].hits)


def _sorted(query: Query, hits: tuple[Hit, ...], sort: str) -> tuple[Hit, ...]:
    if not hits:
        return hits
    ordered = _browsed(query.collection, hits, sort)
    return tuple(sorted(ordered, key=lambda hit: hit.grade is Grade.DISTANT))
