"""Measures personal order on real purchases: does it help, whom does it hurt, and how often is a shopper worse off?

Protocol "category as query" (Ai et al., SIGIR 2017): the question is a product type, the candidates are all products of that
type, the target is what the household then bought. The past is split from the future at one moment for all households, and
all candidates are ranked, not a sample of them. Items have no pictures here; their vectors come from brand, type and size.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from visual_search.errors import BadInput
from visual_search.measuring.measures import Table
from visual_search.measuring.metrics import Estimate, estimates, relative_change
from visual_search.measuring.purchase_tables import DIMS, word_vectors, words_of
from visual_search.ranking.rescoring import Weights, Window, rescore
from visual_search.types import TasteEvent, Vector, unit

QUESTIONS = 4000  # so many give an interval of .31 to .33 around an MRR of .32
ASKED_FROM = 0.84  # of the span of time; before it lies the past of all households (weeks 1-44 of 52)
WINDOW = 200  # hits, as the default of RANK_WINDOW
DEVICE_EVENTS = 100  # purchases that a device would remember


@dataclass(frozen=True, slots=True)
class Purchase:
    household: str
    at: datetime
    product: str
    type: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One purchase seen as a search: these products in order of popularity, and the place of the one that was bought."""

    household: str
    ids: tuple[str, ...]
    scores: npt.NDArray[np.float64]
    target: int
    history: tuple[TasteEvent, ...]
    repeat: bool  # the household had bought the target before


@dataclass(frozen=True, slots=True)
class Figures:
    """MRR over all questions, over targets new to the household and over repeats; share of questions made worse.

    NaN where there is no such question.
    """

    mrr: Estimate
    new: Estimate
    repeat: Estimate
    worse: Estimate
    better: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """A ranker beside popularity, as relative changes. All intervals are by a bootstrap over households."""

    name: str
    figures: Figures
    gain: Estimate
    new_gain: Estimate


Ranker = Callable[[Question], Sequence[int]]


def read_purchases(path: Path) -> list[Purchase]:
    """The rows of `transactions.csv.gz`, in the order of time."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [_purchase(row) for row in csv.DictReader(file)]
    return sorted(rows, key=lambda row: (row.at, row.household, row.product))


def _purchase(row: Mapping[str, str]) -> Purchase:
    return Purchase(
        household=row["household_id"],
        at=datetime.fromisoformat(row["ts"]).replace(tzinfo=UTC),
        product=row["product_id"],
        type=row["product_type"],
        words=words_of(row),
    )


def item_vectors(purchases: Iterable[Purchase], *, dims: int = DIMS, seed: int = 0) -> dict[str, Vector]:
    """A vector for each product, made of its words."""
    return word_vectors({row.product: row.words for row in purchases}, dims=dims, seed=seed)


def questions(
    purchases: Sequence[Purchase], *, start: datetime, end: datetime, limit: int | None = None, seed: int = 0
) -> Iterator[Question]:
    """Purchases from `start` to before `end`, each with what the household had bought before that basket.

    Popularity is counted before `start` alone. Types with a single product ask nothing and are left out.
    """
    popularity = Counter(row.product for row in purchases if row.at < start)
    of_type: dict[str, set[str]] = defaultdict(set)
    past: dict[str, list[Purchase]] = defaultdict(list)
    for row in purchases:
        of_type[row.type].add(row.product)
        past[row.household].append(row)
    asked = [row for row in purchases if start <= row.at < end and len(of_type[row.type]) > 1]
    if limit is not None and len(asked) > limit:
        chosen = np.random.default_rng(seed).choice(len(asked), size=limit, replace=False)
        asked = [asked[n] for n in sorted(chosen)]
    for row in asked:
        ids = tuple(sorted(of_type[row.type], key=lambda product: (-popularity[product], product)))
        before = [old for old in past[row.household] if old.at < row.at]
        yield Question(
            household=row.household,
            ids=ids,
            scores=np.log1p([popularity[product] for product in ids]),
            target=ids.index(row.product),
            history=tuple(TasteEvent(old.product, "purchase", (row.at - old.at) / timedelta(days=1)) for old in before),
            repeat=any(old.product == row.product for old in before),
        )


# --- Rankers ------------------------------------------------------------------------------------


def by_popularity(question: Question) -> Sequence[int]:
    """The order that everybody gets."""
    return range(len(question.ids))


def by_average_vector(vectors: Mapping[str, Vector], *, weight: float = 0.25, half_life: float = 182.0) -> Ranker:
    """The obvious design, as a baseline: the mean of the history, where older events count less; its cosine joins the score."""

    def rank(question: Question) -> Sequence[int]:
        taste = np.zeros(len(next(iter(vectors.values()))))
        for event in question.history:
            taste += vectors[event.id] * 2.0 ** (-event.age_days / half_life)
        cosines = np.stack([vectors[id] for id in question.ids]) @ unit(taste)
        deviation = question.scores.std() or 1.0
        scores = (question.scores - question.scores.mean()) / deviation + weight * cosines
        return [int(place) for place in np.argsort(-scores, kind="stable")]

    return rank


def by_history(vectors: Mapping[str, Vector], weights: Weights, *, last: int | None = None) -> Ranker:
    """What the shop's search does: the kernel over the history (its `last` events), inside the window of best hits."""

    def rank(question: Question) -> Sequence[int]:
        ids = question.ids[:WINDOW]
        window = Window(ids, question.scores[:WINDOW], np.stack([vectors[id] for id in ids]))
        events = question.history if last is None else question.history[-last:]
        rest = range(len(ids), len(question.ids))
        return [*rescore(window, events, vectors, weights=weights).order, *rest]

    return rank


