"""What recency and context add to plain popularity, on real purchases: is it worth to know the weekday, the hour, the store?

Protocol "category as query" (Ai et al., SIGIR 2017): the question is a product type, the hits are all products of that type, the
target is what was bought. Only purchases of earlier days count. Nobody's looks are known here, so the places play no part.
Purchases of the same household are the trap: it goes to one store, so the store's best sellers hold its own habits. The rows "of
others" leave them out.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visual_search.errors import BadInput
from visual_search.measuring.measures import Table
from visual_search.measuring.metrics import estimates, relative_change

QUESTIONS = 6_000
ASKED_FROM = 0.84  # of the span of time: 44 of 52 weeks
SHRINK = 100.0  # purchases with everybody's shares that are added: the best of six on weeks 41 to 44, or as good

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Type:
    """The purchases of a product type, a row each; `product` and the others are numbers."""

    products: int
    product: Numbers
    day: Numbers
    weekday: Numbers
    part: Numbers  # of the day: night, morning, afternoon, evening
    store: Numbers
    household: Numbers


Ranker = Callable[
    [Type, int], Floats
]  # the scores of a type's products for a purchase, by what was bought before its day


def read(path: Path) -> list[Type]:
    """The types with a choice, of `transactions.csv.gz`. BadInput where it can't be read."""
    by_type: dict[str, list[tuple[str, datetime, str, str]]] = defaultdict(list)
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                at = datetime.fromisoformat(row["ts"])
                by_type[row["product_type"]].append((row["product_id"], at, row["store_id"], row["household_id"]))
    except (OSError, EOFError, KeyError, ValueError) as problem:
        raise BadInput(
            f"{path} can't be read as purchases: {problem!r}. docs/how-to/measure-quality.md has its columns."
        ) from problem
    types = []
    for rows in by_type.values():
        products, times, stores, households = zip(*rows, strict=True)
        names, product = np.unique(products, return_inverse=True)
        if len(names) > 1:
            types.append(
                Type(
                    products=len(names),
                    product=product,
                    day=np.array([at.toordinal() for at in times]),
                    weekday=np.array([at.weekday() for at in times]),
                    part=np.array([at.hour // 6 for at in times]),
                    store=_numbers(stores),
                    household=_numbers(households),
                )
            )
    if not types:
        raise BadInput(f"{path} has no product type with two products.")
    return types


def _numbers(names: Sequence[str]) -> Numbers:
    # A name of digits is its own number, so that a household has one number in all types.
    return np.array([int(name) for name in names])


def popular(half_life: float | None = None, *, others: bool = False) -> Ranker:
    """By purchases, each of which counts half after so many days."""

    def scores(of: Type, row: int) -> Floats:
        return _counts(of, row, half_life, others=others)

    return scores


def within(context: str, shrink: float, half_life: float, *, others: bool = False) -> Ranker:
    """By purchases in the same context, to which `shrink` with everybody's shares are added."""

    def scores(of: Type, row: int) -> Floats:
        everybody = _counts(of, row, half_life, others=others)
        values = getattr(of, context)
        here = _counts(of, row, half_life, others=others, only=values == values[row])
        return here + shrink * everybody / max(float(everybody.sum()), 1e-9)

    return scores


def _counts(
    of: Type, row: int, half_life: float | None, *, others: bool, only: npt.NDArray[np.bool_] | None = None
) -> Floats:
    counted = of.day < of.day[row]
    if others:
        counted &= of.household != of.household[row]
    if only is not None:
        counted = counted & only
    ages = of.day[row] - of.day[counted]
    weights = 2.0 ** (-ages / half_life) if half_life else np.ones(len(ages))
    return np.bincount(of.product[counted], weights=weights, minlength=of.products).astype(np.float64)


def reciprocal_rank(scores: Floats, target: int) -> float:
    """1 / rank of the target; among equals it stands in the middle."""
    better = int((scores > scores[target] + 1e-12).sum())
    equal = int((np.abs(scores - scores[target]) <= 1e-12).sum()) - 1
    return 1 / (1 + better + equal / 2)


# By row: the ranker, and the row that it is compared with.
RANKERS: dict[str, tuple[Ranker, str]] = {
    "popularity": (popular(), ""),
    "half-life 28 days": (popular(28), "popularity"),
    "half-life 90 days": (popular(90), "popularity"),
    "half-life 180 days": (popular(180), "popularity"),
    "and weekday": (within("weekday", SHRINK, 180), "half-life 180 days"),
    "and part of the day": (within("part", SHRINK, 180), "half-life 180 days"),
    "and store": (within("store", 10, 180), "half-life 180 days"),
    "of others, 180 days": (popular(180, others=True), ""),
    "of others, and store": (within("store", SHRINK, 180, others=True), "of others, 180 days"),
}


def measure(folder: Path, *, limit: int | None = None) -> Table:
    """All rankers on `transactions.csv.gz` in this folder, as a table."""
    types = read(folder / "transactions.csv.gz")
    first, last = min(of.day.min() for of in types), max(of.day.max() for of in types)
    start = first + (last - first) * ASKED_FROM
    every = [(of, int(row)) for of in types for row in np.flatnonzero(of.day >= start)]
    if not every:
        raise BadInput(f"{folder / 'transactions.csv.gz'} has no purchase in the last weeks that leaves a choice.")
    chosen = np.random.default_rng(0).choice(len(every), min(len(every), limit or QUESTIONS), replace=False)
    asked = [every[n] for n in sorted(chosen)]
    households = [int(of.household[row]) for of, row in asked]
    ranks = {
        name: [reciprocal_rank(ranker(of, row), int(of.product[row])) for of, row in asked]
        for name, (ranker, _) in RANKERS.items()
    }
    rows: dict[str, dict[str, float]] = {}
    intervals: dict[str, dict[str, tuple[float, float]]] = {}
    for name, (_, base) in RANKERS.items():
        mean = estimates([{"MRR": value} for value in ranks[name]], households)["MRR"]
        gain = relative_change(ranks[name], ranks[base or name], households)
        rows[name] = {"MRR": mean.mean, "gain": gain.mean}
        intervals[name] = {"MRR": (mean.low, mean.high)} | ({"gain": (gain.low, gain.high)} if base else {})
    return Table(
        title=f"order by behaviour: {len(asked)} purchases as questions, {len(set(households))} households",
        columns={"MRR": "{:.3f}", "gain": "{:+.2%}"},
        rows=rows,
        intervals=intervals,
        notes=(
            "gain of half-lives is against popularity, gain of a context against the same half-life without it.",
            "of others: without the purchases of the household that asks. Its own habits are no popularity.",
        ),
    )
