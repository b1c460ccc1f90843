"""Orders the window of best hits for one shopper, by what the shopper looked at or bought that is near to this question.

An averaged vector of the shopper's taste gains nothing on real purchases. Instead each thing in the history raises the
hits that resemble it, in proportion to how near it is to the question
(docs/decisions/0009-personal-order-by-relevant-history.md). Where no history is near to the question, the order stays as it was.

    a_j  = sum over events of j: w_kind * 2^(-age / half_life),  times exp((cos(q, e_j) - 1) / tau_query)
    p_i  = ln(1 + sum_j a_j * exp((cos(e_i, e_j) - 1) / tau_item) / z)
    o_i  = ln(1 + sum over purchases of i: 2^(-age / half_life))
    s'_i = s_i + relevance * p_i + repeat * o_i          s = scores normalised to mean 0 and deviation 1 in the window
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from visual_search.types import Matrix, TasteEvent, Vector, unit

Outcome = Literal["personalised", "no_history", "nothing_relevant", "clear_winner"]

KIND_WEIGHTS: Mapping[str, float] = {"view": 0.3, "click": 0.5, "basket": 1.0, "purchase": 1.0, "dislike": -0.5}
# Something else that was viewed or bought, or the hit itself.
Kind = Literal["viewed", "bought", "viewed_before", "bought_before"]
# The share of a hit's relevance that one thing must give before it may be named as the reason: half of it, says
# docs/decisions/0013-the-device-remembers.md.
EXPLAINS = 0.5
# The `spread` of the vectors with which the default taus were chosen.
REFERENCE_SPREAD = 0.994
_CENTRE_HITS = 10  # best hits whose mean vector stands for the question where it has none in the items' space


@dataclass(frozen=True, slots=True)
class Weights:
    """How much the past counts. `repeat` is the shop's to set: fashion 0 to 0.2, things that are used up 0.5 to 1.

    The defaults were chosen for a device's memory of 100 events
    (docs/decisions/0009-personal-order-by-relevant-history.md).
    """

    relevance: float = 0.15
    repeat: float = 0.8
    half_life_days: float = 90.0
    tau_item: float = 0.02
    tau_query: float = 0.1
    z: float = 0.3
    least_attention: float = 1e-3
    promote_at_most: int = 10  # places; a shopper must still find what everybody finds
    clear_margin: float | None = 2.0  # deviations between first and second hit: the question names one thing

    def __post_init__(self) -> None:
        positive = (self.half_life_days, self.tau_item, self.tau_query, self.z)
        if min(positive) <= 0 or min(self.relevance, self.repeat, self.promote_at_most) < 0:
            raise ValueError(f"{self}: weights are 0 or more; half-life, taus and z are above 0.")

    def for_spread(self, median_distance: float) -> Weights:
        """The same weights for another encoder, whose `spread` is this. The taus are lengths, so they scale with it."""
        ratio = median_distance / REFERENCE_SPREAD
        return replace(self, tau_item=self.tau_item * ratio, tau_query=self.tau_query * ratio)


@dataclass(frozen=True, slots=True)
class Window:
    """The best hits of the base order. A row of zeros in `vectors`, shape (hits, dims), stands for no vector."""

    ids: tuple[str, ...]
    scores: npt.NDArray[np.float64]
    vectors: Matrix


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a hit rose: `share` of its relevance comes from this one thing (1.0 for its own earlier purchase).

    It is the largest term of the sum, gives at least half of it, and without it the hit would stand at a lower place.
    """

    kind: Kind
    id: str
    share: float


@dataclass(frozen=True, slots=True)
class Rescored:
    """`order[n]` is the place in the window of the hit that is now n-th. The parts lie in the window's old order."""

    order: tuple[int, ...]
    outcome: Outcome
    scores: npt.NDArray[np.float64]
    relevance: npt.NDArray[np.float64]
    repeat: npt.NDArray[np.float64]
    reasons: Mapping[str, Reason] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Things:
    """The history by object, in the order of its ids."""

    ids: tuple[str, ...]
    attention: npt.NDArray[np.float64]  # before the question is looked at
    bought: npt.NDArray[np.float64]  # decayed purchases
    vectors: npt.NDArray[np.float32]


