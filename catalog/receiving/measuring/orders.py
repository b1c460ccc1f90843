"""Orders on sales of the past: a shop orders by a rule week by week, and what it sells and keeps is counted."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from catalog.receiving.reordering import plan
from visual_search.errors import BadInput
from visual_search.measuring.measures import Conditions, Table

TABLE = "personalisation/transactions.csv.gz"
LEARNED, PLAYED = 26, 26  # weeks that are known before the first order, and weeks that are played
LEAD = 2  # weeks from an order to its arrival
LEAST_WEEKS = 13  # of 52 in which a product was sold; others have no weekly sales to speak of
MOST_A_WEEK = 50  # pieces; what is sold by the hundred here is fuel
RESERVES = (2, 4)  # weeks that the simple rules keep more than lead time and review
Rule = Callable[[Sequence[int]], float]  # what was sold so far by week -> the level to order up to


def measure(queries: Path, conditions: Conditions) -> Table:
    """Raises BadInput without the table of purchases."""
    sold = _weekly(queries / TABLE)
    chosen = sorted(sold)[: conditions.limit]
    rules: dict[str, Rule] = {"this formula": lambda weeks: plan(weeks, LEAD * 7).level}
    for cover in (LEAD + 1 + reserve for reserve in RESERVES):
        rules[f"mean of 8 weeks, {cover} weeks of it"] = partial(_mean_of_8, cover)
        rules[f"last week, {cover} weeks of it"] = partial(_last, cover)
    rows = {name: _played([sold[one] for one in chosen], rule) for name, rule in rules.items()}
    columns = {"demand sold": "{:.3f}", "weeks of stock": "{:.2f}"}
    note = (
        f"{PLAYED} weeks after {LEARNED} known ones, lead time {LEAD} weeks, one look a week; what isn't there is lost."
    )
    return Table(f"reordering: {len(chosen)} products", columns, rows, (note,))


def _mean_of_8(cover: int, weeks: Sequence[int]) -> float:
    return round(sum(weeks[-8:]) / 8 * cover)


def _last(cover: int, weeks: Sequence[int]) -> float:
    return weeks[-1] * cover


def _weekly(path: Path) -> Mapping[str, list[int]]:
    """Product -> pieces sold in each of 52 weeks, of those that sell in a quarter of the weeks."""
    if not path.is_file():
        raise BadInput(f"{path} isn't there: purchases with product_id, ts and quantity.")
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["ts"])
            counts[row["product_id"]][at.timetuple().tm_yday // 7] += max(0, int(float(row["quantity"])))
    weeks = range(LEARNED + PLAYED)
    return {
        product: [sold[week] for week in weeks]
        for product, sold in counts.items()
        if sum(sold[week] > 0 for week in weeks) >= LEAST_WEEKS and max(sold.values()) <= MOST_A_WEEK
    }


def _played(products: Sequence[Sequence[int]], rule: Rule) -> dict[str, float]:
    demand = sold = stocked = 0.0
    for weeks in products:
        stock = int(max(0, rule(weeks[:LEARNED])))
        coming = [0] * LEAD
        for week in range(LEARNED, LEARNED + PLAYED):
            stock += coming.pop(0)
            went = min(stock, weeks[week])
            stock -= went
            demand, sold, stocked = demand + weeks[week], sold + went, stocked + stock
            coming.append(int(max(0, rule(weeks[: week + 1]) - stock - sum(coming))))
    a_week = demand / max(1, PLAYED)
    return {"demand sold": sold / max(1.0, demand), "weeks of stock": stocked / PLAYED / max(1e-9, a_week)}