# --- Figures ------------------------------------------------------------------------------------


def compare(asked: Sequence[Question], rankers: Mapping[str, Ranker]) -> list[Comparison]:
    """Each ranker beside popularity over the same questions."""
    base = np.array([question.target for question in asked])
    new = np.array([not question.repeat for question in asked])
    households = np.array([question.household for question in asked])
    comparisons = []
    for name, ranker in rankers.items():
        ranks = np.array([list(ranker(question)).index(question.target) for question in asked])
        ours, plain = 1.0 / (1 + ranks), 1.0 / (1 + base)
        figures = Figures(
            mrr=_mean(ours, households),
            new=_mean(ours[new], households[new]),
            repeat=_mean(ours[~new], households[~new]),
            worse=_mean(ranks > base, households),
            better=_mean(ranks < base, households),
        )
        comparisons.append(
            Comparison(
                name=name,
                figures=figures,
                gain=relative_change(ours, plain, households.tolist()),
                new_gain=relative_change(ours[new], plain[new], households[new].tolist()),
            )
        )
    return comparisons


def _mean(values: npt.NDArray[Any], households: npt.NDArray[np.str_]) -> Estimate:
    means = estimates([{"": float(value)} for value in values], households.tolist())
    return means[""] if means else Estimate(math.nan, math.nan, math.nan)


def standard_rankers(vectors: Mapping[str, Vector], weights: Weights | None = None) -> dict[str, Ranker]:
    """The rankers that are compared. With the history of a whole year, earlier purchases need less weight."""
    weights = weights or Weights()
    long = replace(weights, repeat=0.5, tau_item=0.05)
    return {
        "popularity": by_popularity,
        "average vector": by_average_vector(vectors),
        "kernel": by_history(vectors, replace(long, repeat=0.0)),
        "kernel + own": by_history(vectors, long),
        "kernel + own, device": by_history(vectors, weights, last=DEVICE_EVENTS),
    }


def measure(folder: Path, *, limit: int | None = None) -> Table:
    """All rankers on `transactions.csv.gz` in this folder, as a table. BadInput where it can't be read."""
    path = folder / "transactions.csv.gz"
    try:
        purchases = read_purchases(path)
    except (OSError, KeyError, ValueError) as problem:
        raise BadInput(
            f"{path} can't be read as purchases: {problem!r}. docs/how-to/measure-quality.md has its columns."
        ) from problem
    if not purchases:
        raise BadInput(f"{path} has no rows.")
    first, last = purchases[0].at, purchases[-1].at
    start = first + (last - first) * ASKED_FROM
    end = last + timedelta(seconds=1)
    asked = list(questions(purchases, start=start, end=end, limit=limit or QUESTIONS))
    if not asked:
        raise BadInput(f"{path} has no purchase after {start:%Y-%m-%d} that leaves a choice.")
    comparisons = compare(asked, standard_rankers(item_vectors(purchases)))
    repeats = sum(question.repeat for question in asked) / len(asked)
    columns = dict.fromkeys(("MRR", "new", "repeat"), "{:.3f}") | dict.fromkeys(("gain", "new gain"), "{:+.1%}")
    cells = {item.name: _cells(item) for item in comparisons}
    return Table(
        title=f"personalisation: {len(asked)} purchases after {start:%Y-%m-%d} as questions, {repeats:.0%} of them repeats",
        columns=columns | {"worse": "{:.1%}", "better": "{:.1%}"},
        rows={name: {column: one.mean for column, one in row.items()} for name, row in cells.items()},
        intervals={name: {column: (one.low, one.high) for column, one in row.items()} for name, row in cells.items()},
        notes=(
            "Popularity is the base: the order that everybody gets. gain and new gain are against it, question by question.",
            "new: targets that the household had not bought before; worse, better: share of questions whose target moved.",
            f"Whole households are drawn for the intervals, of {len({question.household for question in asked})}.",
        ),
    )


def _cells(item: Comparison) -> dict[str, Estimate]:
    figures = item.figures
    return {
        "MRR": figures.mrr,
        "new": figures.new,
        "repeat": figures.repeat,
        "gain": item.gain,
        "new gain": item.new_gain,
        "worse": figures.worse,
        "better": figures.better,
    }
