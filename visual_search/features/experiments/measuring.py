"""A simulated shop whose truth is known: how often an experiment without a difference alarms, and how soon a real one is found.

Each search has products with a true chance of being clicked when they are looked at. Both rankings see it through noise; B's is
less, just so much that shoppers who got B alone would find something 5 % more often. Mostly B is the shop's ranking with one
signal more, so that both err alike (`alike` 1); at the other end it is a wholly other ranking (0). Shoppers look from the top
down, go on with a fixed chance, and stop after the click that satisfies them. What they see, and how votes are cast and judged,
is the feature's own code: `drafting`, `teams`, `voting`, `deciding`.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from visual_search.features.experiments import teams
from visual_search.features.experiments.deciding import STOP_AT, e_value
from visual_search.features.experiments.drafting import coins, draft
from visual_search.features.experiments.voting import Votes, votes
from visual_search.measuring.measures import Table
from visual_search.types import Found, SealedEvent, SealedQuestion

PRODUCTS = 24  # of an answer that compete: a page
GOES_ON = 0.85  # the chance to look at the next hit
SATISFIED = 0.6  # the chance that a click ends the search
NOISE = 0.35  # of the shop's ranking, beside chances that differ by .2
LIFT = 0.05
RUNS, SEARCHES = 1_000, 1_000  # without a difference; each looks after every vote
POWER_RUNS, POWER_SEARCHES, LONGEST = 200, 400, 4_000
# How alike the errors of both rankings are, by what B is.
SCENARIOS = {"one signal more": 1.0, "several signals": 0.95, "wholly other": 0.0}
CALIBRATING = 40_000  # searches by which the noise of B is set

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shop:
    """`noise`: how little B knows of the truth, as a standard deviation. `alike`: the correlation of what both don't know."""

    noise: float
    alike: float

    def search(self, chance: np.random.Generator) -> tuple[Floats, list[int], list[int]]:
        """A question's true chances of clicks, and the order of both rankings."""
        truth = truths(chance, 1)[0]
        shops, own = chance.standard_normal((2, PRODUCTS))
        others = self.alike * shops + math.sqrt(1 - self.alike**2) * own
        return truth, _order(truth + NOISE * shops).tolist(), _order(truth + self.noise * others).tolist()


def _order(scores: Floats) -> npt.NDArray[np.intp]:
    return np.argsort(-scores, axis=-1)


def truths(chance: np.random.Generator, searches: int) -> Floats:
    """(searches, PRODUCTS): a few products fit a question, most don't."""
    return chance.beta(0.5, 3.0, size=(searches, PRODUCTS))


def success(noise: float, *, searches: int = CALIBRATING, seed: int = 1) -> float:
    """The share of searches with a click where shoppers get this ranking alone; exact over looks and clicks."""
    chance = np.random.default_rng(seed)
    truth = truths(chance, searches)
    shown = np.take_along_axis(truth, _order(truth + noise * chance.standard_normal(truth.shape)), axis=1)
    # No click: whoever looks at hit n goes on with GOES_ON.
    none = np.ones(searches)
    for place in range(PRODUCTS - 1, -1, -1):
        none = (1 - shown[:, place]) * (1 - GOES_ON + GOES_ON * none)
    return float(1 - none.mean())


@functools.cache
def better(lift: float) -> float:
    """The noise with which a ranking has so much more success than the shop's, to a thousandth."""
    wanted = success(NOISE) * (1 + lift)
    low, high = 0.0, NOISE
    if success(low) < wanted:
        raise ValueError(f"Not even a ranking that knows the truth has {lift:.0%} more success.")
    while high - low > 0.0005:
        middle = (low + high) / 2
        low, high = (middle, high) if success(middle) > wanted else (low, middle)
    return (low + high) / 2


