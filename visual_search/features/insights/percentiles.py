"""Percentiles of times that were counted in steps of two digits, so that days can be added up."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping


def rounded(milliseconds: float) -> int:
    """Whole milliseconds in two digits: 7.3 -> 7, 123 -> 120, 1,270 -> 1,300."""
    whole = round(milliseconds)
    step = 10 ** max(0, len(str(abs(whole))) - 2)
    return round(whole / step) * step


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """The least time within which so many of a hundred questions were answered; None without questions."""
    total, reached = sum(counts.values()), 0
    for value, count in sorted(counts.items()):
        reached += count
        if reached * 100 >= percent * total:
            return value
    return None


def together(rows: Iterable[Mapping[str, int]]) -> dict[int, int]:
    """The counts of several days, by milliseconds."""
    tally: Tally[int] = Tally()
    for row in rows:
        tally.update({int(value): count for value, count in row.items()})
    return dict(tally)
