"""Measures models on real purchases: does what they show beside a product, or a basket, lie in the basket in the end?

All households are split at one moment, and all products are ranked, not a sample of them. A question is a basket of the
later weeks: of what lies in it a part is shown to the model, and the rest is what it should find.
"""

from __future__ import annotations

import csv
import gzip
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visual_search.errors import BadInput
from visual_search.features.recommendations.baskets import Baskets, Numbers, read
from visual_search.features.recommendations.counting import FEWEST_CLIENTS
from visual_search.features.recommendations.measuring.kept import Kept
from visual_search.features.recommendations.recommenders import RECOMMENDERS, Lesson, Recommender, ranked
from visual_search.measuring.measures import Conditions, Table
from visual_search.measuring.metrics import Estimate, estimates
from visual_search.measuring.purchase_tables import word_vectors, words_of
from visual_search.types import Basket

FOLDERS = ("recommendations", "personalisation")  # where a table of purchases may lie, the first before the second
FILE = "transactions.csv.gz"
ASKED_FROM = 0.84  # of the span of time; before it lies what is learned (weeks 1-44 of 52)
QUESTIONS = 2000  # of each kind: an NDCG of .1 gets an interval of .095 to .105
HALVES = 6  # things in a basket that is asked by half, so that either half has three
PLACES = 20  # that are looked at
NEW = 0.1  # of the things that have a list: what nobody had bought yet, when it is asked what new things borrow
ENOUGH = 4  # partners that make a row on a page
SHOPS = (100, 300, 1000)  # clients of smaller shops, of which it is told how far their lists reach
EPOCH = date(1970, 1, 1)

RANDOM = "random"
KEPT = "co-counts, as kept"  # what pages read of the default model
DEFAULT = "co-counts"


@dataclass(frozen=True, slots=True)
class Question:
    """Shown `asked`, the model should find `wanted`; `novel` are those that the household had never bought before."""

    household: int
    asked: tuple[int, ...]
    wanted: frozenset[int]
    novel: frozenset[int]


@dataclass(frozen=True, slots=True)
class Case:
    """What is learned from, what is asked, and by household what it had bought."""

    lesson: Lesson
    one: tuple[Question, ...]
    basket: tuple[Question, ...]
    cold: tuple[Question, ...]  # one thing without a list of its own
    new: tuple[Question, ...]  # one thing that nobody had bought in `unseen`
    unseen: Lesson  # as `lesson`, without the purchases of some things that have a list there
    tested: Numbers  # all items of the later baskets, as often as they were bought


def read_purchases(path: Path) -> tuple[Baskets, dict[str, tuple[str, ...]]]:
    """All baskets of the file, and by product the words that describe it. Raises BadInput."""
    words: dict[str, tuple[str, ...]] = {}

    def told() -> list[Basket]:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows = []
            for row in csv.DictReader(file):
                product = row["product_id"]
                if product not in words:
                    words[product] = words_of(row)
                rows.append(Basket(row["household_id"], _day(row["ts"][:10]), (product,)))
        return rows

    try:
        baskets = read(told())
    except (OSError, KeyError, ValueError, TypeError) as problem:
        raise BadInput(
            f"{path} can't be read as purchases: {problem!r}. docs/how-to/measure-quality.md has its columns."
        ) from problem
    if not len(baskets.day):
        raise BadInput(f"{path} has no rows.")
    return baskets, words


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def some(baskets: Baskets, kept: npt.NDArray[np.bool_]) -> Baskets:
    """These of the baskets; `kept` has one entry a basket. Items keep their numbers."""
    entries = kept[baskets.basket]
    number = (np.cumsum(kept) - 1).astype(np.int32)
    return replace(
        baskets,
        basket=number[baskets.basket[entries]],
        item=baskets.item[entries],
        client=baskets.client[kept],
        day=baskets.day[kept],
    )


