"""Boosts and buries the best hits by what rules say: before the personal order, which so has its say among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from visual_search.features.merchandising import current
from visual_search.features.merchandising.curator import facts_of
from visual_search.features.merchandising.filters import shares
from visual_search.features.merchandising.kinds import BOOSTS, Then
from visual_search.features.merchandising.rules import Rule
from visual_search.hooks import Moment, Reordered
from visual_search.types import Grade, Hit, Query

MOST = 2.0  # how many times its score a hit may have after all boosts; after all buries it has at least the inverse


class MerchandisingRescorer:
    """Scores are multiplied, so that a boost lifts what fits and doesn't bring up what doesn't."""

    name = "merchandising"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        if not hits or query.sort not in ("", "relevance") or query.like:
            return Reordered(hits)
        matcher = current.compiled().matcher
        if not matcher.boosts:
            return Reordered(hits)
        rules = [
            rule
            for rule in matcher.holding(facts_of(query, hits, matcher))
            if any(action.kind in BOOSTS for action in rule.actions)
        ]
        if not rules:
            return Reordered(hits)
        moment.check()
        by = _factors(rules, query.collection, [hit.id for hit in hits])
        moment.check()
        current.tell(rules)
        scored = [_scored(hit, by.get(hit.id, 1.0), explain=query.explain) for hit in hits]
        # What the question names stays first, what is "nothing close" stays last.
        scored.sort(key=lambda hit: (hit.grade is Grade.DISTANT, not hit.is_named, -hit.score))
        return Reordered(tuple(scored), "boosted")


def _factors(rules: Sequence[Rule], collection: str, ids: Sequence[str]) -> Mapping[str, float]:
    """By id, by how much its score is multiplied, within the cap."""
    factors: dict[str, float] = {}
    for rule in rules:
        for action in rule.actions:
            if action.kind not in BOOSTS:
                continue
            for id, share in shares(action, collection, ids).items():
                more = 1 + action.strength / 100 * share
                factors[id] = factors.get(id, 1.0) * (more if action.kind == Then.BOOST else 1 / more)
    return {id: min(MOST, max(1 / MOST, factor)) for id, factor in factors.items()}


def _scored(hit: Hit, factor: float, *, explain: bool) -> Hit:
    if factor == 1 or hit.is_named:
        return hit
    # A score below zero is of something far: multiplied, a boost would send it further away.
    score = round(hit.score * factor if hit.score > 0 else hit.score / factor, 6)
    legs = {**hit.legs, "merchandising": round(score - hit.score, 6)} if explain else hit.legs
    return replace(hit, score=score, legs=legs)
