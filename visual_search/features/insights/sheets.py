"""A table of figures that a page shows, a chart draws and a file exports: the same numbers in all three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise

from visual_search import csv_tables

Label = str | Promise
Cell = str | int | float | None  # None: nobody knows, or too few for a figure


class Form(StrEnum):
    """How a column's figures are written."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"  # of 1; the page writes per cent
    NUMBER = "number"  # with two decimals
    MILLISECONDS = "milliseconds"
    POINTS = "points"  # a difference of shares, with its sign


@dataclass(frozen=True, slots=True)
class Column:
    """`name`: as the file calls it, whatever the language of the page."""

    name: str
    label: Label
    form: Form = Form.COUNT


class Drawn(StrEnum):
    BY_DAY = "by day"  # a bar a row from left to right, stacked by `series`
    BY_NAME = "by name"  # a bar a row from top to bottom


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of figures, the first column naming each. `series`: the columns that a chart draws."""

    name: str
    title: Label
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    about: Label = ""  # how to read it
    empty: Label = ""  # what stands there without rows
    drawn: Drawn | None = None
    series: tuple[str, ...] = ()

    def column(self, name: str) -> list[Cell]:
        """The figures of this column."""
        place = [column.name for column in self.columns].index(name)
        return [row[place] for row in self.rows]

    def as_csv(self) -> str:
        """The figures as a spreadsheet reads them, with a header."""
        return csv_tables.written([column.name for column in self.columns], self.rows)
