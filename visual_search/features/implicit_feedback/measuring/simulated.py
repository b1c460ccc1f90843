"""Simulated shops whose truth is known: how much more often shoppers find something, by how many of them there are.

An object has an appeal that no search engine sees, such as its price, beside how well it fits a question, which the shop's
ranking sees through noise. A shopper looks at the hit of place p with the chance p ** -STEEPNESS, and clicks what is looked at
with the chance that fit and appeal give it. For four weeks each day is counted and used for the next day's orders, with the
feature's own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from visual_search.features.implicit_feedback.counting import Sum, tally
from visual_search.features.implicit_feedback.options import Options
from visual_search.features.implicit_feedback.places import STEPS, USUAL, steepness
from visual_search.features.implicit_feedback.rates import decay, factors
from visual_search.features.implicit_feedback.rescorer import MOST, reordered
from visual_search.measuring.measures import Table
from visual_search.measuring.metrics import relative_change
from visual_search.types import Found, Hit, SealedEvent, SealedQuestion

OBJECTS, QUESTIONS, PAGE, DAYS = 400, 60, 24, 28
STEEPNESS = 0.7  # of the truth; the feature begins with 1
NOISE = 0.15  # of the shop's ranking, beside fits of .4 and a standard deviation of .2
APPEAL = 0.5  # the standard deviation of its logarithm
CLICKED = 0.3  # the chance where fit and appeal are 1
FILTERED = 0.2  # of the questions; filters move hits to other places
A_DAY = 2.0  # questions of a browser
SHOPS = 6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """What is simulated. `steepness`: how places are corrected; None: as the shop's clicks tell."""

    browsers: int
    appeal: float = APPEAL
    objects: int = OBJECTS
    questions: int = QUESTIONS
    steepness: float | None = None
    options: Options = Options()  # noqa: RUF009 - it is frozen


CASES = {
    "40 browsers a day": Case(40),
    "150": Case(150),
    "300": Case(300),
    "150, places not corrected": Case(150, steepness=0.0),
    "150, the usual curve": Case(150, steepness=USUAL),
    "150, the true curve": Case(150, steepness=STEEPNESS),
    "40, nothing hidden (k = 1)": Case(40, options=Options(k=1)),
    "150, ten times the objects": Case(150, objects=10 * OBJECTS, questions=10 * QUESTIONS),
    "the same, nothing hidden": Case(150, objects=10 * OBJECTS, questions=10 * QUESTIONS, options=Options(k=1)),
    "150, all of one appeal": Case(150, appeal=0.0),
}


