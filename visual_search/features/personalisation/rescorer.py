"""The journey of personal order: from a question with a memory and its best hits to the same hits in another order.

Nothing of the memory is stored or logged.
"""

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

_DEFAULTS = Weights()


class PersonalRescorer:
    """The shop sets its options. `repeat`: 0 to 0.2 for fashion, 0.5 to 1 for what is used up. `sensitive`: categories, each
    with all below it, that neither read a shopper's history nor write to it.
    """

    name = "personal"

    def __init__(
        self,
        *,
        relevance: float = _DEFAULTS.relevance,
        repeat: float = _DEFAULTS.repeat,
        half_life_days: float = _DEFAULTS.half_life_days,
        promote_at_most: int = _DEFAULTS.promote_at_most,
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
        """The hits in personal order; exactly as they came without a memory, and for questions that name one thing."""
        if not query.taste:
            return Reordered(hits)
        if reason := self._why_left_alone(query, hits):
            return Reordered(hits, reason)
        # Hits that are graded "nothing close" stay behind the others, for everybody.
        close = next((n for n, hit in enumerate(hits) if hit.grade is Grade.DISTANT), len(hits))
        window, rest = hits[:close], hits[close:]
        card = wiring.encoder().card
        items = cache.items(query.collection, card, [*(hit.id for hit in window), *(e.id for e in query.taste)])
        moment.check()
        sensitive = self._sensitive_of(items)
        if not sensitive.isdisjoint(hit.id for hit in window):
            return Reordered(hits, "sensitive")
        # Every object has a row, even without pictures and titles. A hit without one is new, or another encoder made its row.
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

    def _why_left_alone(self, query: Query, hits: Sequence[Hit]) -> str:
        """Why the hits stay as they are, as the answer's notes say it; '' if they may be reordered."""
        if query.sort not in ("", "relevance"):
            return "sorted"
        # Where nothing was asked, no hit fits better than another.
        if not (query.words.strip() or query.pictures or query.like):
            return "no_question"
        # The shopper gave an exact code, or a photo of the very thing, and so knows what they want.
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
        spread = cache.spread(collection, card)
        return self._weights.for_spread(spread) if spread > 0 else replace(self._weights, relevance=0.0)


def is_sensitive_in(category: str, sensitive: Sequence[str]) -> bool:
    """Whether the category is one of these, or lies below one."""
    return any(category == path or category.startswith(path + PATH_SEPARATOR) for path in sensitive)


def _window(hits: Sequence[Hit], items: Items) -> Window:
    # `rescore` names the hits first, and each once, so the first rows of the array are theirs.
    return Window(tuple(hit.id for hit in hits), np.array([hit.score for hit in hits]), items.vectors[: len(hits)])


def _reasoned(hit: Hit, reasons: Mapping[str, Reason]) -> Hit:
    """The hit with the reason why it rose: "viewed" or "bought" something like it, and its id; or "viewed_before" or
    "bought_before", where it was the hit itself. Pages say it in words.
    """
    reason = reasons.get(hit.id)
    if reason is None or hit.reason:
        return hit
    return replace(hit, reason=reason.kind, because=reason.id if reason.id != hit.id else "")


def _parts(after: Rescored, place: int, weights: Weights) -> dict[str, float]:
    """All parts of the score that gives the hit its new place; `personal.score` is their sum."""
    relevance, repeat = weights.relevance * after.relevance[place], weights.repeat * after.repeat[place]
    score = float(after.scores[place])
    return {
        "personal.base": round(score - relevance - repeat, 6),
        "personal.relevance": round(float(relevance), 6),
        "personal.repeat": round(float(repeat), 6),
        "personal.score": round(score, 6),
    }