def make_case(baskets: Baskets, words: Mapping[str, tuple[str, ...]], *, limit: int = QUESTIONS, seed: int = 0) -> Case:
    """Learn before the split, ask after it. Raises BadInput where nothing can be asked."""
    first, last = int(baskets.day.min()), int(baskets.day.max())
    today = int(first + (last - first) * ASKED_FROM)
    vectors = word_vectors({id: words[id] for id in baskets.ids})
    matrix = np.stack([vectors[id] for id in baskets.ids]).astype(np.float32)
    lesson = Lesson(some(baskets, baskets.day <= today), today, FEWEST_CLIENTS, matrix)
    later = some(baskets, baskets.day > today)
    had = _had(lesson.baskets)
    item, _, _ = lesson.pairs.both_ways()
    listed = np.zeros(lesson.size, dtype=bool)
    listed[item] = True
    # These have a generator of their own, so that the other questions are the same, however many are hidden.
    new = listed & (np.random.default_rng(seed + 1).random(lesson.size) < NEW)
    edges = np.searchsorted(later.basket, np.arange(len(later.day) + 1))
    rng = np.random.default_rng(seed)
    asked: dict[str, list[Question]] = {"one": [], "basket": [], "cold": [], "new": []}
    for number in rng.permutation(len(later.day)).tolist():
        things = rng.permutation(later.item[edges[number] : edges[number + 1]])
        household = int(later.client[number])
        if len(things) > 1 and len(asked["one"]) < limit:
            asked["one"].append(_question(household, things, 1, had))
        if len(things) >= HALVES and len(asked["basket"]) < limit:
            asked["basket"].append(_question(household, things, len(things) // 2, had))
        cold = np.flatnonzero(~listed[things])
        if len(things) > 1 and len(cold) and len(asked["cold"]) < limit:
            asked["cold"].append(_question(household, np.roll(things, -cold[0]), 1, had))
        fresh = np.flatnonzero(new[things])
        if len(things) > 1 and len(fresh) and len(asked["new"]) < limit:
            asked["new"].append(_question(household, np.roll(things, -fresh[0]), 1, had))
    if not asked["one"]:
        raise BadInput(f"No basket after day {today} holds two things, so nothing can be asked.")
    unseen = replace(lesson, baskets=_without(lesson.baskets, new))
    questions = {name: tuple(those) for name, those in asked.items()}
    return Case(lesson=lesson, unseen=unseen, tested=later.item, **questions)


def _without(baskets: Baskets, items: npt.NDArray[np.bool_]) -> Baskets:
    """As if nobody had bought these. Baskets and items keep their numbers."""
    kept = ~items[baskets.item]
    return replace(baskets, basket=baskets.basket[kept], item=baskets.item[kept])


def _had(baskets: Baskets) -> dict[int, set[int]]:
    had: dict[int, set[int]] = {}
    for client, item in zip(baskets.client[baskets.basket].tolist(), baskets.item.tolist(), strict=True):
        had.setdefault(client, set()).add(item)
    return had


def _question(household: int, things: npt.NDArray[np.int32], shown: int, had: Mapping[int, set[int]]) -> Question:
    wanted = frozenset(things[shown:].tolist())
    return Question(household, tuple(things[:shown].tolist()), wanted, wanted - had.get(household, set()))


# --- Figures ------------------------------------------------------------------------------------

Ranker = Callable[[Sequence[int]], list[int]]


def ndcg(ranking: Sequence[int], wanted: frozenset[int]) -> float:
    """NDCG@10 with one grade; 0 where nothing is wanted."""
    gains = 1 / np.log2(np.arange(2, 12))
    got = sum(gain for gain, item in zip(gains, ranking, strict=False) if item in wanted)
    return float(got / gains[: len(wanted)].sum()) if wanted else 0.0


def by_chance(size: int, seed: int = 0) -> Ranker:
    """Some items in no order."""
    rng = np.random.default_rng(seed)
    return lambda items: rng.integers(0, size, PLACES).tolist()


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one model. `coverage`: share of all products that it shows anywhere. `bias`: how often what it shows is sold, as a
    place among all products: 0 the best seller, 1 what sells least.
    """

    cells: Mapping[str, Estimate]
    coverage: float
    bias: float


def figures(case: Case, rank: Ranker) -> Figures:
    place = np.empty(case.lesson.size)
    place[case.lesson.best] = np.linspace(0, 1, case.lesson.size)
    cells: dict[str, Estimate] = {}
    shown: list[int] = []
    for name in ("one", "basket", "cold"):
        questions: tuple[Question, ...] = getattr(case, name)
        rankings = [rank(question.asked) for question in questions]
        rows = [_row(name, question, found) for question, found in zip(questions, rankings, strict=True)]
        cells |= _estimated(rows, [question.household for question in questions])
        if name == "one":
            shown = [item for found in rankings for item in found[:10]]
            for part, chosen in (("novel", True), ("repeat", False)):
                pairs = [
                    (question.household, {part: ndcg(found, wanted)})
                    for question, found in zip(questions, rankings, strict=True)
                    if (wanted := question.novel if chosen else question.wanted - question.novel)
                ]
                cells |= _estimated([row for _, row in pairs], [household for household, _ in pairs])
    return Figures(cells, len(set(shown)) / case.lesson.size, float(place[shown].mean()))


def _row(name: str, question: Question, found: Sequence[int]) -> dict[str, float]:
    row = {name: ndcg(found, question.wanted)}
    if name == "one":
        row["R@20"] = len(question.wanted.intersection(found)) / len(question.wanted)
    return row


def _estimated(rows: Sequence[Mapping[str, float]], households: Sequence[int]) -> dict[str, Estimate]:
    return estimates(rows, households)


@dataclass(frozen=True, slots=True)
class Reach:
    """Of a shop with so many clients. `share`: of what is bought later, what has a row of partners. The others: NDCG@10."""

    share: float
    found: float
    popularity: float


def reach(case: Case, clients: int | None, seed: int = 0) -> Reach:
    """What so many of the clients would have taught; None for all."""
    baskets = case.lesson.baskets
    everybody = np.unique(baskets.client)
    if clients is not None:
        chosen = np.random.default_rng(seed).choice(everybody, min(clients, len(everybody)), replace=False)
        baskets = some(baskets, np.isin(baskets.client, chosen))
    lesson = replace(case.lesson, baskets=baskets)
    item, _, _ = lesson.pairs.both_ways()
    row = np.bincount(item, minlength=lesson.size) >= ENOUGH
    means = [_mean(lesson, RECOMMENDERS[name](), case.one) for name in ("co-counts", "popularity")]
    return Reach(float(row[case.tested].mean()), *means)


def _mean(lesson: Lesson, model: Recommender, questions: Sequence[Question]) -> float:
    model.fit(lesson)
    return float(np.mean([ndcg(ranked(model, lesson, one.asked, 10), one.wanted) for one in questions]))


# --- The table ----------------------------------------------------------------------------------

NDCG = ("one", "novel", "repeat", "basket", "cold")


def measure_folder(queries: Path, conditions: Conditions) -> Table:
    """As `measure`, of the folder that is there."""
    there = [queries / name for name in FOLDERS if (queries / name).is_dir()]
    return measure(there[0] if there else queries / FOLDERS[0], limit=conditions.limit)


def measure(folder: Path, *, limit: int | None = None) -> Table:
    """All models on the purchases in this folder. BadInput where they can't be read."""
    baskets, words = read_purchases(folder / FILE)
    case = make_case(baskets, words, limit=limit or QUESTIONS)
    found = {RANDOM: (figures(case, by_chance(case.lesson.size)), 0.0, 0.0)}
    for name, make in RECOMMENDERS.items():
        found[name] = _measured(case, make())
    found[KEPT] = _measured(case, Kept(RECOMMENDERS[DEFAULT]()))
    columns = dict.fromkeys(("one", "R@20", "novel", "repeat", "basket", "cold"), "{:.3f}")
    lesson = case.lesson
    return Table(
        title=f"recommendations: {len(lesson.baskets.day)} baskets of {lesson.baskets.clients} clients, {lesson.size} products, "
        f"{len(lesson.pairs.first)} pairs of {FEWEST_CLIENTS} clients; NDCG@10 over {len(case.one)}, {len(case.basket)} and "
        f"{len(case.cold)} later baskets",
        columns=columns | {"coverage": "{:.1%}", "bias": "{:.3f}", "CPU s": "{:.1f}", "MB": "{:.0f}"},
        rows={
            name: {column: one.cells[column].mean if column in one.cells else float("nan") for column in columns}
            | {"coverage": one.coverage, "bias": one.bias, "CPU s": seconds, "MB": megabytes}
            for name, (one, seconds, megabytes) in found.items()
        },
        intervals={
            name: {column: (cell.low, cell.high) for column, cell in one.cells.items()}
            for name, (one, _, _) in found.items()
        },
        notes=(
            "one: a thing of the basket is shown, the rest is to be found (R@20 too); novel, repeat: of that rest, what the",
            f"household had never bought, and what it had. basket: half of {HALVES} things or more is shown. cold: a thing",
            "without a list of its own. Where a model has nothing to say, best sellers follow.",
            "coverage: of all products, those shown beside one; bias: their mean place among best sellers, 0 the first.",
            f"{KEPT}: from the first places of the lists that pages read.",
            "CPU s, MB: to learn, without what all share: reading, and vectors of words.",
            *_beginners(case),
            *_reaches(case),
        ),
    )


def _measured(case: Case, model: Recommender) -> tuple[Figures, float, float]:
    # A lesson of its own, so that each model pays for what it derives of it.
    lesson = replace(case.lesson)
    tracemalloc.start()
    begin = time.process_time()
    model.fit(lesson)
    seconds = time.process_time() - begin
    megabytes = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return figures(case, lambda items: ranked(model, case.lesson, items, PLACES)), seconds, megabytes


def _beginners(case: Case) -> list[str]:
    """What stands beside things that are new but will sell, which those that never got a list mostly don't."""
    lines = [
        f"New: purchases of {NEW:.0%} of the things with a list are hidden; NDCG@10 beside one, {len(case.new)} baskets:"
    ]
    for name in ("popularity", "content", "borrowed") if case.new else ():
        model = RECOMMENDERS[name]()
        model.fit(case.unseen)
        rows = [{name: ndcg(ranked(model, case.unseen, one.asked, 10), one.wanted)} for one in case.new]
        cell = _estimated(rows, [one.household for one in case.new])[name]
        lines.append(f"  {name}: {cell.mean:.3f} [{cell.low:.3f}-{cell.high:.3f}]")
    return lines


def _reaches(case: Case) -> list[str]:
    lines = [
        f"Reach: share of what is bought later that has {ENOUGH} partners or more, and NDCG@10 of co-counts and popularity:"
    ]
    for clients in (*(one for one in SHOPS if one < case.lesson.baskets.clients), None):
        one = reach(case, clients)
        lines.append(f"  {clients or 'all':>5} clients: {one.share:.0%}, {one.found:.3f} and {one.popularity:.3f}")
    return lines