def clicked(order: Sequence[str], truth: Floats, dice: random.Random) -> list[str]:
    """What one shopper clicks in this order."""
    done = []
    for id in order:
        if dice.random() < truth[int(id)]:
            done.append(id)
            if dice.random() < SATISFIED:
                break
        if dice.random() >= GOES_ON:
            break
    return done


def vote(shop: Shop, chance: np.random.Generator, dice: random.Random) -> Votes:
    """The vote of one search, by the way that a shopper's search takes until its day is sealed."""
    truth, a, b = shop.search(chance)
    id = UUID(int=dice.getrandbits(128), version=4)
    drafted = draft([str(n) for n in a], [str(n) for n in b], coins(b"simulation", str(id)))
    note = f"{teams.HOOK}:{teams.note(1, str(id), drafted, first=0)}"
    events = tuple(SealedEvent("click", one) for one in clicked(drafted.order, truth, dice))
    question = SealedQuestion(
        query_id=id, client=1, words=1, text=None, collection="products", language="en", kind="text",
        found=Found.MANY, notes=(note,), events=events,
    )  # fmt: skip
    return votes([question], 1)


@dataclass(frozen=True, slots=True)
class Run:
    """One experiment: whether it was stopped for a difference, for which ranking, after how many searches and votes."""

    winner: str
    searches: int
    decisive: int


def run(shop: Shop, *, searches: int, seed: int) -> Run:
    """An experiment that is looked at after every vote."""
    chance, dice = np.random.default_rng(seed), random.Random(seed)  # noqa: S311 - a simulation, the same each time
    a = b = 0
    for number in range(1, searches + 1):
        cast = vote(shop, chance, dice)
        a, b = a + cast.wins_a, b + cast.wins_b
        if (cast.wins_a or cast.wins_b) and e_value(Votes(a, b)) >= STOP_AT:
            return Run("b" if b > a else "a", number, a + b)
    return Run("", searches, a + b)


def measure(*, limit: int | None = None) -> Table:
    """The figures; `limit`: at most so many runs of each kind."""
    runs, few = min(RUNS, limit or RUNS), min(POWER_RUNS, limit or POWER_RUNS)
    rows = {}
    for name, alike in (("no difference, alike", 0.95), ("no difference, wholly other", 0.0)):
        same = [run(Shop(NOISE, alike), searches=SEARCHES, seed=seed) for seed in range(runs)]
        rows[name] = _row(same)
    noise = better(LIFT)
    for name, alike in SCENARIOS.items():
        lifted = [run(Shop(noise, alike), searches=LONGEST, seed=10_000 + seed) for seed in range(few)]
        rows[f"{LIFT:+.0%}, {name}"] = _row(lifted)
    soon = f"by {POWER_SEARCHES}"
    return Table(
        title=f"experiments: interleaving, e-value {STOP_AT:.0f}, looked at after every vote",
        columns={
            "runs": "{:.0f}", "alarms": "{:.1%}", soon: "{:.1%}", "for B": "{:.1%}", "searches": "{:.0f}", "votes": "{:.0f}",
        },
        rows=rows,
        notes=(
            f"Shoppers of A alone find something in {success(NOISE):.1%} of searches, of B alone in {success(noise):.1%}.",
            f"{soon}: alarms within so many searches. searches, votes: the mean until the alarm. Without a difference each "
            f"run has {SEARCHES:,} searches, else at most {LONGEST:,}.",
        ),
    )  # fmt: skip


def _row(runs: Sequence[Run]) -> dict[str, float]:
    found = [one for one in runs if one.winner]
    return {
        "runs": len(runs),
        "alarms": len(found) / len(runs),
        f"by {POWER_SEARCHES}": sum(one.searches <= POWER_SEARCHES for one in found) / len(runs),
        "for B": sum(one.winner == "b" for one in found) / len(runs),
        "searches": float(np.mean([one.searches for one in found])) if found else float("nan"),
        "votes": float(np.mean([one.decisive for one in found])) if found else float("nan"),
    }