def rescore(
    window: Window,
    history: Sequence[TasteEvent],
    vectors: Mapping[str, Vector],
    *,
    weights: Weights | None = None,
    query_vector: Vector | None = None,
    shown: range | None = None,
) -> Rescored:
    """The window in personal order. `vectors` holds the history's; a thing without one still counts as bought.

    `query_vector` must lie in the items' space; without it the mean of the best hits stands for the question. `shown`
    are the places of the new order for which reasons are wanted: those of one page cost a tenth of those of all.
    """
    weights = weights or Weights()
    count = len(window.ids)
    base = _normalised(window.scores)
    nothing = np.zeros(count)
    if not history or not count:
        return _unmoved(base, "no_history")
    if weights.clear_margin is not None and count > 1 and base[0] - base[1] > weights.clear_margin:
        return _unmoved(base, "clear_winner")

    things = _things(history, vectors, weights, window.vectors.shape[1])
    summands = _summands(window, things, weights, query_vector)
    relevance = _logarithm(summands, weights) if summands.size else nothing
    places = {id: place for place, id in enumerate(things.ids)}
    bought = np.array([things.bought[places[id]] if id in places else 0.0 for id in window.ids])
    repeat = np.log1p(bought)
    bonus = weights.relevance * relevance + weights.repeat * repeat
    if not bonus.any():
        return _unmoved(base, "nothing_relevant")
    scores = base + bonus
    order = capped_order(scores, weights.promote_at_most)
    wanted = [order[place] for place in shown or range(count) if place < count and order[place] > place]
    likely = _reasons(wanted, window.ids, things, summands, weights, relevance=relevance, repeat=repeat)
    return Rescored(
        order=order,
        outcome="personalised",
        scores=scores,
        relevance=relevance,
        repeat=repeat,
        reasons=_true_ones(likely, order, _Without(base, bought, window.ids, things, summands, weights)),
    )


@dataclass(frozen=True, slots=True)
class _Without:
    """What the order would be if one thing had never been in the history."""

    base: npt.NDArray[np.float64]
    bought: npt.NDArray[np.float64]
    ids: tuple[str, ...]
    things: _Things
    summands: npt.NDArray[np.float64]
    weights: Weights

    def best(self, id: str, count: int) -> frozenset[int]:
        """The hits (by their place in the window) on the first `count` places."""
        # The terms are a sum and nothing is normalised over the history, so taking one away is a subtraction.
        kept = np.arange(len(self.things.ids)) != self.things.ids.index(id)
        summands = self.summands[:, kept]
        relevance = _logarithm(summands, self.weights) if summands.size else np.zeros(len(self.ids))
        bought = self.bought.copy()
        if id in self.ids:
            bought[self.ids.index(id)] = 0.0
        scores = self.base + self.weights.relevance * relevance + self.weights.repeat * np.log1p(bought)
        return frozenset(capped_order(scores, self.weights.promote_at_most, count=count))


def _true_ones(reasons: Mapping[int, Reason], order: Sequence[int], without: _Without) -> dict[str, Reason]:
    """The reasons that hold, by hit: without the thing of such a reason in the history, its hit would stand lower."""
    place = {row: n for n, row in enumerate(order)}
    true_ones: dict[str, Reason] = {}
    best: dict[tuple[str, int], frozenset[int]] = {}
    # A hit that isn't among the first n + 1 without the thing would stand lower than its place n.
    for row, reason in reasons.items():
        key = (reason.id, place[row] + 1)
        if key not in best:
            best[key] = without.best(*key)
        if row not in best[key]:
            true_ones[without.ids[row]] = reason
    return true_ones


def spread(vectors: Matrix, *, pairs: int = 20_000, seed: int = 0) -> float:
    """How far unrelated things lie apart in this space: the median distance (1 - cosine) of random pairs.

    Near 1 in some spaces, 0.2 in others. A small quantile would measure how the shop's categories are made up instead.
    """
    rng = np.random.default_rng(seed)
    one, two = rng.integers(0, len(vectors), size=(2, pairs))
    apart = one != two
    if not apart.any():
        return 0.0
    distances = 1.0 - np.einsum("nd,nd->n", vectors[one[apart]], vectors[two[apart]])
    return float(np.median(distances))


