"""Retrieval metrics of one ranking, and their mean with an interval. Pure functions over ids and graded relevance."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NAMES = ("exact@1", "exact@10", "R@1", "R@5", "R@10", "R@50", "MRR", "nDCG@10", "P@10")
# The figures by which two runs of a task are judged. They are few, since of many some would fall by chance.
_JUDGED_BY: Mapping[str, tuple[str, ...]] = {
    "clothing_photo": ("P@10",),
    "scene_ikea": ("R@10",),
    "related_products": ("R@10",),
    "words_to_picture": ("R@10",),
    "text_multilingual": ("R@10",),
    "text_stamps": ("R@10",),
    "text_parallel": ("R@10",),
}


def judged_by(task: str) -> tuple[str, ...]:
    """The figures that decide which of two runs is better at a task."""
    return _JUDGED_BY.get(task, ("exact@1", "exact@10"))


def of_ranking(ranking: Sequence[str], relevance: Mapping[str, int], *, exact: int) -> dict[str, float]:
    """All metrics of one query. `relevance`: id -> grade (> 0); a grade of `exact` or more is the thing itself.

    exact@k: 1 if an exact one is among the first k. R@k: share of all relevant ones among the first k. MRR: 1 / rank of the
    first exact one (of any relevant one where none is exact). nDCG@10 with gains 2^grade - 1 and log2 discount
    (Järvelin and Kekäläinen, ACM TOIS 2002). P@10: share of the first ten that are relevant.
    """
    grades = [relevance.get(id, 0) for id in ranking[:50]]
    goal = exact if any(grade >= exact for grade in relevance.values()) else 1
    first = next((place for place, id in enumerate(ranking, 1) if relevance.get(id, 0) >= goal), None)
    total = sum(grade > 0 for grade in relevance.values())
    recall = {f"R@{k}": sum(grade > 0 for grade in grades[:k]) / total if total else 0.0 for k in (1, 5, 10, 50)}
    ideal = _dcg(sorted(relevance.values(), reverse=True)[:10])
    return {
        "exact@1": float(any(grade >= goal for grade in grades[:1])),
        "exact@10": float(any(grade >= goal for grade in grades[:10])),
        **recall,
        "MRR": 1 / first if first else 0.0,
        "nDCG@10": _dcg(grades[:10]) / ideal if ideal else 0.0,
        "P@10": sum(grade > 0 for grade in grades[:10]) / 10,
    }


def _dcg(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, 1))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def estimates(
    rows: Sequence[Mapping[str, float]], groups: Sequence[Hashable], *, resamples: int = 1000, seed: int = 0
) -> dict[str, Estimate]:
    """Means of all metrics with percentile bootstrap intervals over `groups`.

    Queries for one product rise and fall together, so whole products are drawn, not single queries.
    """
    if not rows:
        return {}
    names = list(rows[0])
    values = np.array([[row[name] for name in names] for row in rows])
    low, high = np.percentile(_resampled(values, groups, resamples, seed), [2.5, 97.5], axis=0)
    return {name: Estimate(float(values[:, n].mean()), float(low[n]), float(high[n])) for n, name in enumerate(names)}


def relative_change(
    ours: npt.ArrayLike, base: npt.ArrayLike, groups: Sequence[Hashable], *, resamples: int = 1000, seed: int = 0
) -> Estimate:
    """How far the mean of `ours` lies above that of `base` over the same queries, as a share of it (.1: a tenth more).

    Both means are of the same draw of `groups` each time (paired bootstrap). NaN where there are no queries.
    """
    values = np.column_stack([np.asarray(ours, dtype=np.float64), np.asarray(base, dtype=np.float64)])
    if not len(values):
        return Estimate(math.nan, math.nan, math.nan)
    means = _resampled(values, groups, resamples, seed)
    low, high = np.percentile(means[:, 0] / means[:, 1] - 1, [2.5, 97.5])
    return Estimate(float(values[:, 0].mean() / values[:, 1].mean() - 1), float(low), float(high))


def _resampled(
    values: npt.NDArray[np.float64], groups: Sequence[Hashable], resamples: int, seed: int
) -> npt.NDArray[np.float64]:
    """The column means of (queries, columns) in each of so many draws of whole groups: (resamples, columns)."""
    sums, counts = _by_group(values, groups)
    drawn = np.random.default_rng(seed).integers(0, len(counts), size=(resamples, len(counts)))
    means: npt.NDArray[np.float64] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)[:, None]
    return means


def _by_group(
    values: npt.NDArray[np.float64], groups: Sequence[Hashable]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    places: dict[Hashable, int] = {}
    number = np.array([places.setdefault(group, len(places)) for group in groups])
    sums = np.zeros((len(places), values.shape[1]))
    np.add.at(sums, number, values)
    return sums, np.bincount(number, minlength=len(places)).astype(np.float64)
