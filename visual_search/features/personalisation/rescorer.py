"""Brings what the shopper's device remembers to bear on the best hits. Stores nothing, logs nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from visual_search import wiring
from visual_search.features.personalisation import tasks
from visual_search.features.personalisation.item_cache import Items, cache
from visual_search.hooks import Moment, Reordered
from visual_search.ranking.rescoring import Reason, Rescored, Weights, Window, rescore
from visual_search.types import PATH_SEPARATOR, AnyOf, EncoderCard, Grade, Hit, Query

_USUAL = Weights()


class PersonalRescorer:
    """Options are the shop's: `repeat` 0 to 0.2 for fashion, 0.5 to 1 for what is used up; `sensitive` names
    categories (a path covers all below it) that neither read nor write a shopper's history.
    """

    name = "personal"

    def __init__(
        self,
        *,
        relevance: float = _USUAL.relevance,
        repeat: float = _USUAL.repeat,
        half_life_days: float = _USUAL.half_life_days,
        promote_at_most: int = _USUAL.promote_at_most,
        sensitive: Sequence[str] = (),
    ) -> None:
        self._weights = Weights(
            relevance=relevance,
            repeat=repeat,
            half_life_days=half_life_days,
            promote_at_most=promote_at_most,
        )
        self._sensitive = tuple(sensitive)

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        """The hits in personal order, or exactly as they came: with no memory, and for questions that name one thing."""
        if not query.taste:
            return Reordered(hits)
        if reason := self._hands_off(query, hits):
            return Reordered(hits, reason)
        # What is nothing close stays behind what is, whoever asks.
        close = next((n for n, hit in enumerate(hits) if hit.grade is Grade.DISTANT), len(hits))
        window, rest = hits[:close], hits[close:]
        card = wiring.encoder().card
        items = cache.items(query.collection, card, [*(hit.id for hit in window), *(e.id for e in query.taste)])
        moment.check()
        sensitive = self._sensitive_of(items)
        if not sensitive.isdisjoint(hit.id for hit in window):
            return Reordered(hits, "sensitive")
        # An object with neither picture nor title has a row, too: one that has none is new, or made by another encoder.
        if any(hit.id not in items.categories for hit in window):
            tasks.soon(query.collection)
        history = [event for event in query.taste if event.id in items.categories and event.id not in sensitive]
        weights = self._tuned(query.collection, card)
        after = rescore(
            _window(window, items),
            history,
            dict(zip(items.ids, items.vectors, strict=True)),
            weights=weights,
            shown=range((query.page - 1) * query.page_size, query.page * query.page_size),
        )
        if after.outcome != "personalised":
            return Reordered(hits, after.outcome)
        moved = tuple(_reasoned(window[place], after.reasons) for place in after.order)
        if query.explain:
            moved = tuple(
                replace(hit, legs={**hit.legs, **_parts(after, place, weights)})
                for hit, place in zip(moved, after.order, strict=True)
            )
        return Reordered((*moved, *rest), "personalised")

    def _hands_off(self, query: Query, hits: Sequence[Hit]) -> str:
        if query.sort not in ("", "relevance"):
            return "sorted"
        # A list that nobody asked a question of has no hits that are better than others.
        if not (query.words.strip() or query.pictures or query.like):
            return "no_question"
        # An exact code, or a photo of the very thing: the shopper knows what they want.
        if hits and (hits[0].reason or hits[0].grade is Grade.SAME):
            return "exact"
        asked = [
            str(value)
            for rule in query.filters
            if isinstance(rule, AnyOf) and rule.field == "category"
            for value in rule.values
        ]
        return "sensitive" if any(self._is_sensitive(value) for value in asked) else ""

    def _sensitive_of(self, items: Items) -> frozenset[str]:
        if not self._sensitive:
            return frozenset()
        return frozenset(id for id, category in items.categories.items() if self._is_sensitive(category))

    def _is_sensitive(self, category: str) -> bool:
        return is_sensitive_in(category, self._sensitive)

    def _tuned(self, collection: str, card: EncoderCard) -> Weights:
        found = cache.spread(collection, card)
        return self._weights.for_spread(found) if found > 0 else replace(self._weights, relevance=0.0)


def is_sensitive_in(category: str, sensitive: Sequence[str]) -> bool:
    """Whether the category is one of these, or lies below one."""
    return any(category == path or category.startswith(path + PATH_SEPARATOR) for path in sensitive)


def _window(hits: Sequence[Hit], items: Items) -> Window:
    # Hits were asked for first, and each is there once, so their rows lead the array.
    return Window(tuple(hit.id for hit in hits), np.array([hit.score for hit in hits]), items.vectors[: len(hits)])


def _reasoned(hit: Hit, reasons: Mapping[str, Reason]) -> Hit:
    """With "viewed" or "bought" and the id of what was, or with "viewed_before" or "bought_before"; pages say it in words."""
    reason = reasons.get(hit.id)
    if reason is None or hit.reason:
        return hit
    return replace(hit, reason=reason.kind, because=reason.id if reason.id != hit.id else "")


def _parts(after: Rescored, place: int, weights: Weights) -> dict[str, float]:
    """All parts of the score that a hit now stands by; `personal.score` is their sum."""
    relevance, repeat = weights.relevance * after.relevance[place], weights.repeat * after.repeat[place]
    score = float(after.scores[place])
    return {
        "personal.base": round(score - relevance - repeat, 6),
        "personal.relevance": round(float(relevance), 6),
        "personal.repeat": round(float(repeat), 6),
        "personal.score": round(score, 6),
    }