def _things(history: Sequence[TasteEvent], vectors: Mapping[str, Vector], weights: Weights, dims: int) -> _Things:
    attention: dict[str, float] = {}
    bought: dict[str, float] = {}
    for event in history:
        decay = math.pow(2.0, -max(event.age_days, 0.0) / weights.half_life_days)
        attention[event.id] = attention.get(event.id, 0.0) + KIND_WEIGHTS[event.kind] * decay
        bought[event.id] = bought.get(event.id, 0.0) + (decay if event.kind == "purchase" else 0.0)
    ids = tuple(sorted(attention))
    nothing = np.zeros(dims, dtype=np.float32)
    # A vector of another encoder's size can't be compared; its thing is passed over until it is encoded anew.
    fitting = [vector if (vector := vectors.get(id, nothing)).shape == (dims,) else nothing for id in ids]
    return _Things(
        ids,
        np.array([attention[id] for id in ids]),
        np.array([bought[id] for id in ids]),
        np.stack(fitting).astype(np.float32, copy=False),
    )


def _summands(
    window: Window, things: _Things, weights: Weights, query_vector: Vector | None
) -> npt.NDArray[np.float64]:
    """Shape (hits, things): what each thing adds to each hit; 0 where either has no vector or attention is too small."""
    centre = query_vector if query_vector is not None else window.vectors[:_CENTRE_HITS].mean(axis=0)
    centre = unit(centre)
    if not centre.any():
        return np.zeros((len(window.ids), len(things.ids)))
    attention = things.attention * np.exp((things.vectors @ centre - 1.0) / weights.tau_query)
    heard = (np.abs(attention) >= weights.least_attention) & things.vectors.any(axis=1)
    summands = np.zeros((len(window.ids), len(things.ids)))
    # Most of a history has nothing to do with the question, and isn't compared with each hit.
    nearness = np.exp((window.vectors @ things.vectors[heard].T - 1.0) / weights.tau_item)
    nearness[~window.vectors.any(axis=1)] = 0.0
    summands[:, heard] = attention[heard] * nearness
    return summands


def _logarithm(summands: npt.NDArray[np.float64], weights: Weights) -> npt.NDArray[np.float64]:
    # Dislikes may pull the sum below zero; the logarithm needs it just above -z.
    total = np.maximum(summands.sum(axis=1), -weights.z * (1 - 1e-6))
    return np.asarray(np.log1p(total / weights.z), dtype=np.float64)


def capped_order(scores: npt.NDArray[np.float64], promote_at_most: int, *, count: int | None = None) -> tuple[int, ...]:
    """Best first, but nobody rises more than `promote_at_most` places; ties keep the base order. The first `count`."""
    order: list[int] = []
    values = (-scores).tolist()
    # For place n only the first n + cap + 1 hits of the base order may be taken; those are never all used up.
    open_places = [(values[place], place) for place in range(min(promote_at_most, len(values)))]
    heapq.heapify(open_places)
    for place in range(len(values) if count is None else count):
        if place + promote_at_most < len(values):
            heapq.heappush(open_places, (values[place + promote_at_most], place + promote_at_most))
        order.append(heapq.heappop(open_places)[1])
    return tuple(order)


def _reasons(
    rows: Sequence[int],
    ids: Sequence[str],
    things: _Things,
    summands: npt.NDArray[np.float64],
    weights: Weights,
    *,
    relevance: npt.NDArray[np.float64],
    repeat: npt.NDArray[np.float64],
) -> dict[int, Reason]:
    """What gives most of each of these hits' rise, if one thing does."""
    reasons: dict[int, Reason] = {}
    totals = summands.sum(axis=1)
    for row in rows:
        id = ids[row]
        if weights.repeat * repeat[row] > max(0.0, weights.relevance * relevance[row]):
            reasons[row] = Reason("bought_before", id, 1.0)
            continue
        if totals[row] <= 0 or weights.relevance == 0:
            continue
        best = int(np.argmax(summands[row]))
        share = float(summands[row, best] / totals[row])
        if share >= EXPLAINS:
            kind: Kind = "bought" if things.bought[best] > 0 else "viewed"
            if things.ids[best] == id:
                kind = "bought_before" if kind == "bought" else "viewed_before"
            reasons[row] = Reason(kind, things.ids[best], min(share, 1.0))
    return reasons


def _normalised(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean 0 and deviation 1; all 0 where every score is the same."""
    scores = np.asarray(scores, dtype=np.float64)
    deviation = scores.std() if scores.size else 0.0
    return (scores - scores.mean()) / deviation if deviation > 1e-12 else np.zeros_like(scores)


def _unmoved(base: npt.NDArray[np.float64], outcome: Outcome) -> Rescored:
    nothing = np.zeros_like(base)
    return Rescored(tuple(range(len(base))), outcome, base, nothing, nothing)
