"""The register of measures that the app and installed features bring, for the subcommands `measure_quality` and `bench`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by row and column; `columns` gives each column's format, such as '{:+.1%}'. `notes` say how to read them.

    `intervals`: both ends of a figure's 95 % bootstrap interval, by row and column, where it has one.
    """

    title: str
    columns: Mapping[str, str]
    rows: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...] = ()
    intervals: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """As a person reads it. A table without a row is its title and its notes."""
        if not self.rows:
            return [self.title, *(f"  {note}" for note in self.notes)]
        width = max(len(name) for name in self.rows)
        cell = max(17 if self.intervals else 13, *(len(name) + 2 for name in self.columns))
        lines = [self.title, "  " + " " * width + "".join(f"{name:>{cell}}" for name in self.columns)]
        for name, row in self.rows.items():
            cells = (f"{form.format(row[column]):>{cell}}" for column, form in self.columns.items())
            lines.append(f"  {name:<{width}}" + "".join(cells))
            if name in self.intervals:
                ends = (self._ends(name, column) for column in self.columns)
                lines.append(f"  {'':<{width}}" + "".join(f"{end:>{cell}}" for end in ends))
        notes = self.notes + (("The 95 % bootstrap interval stands below each.",) if self.intervals else ())
        return [*lines, *(f"  {note}" for note in notes)]

    def _ends(self, row: str, column: str) -> str:
        ends = self.intervals[row].get(column)
        return " to ".join(self.columns[column].format(end) for end in ends) if ends else ""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a measure is taken. `limit`: at most so many questions. `cache`: the folder where vectors are kept between runs.

    `configured_engine`: a scratch collection on the shop's engine, in place of a temporary embedded one. `catalogue`: a folder
    with products.csv and pictures, for measures that need products, too.
    """

    cache: Path
    limit: int | None = None
    configured_engine: bool = False
    catalogue: Path | None = None


# Reads a folder in `queries`, mostly that of its name. Raises VisualSearchError in words.
Measure = Callable[[Path, Conditions], Table]
MEASURES: dict[str, Measure] = {}
# What a feature adds to an answer, over so many questions.
Overhead = Callable[[int], Table]
OVERHEADS: dict[str, Overhead] = {}


def register(name: str, *, measure: Measure | None = None, overhead: Overhead | None = None) -> None:
    """Offer `measure` as the task `name`, and let `bench` print `overhead`. Called by a feature's AppConfig.ready.

    Where there is a task of that name already, the measure's table stands before what search itself does at it.
    """
    if measure is not None:
        MEASURES[name] = measure
    if overhead is not None:
        OVERHEADS[name] = overhead
