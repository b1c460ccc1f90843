"""The journey of what is offered: the slots of a page become shelves of products, each with the reason why it stands there.

A slot is asked -> what it starts from -> candidates by its chain of sources -> what is never offered goes -> variety -> cards ->
reasons. `offer` tells it from top to bottom. Nothing of it is stored or logged, least of all what a device remembers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from multilingual.languages import base_code
from visual_search import wiring
from visual_search.access import query_ids
from visual_search.errors import VisualSearchError
from visual_search.features.recommendations import lists, options, variety
from visual_search.features.recommendations.chain import CHAINS, Chain, Ground, named_categories
from visual_search.features.recommendations.exclusions import Taken
from visual_search.features.recommendations.facts import Facts, facts
from visual_search.features.recommendations.lists import Lists
from visual_search.features.recommendations.reasons import category_labels, reason
from visual_search.features.recommendations.slots import (
    LEAST,
    Asked,
    Candidate,
    Item,
    Offer,
    Shelf,
    Slot,
    SlotKind,
)
from visual_search.learning import calibrating
from visual_search.querying.cards import cards
from visual_search.querying.timing import Clock
from visual_search.ranking.calibration import STUDIO, Limits
from visual_search.ranking.rescoring import KIND_WEIGHTS
from visual_search.types import CATEGORY, AnyOf, Card, EngineQuery, Filter, IdsLeg, TasteEvent

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 10  # things of a device's memory that a slot starts from, those that count most
HALF_LIFE_DAYS = 30.0  # of what a device remembers: furniture is chosen within weeks
SPARE = 1  # more than a slot shows, in place of what its card says is gone or sold out by now
POOL = 3  # times as many are looked at where variety chooses among them
# Cosines from which two looks are one thing. No two of the demo's 756 things come nearer than 0.963. Cosines of another encoder
# may all be high, so where grades weren't learned only what is all but equal counts.
LEAST_COPY, UNLEARNED_COPY = 0.95, 0.99
_OF_THE_DEVICE = (SlotKind.FOR_YOU, SlotKind.RECENT)


@dataclass(slots=True)
class _Page:
    """What is known while the slots of a page are filled, one after the other."""

    asked: Asked
    lists: Lists
    known: dict[str, Facts]
    taken: Taken
    limits: Limits | None  # of grades between pictures of the catalogue; None where none were learned

    def learn(self, ids: Iterable[str]) -> None:
        self.known |= facts(self.asked.collection, [id for id in ids if id not in self.known])


def offer(asked: Asked) -> Offer:
    """Fill these slots. A slot that can't be filled honestly comes without items, and never with an error.

    Raises VisualSearchError (503) only where the index answers nothing at all.
    """
    begin = time.perf_counter()
    clock, degraded = Clock(), []
    with clock.step("facts"):
        page = _page(asked)
    chosen: list[list[Candidate]] = []
    with clock.step("candidates"):
        for slot in asked.slots:
            try:
                chosen.append(_chosen(slot, page))
            except VisualSearchError as problem:
                logger.warning("The slot '%s' stays empty: %s", slot.name, problem)
                chosen.append([])
                degraded.append(slot.name)
    with clock.step("cards"):
        told = {one.id for own in chosen for one in own} | {one.seed for own in chosen for one in own if one.seed}
        shown = cards(asked.collection, sorted(told), asked.language or base_code(get_language()))
    with clock.step("reasons"):
        labels = category_labels(asked.collection, {one.category for own in chosen for one in own})
        shelves = tuple(_shelf(slot, own, page, shown, labels) for slot, own in zip(asked.slots, chosen, strict=True))
    return Offer(
        query_id=query_ids.new(),
        collection=asked.collection,
        shelves=shelves,
        took_ms=round((time.perf_counter() - begin) * 1000, 1),
        warnings=_warnings(page),
        degraded=tuple(degraded),
        timings_ms={name: round(value, 1) for name, value in clock.steps.items()},
    )


# --- What the slots start from ---------------------------------------------------------------------


def _page(asked: Asked) -> _Page:
    """What the page shows already, and what stands in the lists of all that its slots start from."""
    named = [id for slot in asked.slots for id in slot.products]
    remembered = [event.id for event in asked.taste] if _reads_memory(asked) else []
    known = facts(asked.collection, [*asked.without, *named, *remembered])
    limits = calibrating.current(asked.collection).limits.get(STUDIO)
    copies_from = UNLEARNED_COPY if limits is None else max(limits.same, LEAST_COPY)
    taken = Taken(copies_from=copies_from, sensitive=options.sensitive())
    taken.add((*asked.without, *named), known)
    of_memory = list(_remembered(asked.taste))[:MOST_REMEMBERED] if remembered else []
    return _Page(asked, lists.read(asked.collection, [*named, *of_memory]), known, taken, limits)


def _reads_memory(asked: Asked) -> bool:
    return any(slot.kind in _OF_THE_DEVICE for slot in asked.slots)


def _remembered(taste: Sequence[TasteEvent]) -> dict[str, float]:
    """By id how much each thing counts that the device remembers, most first; without what the shopper disliked."""
    weights: dict[str, float] = {}
    for event in taste:
        counts = KIND_WEIGHTS[event.kind] * 0.5 ** (event.age_days / HALF_LIFE_DAYS)
        weights[event.id] = weights.get(event.id, 0.0) + counts
    return {id: weights[id] for id in sorted(weights, key=lambda id: (-weights[id], id)) if weights[id] > 0}


def _ground(slot: Slot, page: _Page) -> Ground:
    if slot.kind in _OF_THE_DEVICE:
        seeds = dict(list(_remembered(page.asked.taste).items())[:MOST_REMEMBERED])
    else:
        seeds = dict.fromkeys(slot.products, 1.0)
    good = {
        id: weight
        for id, weight in seeds.items()
        if (own := page.known.get(id)) is not None and not page.taken.is_sensitive(own)
    }
    views = sorted((event for event in page.asked.taste if event.kind != "dislike"), key=lambda event: event.age_days)
    return Ground(slot, page.lists, good, page.known, tuple(dict.fromkeys(event.id for event in views)))


# --- Candidates, without what is never offered -----------------------------------------------------


def _chosen(slot: Slot, page: _Page) -> list[Candidate]:
    """What the slot may show and a little more, best first. The page counts all of it as shown."""
    chain = CHAINS[slot.kind]
    ground = _ground(slot, page)
    trial, few = page.taken.branch(), variety.FewOfEach()
    if slot.kind is SlotKind.FOR_YOU:
        trial.add((event.id for event in page.asked.taste), page.known)  # The shopper knows these.
    relevance = options.variety()
    varied = chain.varied and relevance < 1
    wanted = (slot.limit + SPARE) * (POOL if varied else 1)
    pool: list[Candidate] = []
    for step in chain.steps:
        if (slot.strict and step.loose) or len(pool) >= (LEAST if step.last_resort else wanted):
            continue
        found = _passing(slot, step.ask(ground), page)
        page.learn(candidate.id for candidate in found)
        for candidate in found:
            own = page.known.get(candidate.id)
            if len(pool) >= wanted or own is None or not trial.may_be_offered(candidate.id, own):
                continue
            if not _fits(candidate, own, chain, few, page):
                continue
            pool.append(candidate)
            trial.add((candidate.id,), page.known)
            few.add(own.category)
    if varied:
        pool = _varied(pool, page, relevance, slot.limit + SPARE)
    page.taken.add((candidate.id for candidate in pool), page.known)
    return pool


def _fits(candidate: Candidate, own: Facts, chain: Chain, few: variety.FewOfEach, page: _Page) -> bool:
    """Whether it suits the kind of slot. What the owner links is the owner's to judge."""
    if candidate.source.is_by_hand:
        return True
    if chain.varied and not few.has_room(own.category):
        return False
    found_for = page.known.get(candidate.seed)
    if not chain.elsewhere or found_for is None:
        return True
    # What looks like a thing stands in its place and doesn't complete it, wherever the shop has put it.
    elsewhere = not own.category or own.category != found_for.category
    return elsewhere and not _looks_alike(own, found_for, page.limits)


