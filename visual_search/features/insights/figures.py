"""Reads what was folded: the days of a span, and the figures of each dimension over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, Sum

from visual_search.features.insights.hiding import FIGURES
from visual_search.features.insights.models import DayFact, DayStep, DayText, FoldedDay, WeekText
from visual_search.features.insights.percentiles import together

KINDS = ("text", "image", "hybrid", "similar", "browse")
FOUND = ("many", "few", "nothing_close", "nothing")
WEEK_DAYS = 7
_SUMS = {name: Sum(name) for name in (*FIGURES, "clients")}


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one value over a span of days. `clients` adds up the clients of each day."""

    value: str
    questions: int
    clients: int
    nothing: int
    nothing_close: int
    few: int
    clicked: int
    clicks: int
    reciprocal: float
    baskets: int
    purchases: int

    @property
    def click_through(self) -> float:
        """The share of questions after which something was clicked."""
        return self.clicked / self.questions if self.questions else 0.0

    @property
    def reciprocal_rank(self) -> float | None:
        """The mean of 1 / place of the best clicked hit, over questions with a click; None without one."""
        return self.reciprocal / self.clicked if self.clicked else None

    @property
    def missed(self) -> float:
        """The share of questions that found nothing, or nothing close."""
        return (self.nothing + self.nothing_close) / self.questions if self.questions else 0.0


@dataclass(frozen=True)
class Span:
    """The days `first` to `last` (since 1970), both included."""

    first: int
    last: int

    @property
    def days(self) -> range:
        return range(self.first, self.last + 1)

    @cached_property
    def before(self) -> Span:
        """As many days before these."""
        return Span(self.first - len(self.days), self.first - 1)

    @cached_property
    def folded(self) -> Mapping[int, FoldedDay]:
        """The days that were folded."""
        return {row.day: row for row in FoldedDay.objects.filter(day__range=(self.first, self.last))}

    def counted(self, name: str) -> list[int]:
        """How many questions of this name (`types`: "queries", "found.nothing") came on each day."""
        return [self.folded[day].counts.get(name, 0) if day in self.folded else 0 for day in self.days]

    def total(self, name: str) -> int:
        """The same, over all days."""
        return sum(self.counted(name))

    def beginning(self, prefix: str) -> dict[str, int]:
        """The totals of all names that begin so ("language."), by what follows, the greatest first."""
        names = {name for row in self.folded.values() for name in row.counts if name.startswith(prefix)}
        totals = {name.removeprefix(prefix): self.total(name) for name in names}
        return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))

    def lines(self, dimension: str) -> list[Line]:
        """The values of a dimension, those with most questions first. The value "" is what is hidden."""
        facts = DayFact.objects.filter(day__range=(self.first, self.last), dimension=dimension)
        return _lines(facts, "value")

    def daily(self, dimension: str, of: str, figure: str) -> list[tuple[float, float]]:
        """By day, `figure` and `of` over all values of a dimension."""
        facts = DayFact.objects.filter(day__range=(self.first, self.last), dimension=dimension)
        rows = facts.order_by().values("day").annotate(counted=Sum(figure), of=Sum(of))
        by_day = {row["day"]: (row["counted"], row["of"]) for row in rows}
        return [by_day.get(day, (0, 0)) for day in self.days]

    @cached_property
    def texts(self) -> list[Line]:
        """The readable texts, those with most questions first."""
        texts = DayText.objects.filter(day__range=(self.first, self.last))
        return _lines(texts, "text")

    def week_texts(self) -> list[WeekText]:
        """The texts of weeks that ended in these days, the last week's first."""
        weeks = WeekText.objects.filter(day__range=(self.first - WEEK_DAYS + 1, self.last - WEEK_DAYS + 1))
        return list(weeks.order_by("-day", "-questions", "text"))

    def steps(self) -> dict[str, dict[int, int]]:
        """How often each step took how many milliseconds."""
        rows = DayStep.objects.filter(day__range=(self.first, self.last))
        names = sorted({row.step for row in rows})
        return {name: together(row.counts for row in rows if row.step == name) for name in names}

    @property
    def told(self) -> int:
        """Questions that were counted one by one."""
        return sum(row.questions for row in self.folded.values())


def _lines(rows: QuerySet[Any], name: str) -> list[Line]:
    """The rows added up by this column, those with most questions first."""
    sums: Iterable[dict[str, Any]] = rows.order_by().values(name).annotate(**_SUMS).order_by("-questions", name)
    return [Line(value=row[name], **{figure: row[figure] for figure in _SUMS}) for row in sums]


def last_span(length: int) -> Span:
    """The last `length` days, up to the last one that was folded."""
    newest = FoldedDay.objects.order_by("-day").values_list("day", flat=True).first() or 0
    return Span(newest - length + 1, newest)


def shares(counted: Sequence[float], of: Sequence[float]) -> list[tuple[float, float]]:
    """Pairs by day, as `comparing` takes them."""
    return list(zip(counted, of, strict=True))
