"""Brings what the shopper's device remembers to bear on the best hits. Stores nothing, logs nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from visual_search import wiring
from visual_search.features.personalisation import refreshing
from visual_search.features.personalisation.item_vectors import Item, cache, fingerprint
from visual_search.ranking.rescorers import Moment, Reordered
from visual_search.ranking.rescoring import Reason, Rescored, Weights, Window, rescore
from visual_search.types import PATH_SEPARATOR, AnyOf, Grade, Hit, Query, TasteEvent, Vector

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
        mark = fingerprint(wiring.encoder().card)
        items = cache.items(query.collection, mark, [hit.id for hit in window] + [e.id for e in query.taste])
        moment.check()
        if any(self._is_sensitive(items[hit.id].category) for hit in window if hit.id in items):
            return Reordered(hits, "sensitive")
        # An object with neither picture nor title has a row, too: one that has none is new, or made by another encoder.
        if not items.keys() >= {hit.id for hit in window}:
            refreshing.soon(query.collection)
        history = [event for event in query.taste if self._may_be_read(event, items)]
        weights = self._tuned(query.collection, mark)
        after = rescore(
            _window(window, items),
            history,
            {id: item.vector for id, item in items.items() if item.vector is not None},
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

    def _may_be_read(self, event: TasteEvent, items: Mapping[str, Item]) -> bool:
        return event.id in items and not self._is_sensitive(items[event.id].category)

    def _is_sensitive(self, category: str) -> bool:
        return is_sensitive_in(category, self._sensitive)

    def _tuned(self, collection: str, mark: str) -> Weights:
        found = cache.spread(collection, mark)
        return self._weights.for_spread(found) if found > 0 else replace(self._weights, relevance=0.0)


def is_sensitive_in(category: str, sensitive: Sequence[str]) -> bool:
    """Whether the category is one of these, or lies below one."""
    return any(category == path or category.startswith(path + PATH_SEPARATOR) for path in sensitive)


def _window(hits: Sequence[Hit], items: Mapping[str, Item]) -> Window:
    known: dict[str, Vector] = {
        hit.id: item.vector for hit in hits if (item := items.get(hit.id)) is not None and item.vector is not None
    }
    dims = len(next(iter(known.values()))) if known else 1
    nothing = np.zeros(dims, dtype=np.float32)
    vectors = np.stack([known.get(hit.id, nothing) for hit in hits]) if hits else np.zeros((0, dims), dtype=np.float32)
    return Window(tuple(hit.id for hit in hits), np.array([hit.score for hit in hits]), vectors)


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