def _varied(pool: Sequence[Candidate], page: _Page, relevance: float, limit: int) -> list[Candidate]:
    """What the owner linked stays first; the others are chosen by variety."""
    by_hand = [candidate for candidate in pool if candidate.source.is_by_hand]
    others = [candidate for candidate in pool if not candidate.source.is_by_hand]
    chosen = variety.varied(others, page.known, relevance=relevance, limit=max(0, limit - len(by_hand)))
    return [*by_hand, *chosen][:limit]


def _passing(slot: Slot, found: Sequence[Candidate], page: _Page) -> Sequence[Candidate]:
    """Those that pass the slot's filters; the index knows."""
    rules = _rules(slot)
    if not rules or not found:
        return found
    ids = tuple(dict.fromkeys(candidate.id for candidate in found))
    leg = IdsLeg("offered", ids, len(ids))
    answer = wiring.engine().search(page.asked.collection, EngineQuery((leg,), rules))
    passing = {hit.id for hit in answer.legs[0].hits}
    return [candidate for candidate in found if candidate.id in passing]


def _rules(slot: Slot) -> tuple[Filter, ...]:
    """Best sellers are listed by category, so a category that is asked of them needs no looking up."""
    if slot.kind is not SlotKind.TRENDING or len(named_categories(slot)) == 0:
        return slot.filters
    return tuple(rule for rule in slot.filters if not (isinstance(rule, AnyOf) and rule.field == CATEGORY.name))


