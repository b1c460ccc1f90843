"""Combines the parts of a composed question, with their weights and negatives, into one order.

Parts are photos, words and products to resemble; each has a weight of 0 or more. Legs of one kind share that kind's
weight: together they count as much as their heaviest part, each in proportion to its own. So two photos aren't twice
as important as one, a part of weight 0 counts as absent, and the order of parts doesn't matter. Fusion (`fusion.py`) then
takes the weighted mean of each leg's scores.

What a question doesn't want is subtracted after fusion (J. J. Rocchio, "Relevance feedback in information retrieval",
1971): an object loses up to `MOST_LOSS` of its score, in proportion to how near it comes to the nearest thing that isn't
wanted. Nothing ever gains by a negative. Why so: docs/decisions/0020-composed-questions.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from visual_search.ranking.fusion import Fused
from visual_search.types import LegAnswer, LegHit, LegId, LegName, Query

# The share of the score's range that an object loses which looks exactly like the unwanted: it falls behind one that is
# half as near to the wanted. No public questions judge it (docs/decisions/0020-composed-questions.md).
MOST_LOSS = 0.5


@dataclass(frozen=True, slots=True)
class Unwanted:
    """One leg over what isn't wanted. A score of `near` and below costs nothing, one of `same` all of `weight * MOST_LOSS`."""

    leg: LegAnswer
    near: float
    same: float
    weight: float = 1.0


def shares(weights: Sequence[float]) -> list[float]:
    """What each part of one kind counts, beside a single part of weight 1: they add up to the heaviest weight.

    >>> shares([1.0, 1.0]), shares([2.0, 1.0]), shares([0.0, 3.0])
    ([0.5, 0.5], [1.3333333333333333, 0.6666666666666666], [0.0, 3.0])
    """
    total = sum(weights)
    return [weight / total * max(weights) if total > 0 else 0.0 for weight in weights]


def nearest_of(legs: Sequence[LegAnswer], name: LegName, keep: Set[str] = frozenset()) -> LegAnswer:
    """Several legs over parts of one photo as one: each object by the part that it comes nearest to. `keep`: stay in any case."""
    best: dict[str, LegHit] = {}
    for hit in (hit for leg in legs for hit in leg.hits):
        if hit.id not in best or hit.score > best[hit.id].score:
            best[hit.id] = hit
    cut = any(leg.relation == "gte" or leg.total > len(leg.hits) for leg in legs)
    hits = sorted(best.values(), key=lambda hit: (-hit.score, hit.id))
    if cut:
        # An object that no leg returned may come as near as the best of their last hits: what lies below isn't known.
        least = max((leg.hits[-1].score for leg in legs if leg.hits), default=0.0)
        hits = [hit for hit in hits if hit.score >= least or hit.id in keep]
    return LegAnswer(name, tuple(hits), max([len(hits), *(leg.total for leg in legs)]), "gte" if cut else "eq")


def penalties(unwanted: Iterable[Unwanted]) -> dict[str, float]:
    """What each object loses: of several unwanted things that it comes near to, the one that costs most counts."""
    losses: dict[str, float] = {}
    for each in unwanted:
        for hit in each.leg.hits:
            share = min(max((hit.score - each.near) / (each.same - each.near), 0.0), 1.0)
            losses[hit.id] = max(losses.get(hit.id, 0.0), share * each.weight * MOST_LOSS)
    return {id: loss for id, loss in losses.items() if loss > 0}


def without(fused: Sequence[Fused], losses: Mapping[str, float]) -> list[Fused]:
    """The fused order after the losses. The part "unwanted" says what each lost, so that the parts still add up."""
    if not losses:
        return list(fused)
    lowered = [
        replace(item, score=item.score - losses[item.id], parts={**item.parts, "unwanted": -losses[item.id]})
        if item.id in losses
        else item
        for item in fused
    ]
    return sorted(lowered, key=lambda item: (-round(item.score, 9), item.id))


def gathered(legs: Sequence[LegAnswer], keep: Set[str] = frozenset()) -> tuple[LegAnswer, ...]:
    """The legs of a photo's things and of the photo itself as one: a photo counts by its nearest part. `keep`: as above."""
    groups: dict[LegName, list[LegAnswer]] = {}
    for leg in legs:
        groups.setdefault(leg.name.whole if isinstance(leg.name, LegId) else leg.name, []).append(leg)
    return tuple(parts[0] if len(parts) == 1 else nearest_of(parts, name, keep) for name, parts in groups.items())


def simplest(query: Query) -> Query:
    """The same question without what has no weight; an object to resemble with a negative weight is one not to resemble."""
    weights = query.like_weights
    return replace(
        query,
        pictures=tuple(picture for picture in query.pictures if picture.weight != 0),
        words=query.words if query.words_weight > 0 else "",
        like=tuple(dict.fromkeys(id for id in query.like if weights.get(id, 1.0) > 0)),
        unlike=tuple(dict.fromkeys((*query.unlike, *(id for id in query.like if weights.get(id, 1.0) < 0)))),
    )
