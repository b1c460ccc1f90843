"""The e-value over the days, placed for a picture in SVG. The template draws it, so that no library and no script is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from visual_search.features.experiments.deciding import STOP_AT

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 350, 14, 186
MOST_DATES = 4  # below the picture; more would run into each other on a phone
LOWEST, HIGHEST = 1 / 10, 100.0  # of the scale, which grows by tens where values lie outside


@dataclass(frozen=True, slots=True)
class Point:
    """A value at its place."""

    x: float
    y: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """`line`: the points as an SVG polyline takes them. `steps`: the values of the scale, with the height of each."""

    points: Sequence[Point]
    steps: Sequence[Point]
    dates: Sequence[Point]
    stop: float  # the height of the value that ends an experiment

    @property
    def line(self) -> str:
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def chart(values: Sequence[tuple[date, float]]) -> Chart:
    """A picture of at least one day's value, on a logarithmic scale: a bet grows and shrinks by factors."""
    low = math.floor(math.log10(min([LOWEST, *(value for _, value in values)]) * 1.0001))
    high = math.ceil(math.log10(max([HIGHEST, *(value for _, value in values)]) * 0.9999))

    def height(value: float) -> float:
        return round(BOTTOM - (math.log10(value) - low) / (high - low) * (BOTTOM - TOP), 1)

    def place(number: int) -> float:
        return round(LEFT + (number + 0.5) / len(values) * (RIGHT - LEFT), 1)

    points = [Point(place(n), height(value), f"{value:.2f}") for n, (_, value) in enumerate(values)]
    every = max(1, -(-(high - low) // 6))
    apart = -(-len(values) // MOST_DATES)
    return Chart(
        points=points,
        steps=[Point(LEFT, height(10.0**n), f"{10.0**n:g}") for n in range(low, high + 1, every)],
        dates=[Point(points[n].x, HEIGHT, f"{values[n][0]:%m-%d}") for n in range(0, len(values), apart)],
        stop=height(STOP_AT),
    )