# --- What pages show -------------------------------------------------------------------------------


def _shelf(
    slot: Slot, chosen: Sequence[Candidate], page: _Page, shown: Mapping[str, Card], labels: Mapping[str, str]
) -> Shelf:
    """The slot with its cards; without any where fewer are left than make a shelf."""
    there = [
        candidate
        for candidate in chosen
        if (card := shown.get(candidate.id)) and card.in_stock and (not candidate.seed or candidate.seed in shown)
    ][: slot.limit]
    if len(there) < min(LEAST, slot.limit) and slot.kind is not SlotKind.RECENT:
        return Shelf(slot)
    items = tuple(
        Item(
            shown[candidate.id],
            rank,
            candidate.source,
            _reason(candidate, slot, page, shown, labels),
            candidate.category,
        )
        for rank, candidate in enumerate(there, start=1)
    )
    sources = list(dict.fromkeys(candidate.source for candidate in there))
    chain = CHAINS[slot.kind]
    others = [step.source for step in chain.steps if step.source in sources and step.source not in chain.own]
    return Shelf(slot, items, others[-1] if others else None, page.lists.built_at(sources), page.asked.collection)


def _reason(candidate: Candidate, slot: Slot, page: _Page, shown: Mapping[str, Card], labels: Mapping[str, str]) -> str:
    title = shown[candidate.seed].title if candidate.seed else ""
    return reason(
        candidate,
        slot.kind,
        title=title,
        category=labels.get(candidate.category, ""),
        looks_alike=_looks_alike(page.known.get(candidate.id), page.known.get(candidate.seed), page.limits),
    )


def _looks_alike(one: Facts | None, other: Facts | None, limits: Limits | None) -> bool:
    """Whether their pictures are very similar, by the shop's grades. Where none were learned, nobody knows."""
    if limits is None or one is None or other is None or one.look is None or other.look is None:
        return False
    return float(one.look.astype("f4") @ other.look.astype("f4")) >= limits.very_similar


def _warnings(page: _Page) -> tuple[str, ...]:
    """What was asked for that the shop doesn't have."""
    named = {id for slot in page.asked.slots for id in slot.products}
    return ("products_not_found",) if named - page.known.keys() else ()