class Shop:
    """`scores` and `chance` have shape (questions, PAGE); `ids` says which objects the hits are."""

    def __init__(self, seed: int, case: Case) -> None:
        self.rng = rng = np.random.default_rng(seed)
        of_object = np.exp(case.appeal * rng.standard_normal(case.objects) - case.appeal**2 / 2)
        self.ids = np.array([rng.choice(case.objects, PAGE, replace=False) for _ in range(case.questions)])
        fit = rng.beta(2, 3, size=(case.questions, PAGE))
        scores = np.clip(fit + NOISE * rng.standard_normal(fit.shape), 0.01, None)
        order = np.argsort(-scores, axis=1)
        fit, self.ids, self.scores = (np.take_along_axis(each, order, axis=1) for each in (fit, self.ids, scores))
        self.chance = np.minimum(1.0, CLICKED * fit * of_object[self.ids])
        self.asked = 1 / np.arange(1, case.questions + 1)
        self.asked /= self.asked.sum()

    def order(self, question: int, by: dict[str, float]) -> list[int]:
        """The hits of a question, as columns, in the order that these factors give."""
        hits = [Hit(str(column), score) for column, score in enumerate(self.scores[question])]
        of_hits = {hit.id: by.get(str(self.ids[question, int(hit.id)]), 1.0) for hit in hits}
        return [int(hit.id) for hit in reordered(hits, of_hits)]

    def success(self, orders: Sequence[Sequence[int]]) -> float:
        """The share of questions after which something is clicked; exact."""
        looks = np.arange(1, PAGE + 1) ** -STEEPNESS
        found = [1 - np.prod(1 - looks * self.chance[n][list(order)]) for n, order in enumerate(orders)]
        return float(self.asked @ np.array(found))

    def day(self, browsers: int, orders: Sequence[Sequence[int]]) -> list[SealedQuestion]:
        """The questions of a day, with all hits in view, as the query log tells them when it is sealed."""
        return [
            self._question(client, n, orders[n])
            for client, times in enumerate(1 + self.rng.poisson(A_DAY - 1, size=browsers))
            for n in self.rng.choice(len(self.asked), size=times, p=self.asked).tolist()
        ]

    def _question(self, client: int, question: int, order: Sequence[int]) -> SealedQuestion:
        shown = np.array(order)
        if self.rng.random() < FILTERED:
            shown = shown[self.rng.random(len(shown)) < 0.5]
        places = np.arange(1, len(shown) + 1)
        clicked = self.rng.random(len(shown)) < places**-STEEPNESS * self.chance[question][shown]
        ids = self.ids[question][shown]
        events = [SealedEvent("impression", str(id), int(at)) for id, at in zip(ids, places, strict=True)]
        events += [SealedEvent("click", str(ids[n]), int(places[n])) for n in np.flatnonzero(clicked)]
        return SealedQuestion(
            query_id=UUID(int=0), client=client, words=question, text=None, collection="products", language="en",
            kind="text", found=Found.MANY, events=tuple(events),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """`plain`, `ours`, `best`: success in the shop's order, in that by behaviour, and if the truth were known. `steepness`: as
    the clicks tell it. `known`: the share of hits, as they are asked for, of which something is known.
    """

    plain: float
    ours: float
    best: float
    steepness: float
    known: float


def run(seed: int, case: Case) -> Run:
    """Four weeks of one shop."""
    shop, given = Shop(seed, case), case.options
    plain: list[list[int]] = [list(range(PAGE)) for _ in range(case.questions)]
    orders, sums, curve = plain, dict[str, Sum](), np.zeros(len(STEPS))
    forgets = decay(1, given.half_life_days)
    for _ in range(DAYS):
        steep = steepness(curve.tolist()) if case.steepness is None else case.steepness
        told = tally(shop.day(case.browsers, orders), steepness=steep, k=given.k)
        sums = {id: one.times(forgets) for id, one in sums.items()}
        for id, one in told.objects.items():
            sums[id] = sums.get(id, Sum()) + one
        curve = curve * forgets + np.array(told.curve)
        by = _by(sums, given)
        orders = [shop.order(n, by) for n in range(case.questions)] if by else plain
    best = [np.argsort(-row).tolist() for row in shop.chance]
    known = shop.asked @ np.isin(shop.ids, [int(id) for id, one in sums.items() if one.browsers >= given.k]).mean(
        axis=1
    )
    return Run(shop.success(plain), shop.success(orders), shop.success(best), steepness(curve.tolist()), float(known))


def _by(sums: dict[str, Sum], given: Options) -> dict[str, float]:
    """As `current` has it."""
    known = {id: one for id, one in sums.items() if one.browsers >= given.k}
    whole = sum(sums.values(), Sum())
    if whole.choices < given.least_choices:
        return {}
    return factors(list(known), known, whole, prior_looks=given.prior_looks, most=MOST)


def measure(*, limit: int | None = None) -> Table:
    """The figures; `limit`: at most so many shops."""
    shops = min(SHOPS, limit or SHOPS)
    rows, intervals = {}, {}
    for name, case in CASES.items():
        runs = [run(seed, case) for seed in range(shops)]
        gain = relative_change([one.ours for one in runs], [one.plain for one in runs], range(shops))
        possible = relative_change([one.best for one in runs], [one.plain for one in runs], range(shops))
        rows[name] = {
            "known": float(np.mean([one.known for one in runs])),
            "steepness": float(np.mean([one.steepness for one in runs])),
            "gain": gain.mean,
            "possible": possible.mean,
        }
        intervals[name] = {"gain": (gain.low, gain.high)}
    return Table(
        title=f"order by behaviour: {shops} simulated shops, {OBJECTS} objects, {DAYS} days",
        columns={"known": "{:.0%}", "steepness": "{:.2f}", "gain": "{:+.2%}", "possible": "{:+.2%}"},
        rows=rows,
        intervals=intervals,
        notes=(
            "gain: how much more often shoppers find something to click than in the shop's own order, after the last day.",
            "possible: the same if the whole truth were known. known: the share of hits of which enough was seen.",
            f"steepness: as the clicks of the shop tell it; the truth is {STEEPNESS}.",
        ),
    )
