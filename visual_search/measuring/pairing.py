"""Tells whether one run is worse than another: differences query by query, with a bootstrap over products.

The same queries are hard in both runs, so a difference is known much better than either figure (paired bootstrap; Efron and
Tibshirani 1993, chapter 10).
"""

from __future__ import annotations

from dataclasses import dataclass

from visual_search.errors import BadInput
from visual_search.measuring import metrics
from visual_search.measuring.history import Answers, Kept

LEAST_GROUPS = 5  # products; a bootstrap over fewer gives no useful interval (set by judgement)


@dataclass(frozen=True, slots=True)
class Difference:
    """The second run less the first, in one figure of one task."""

    task: str
    metric: str
    queries: int
    groups: int
    first: float
    second: float
    change: metrics.Estimate

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.groups >= LEAST_GROUPS and self.change.high < 0

    @property
    def is_better(self) -> bool:
        return self.groups >= LEAST_GROUPS and self.change.low > 0


def differences(first: Kept, second: Kept) -> list[Difference]:
    """In every task that both runs have, over the queries that both were asked.

    Raises BadInput where they share none, or searched other items.
    """
    shared = [task for task in first.tasks if task in second.tasks]
    if not shared:
        raise BadInput(
            f"The runs share no task: {', '.join(first.tasks) or 'none'}; {', '.join(second.tasks) or 'none'}.",
            field="task",
        )
    return [item for task in shared for item in _of_task(task, first.tasks[task], second.tasks[task])]


def _of_task(task: str, first: Answers, second: Answers) -> list[Difference]:
    if first.over != second.over:
        raise BadInput(f"The runs searched other items in '{task}', so they can't be compared.", field="task")
    shared = [query for query in first.rows if query in second.rows]
    if not shared:
        raise BadInput(f"The runs were asked no common query of '{task}'.", field="task")
    names = metrics.judged_by(task)
    rows = [{name: second.rows[query][name] - first.rows[query][name] for name in names} for query in shared]
    groups = [first.groups[query] for query in shared]
    changes = metrics.estimates(rows, groups)
    return [
        Difference(
            task=task,
            metric=name,
            queries=len(shared),
            groups=len(set(groups)),
            first=sum(first.rows[query][name] for query in shared) / len(shared),
            second=sum(second.rows[query][name] for query in shared) / len(shared),
            change=changes[name],
        )
        for name in names
    ]


def lines(differences: list[Difference]) -> list[str]:
    """The table, as a person reads it."""
    rows = [f"  {'task':<20}{'figure':<10}{'queries':>8}{'A':>8}{'B':>8}{'B - A':>9}  95 % interval"]
    for one in differences:
        verdict = "worse" if one.is_worse else "better" if one.is_better else "no clear difference"
        if one.groups < LEAST_GROUPS:
            verdict = f"over {one.groups} products nothing can be said"
        rows.append(
            f"  {one.task:<20}{one.metric:<10}{one.queries:>8}{one.first:>8.3f}{one.second:>8.3f}"
            f"{one.change.mean:>+9.3f}  [{one.change.low:+.3f}, {one.change.high:+.3f}]  {verdict}"
        )
    return rows
