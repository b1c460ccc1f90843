"""Draws how times grow with the catalogue: `python -m tests.growth FILE... PICTURE`, an SVG.

Each file is what `visual_search bench --growth ... --json FILE` wrote for one engine.
"""

from __future__ import annotations

import json
import math
import sys
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 190, 40, 50
COLOURS = {"photo": "#b3261e", "words": "#1f5fa8", "both": "#3d6b1f"}
DASHES = ("", "6 4", "2 3")  # one engine after the other
Point = tuple[float, float]


def drawn(engines: list[dict]) -> str:
    """The picture as SVG: both axes by powers of ten, a line for each engine and kind of question, at the median."""
    lines = [
        (f"{kind}, {engine['engine']}", COLOURS[kind], dash, [_point(size, kind) for size in engine["sizes"]])
        for engine, dash in zip(engines, DASHES, strict=False)
        for kind in COLOURS
    ]
    points = [point for *_, own in lines for point in own]
    across, up = ([math.log10(point[axis]) for point in points] for axis in (0, 1))
    left, right = math.floor(min(across)), math.ceil(max(across))
    low, high = math.floor(min(up)), math.ceil(max(up))

    def place(point: Point) -> Point:
        x = LEFT + (math.log10(point[0]) - left) / (right - left or 1) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - (math.log10(point[1]) - low) / (high - low or 1) * (HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    parts = [_text(LEFT, 22, "Milliseconds of the median question, 200 hits each", size=15)]
    for power in range(left, right + 1):
        x, y = place((10**power, 10**low))
        parts += [_line((x, TOP), (x, y), "#dddddd"), _text(x, y + 20, f"{10**power:,}", anchor="middle")]
    for power in range(low, high + 1):
        x, y = place((10**left, 10**power))
        parts += [_line((x, y), (WIDTH - RIGHT, y), "#dddddd"), _text(x - 8, y + 4, f"{10**power:,}", anchor="end")]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "products", anchor="middle"))
    for row, (name, colour, dash, own) in enumerate(lines):
        where = " ".join("{},{}".format(*place(point)) for point in own)
        parts.append(
            f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in map(place, own)]
        y = TOP + 12 + 22 * row
        parts.append(_line((WIDTH - RIGHT + 12, y - 4), (WIDTH - RIGHT + 40, y - 4), colour, dash))
        parts.append(_text(WIDTH - RIGHT + 46, y, name))
    told = "; ".join(f"{name}: " + ", ".join(f"{x:,} {y:.1f} ms" for x, y in own) for name, _, _, own in lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif">\n'
        f"<title>Times by size of the catalogue</title>\n<desc>{escape(told)}</desc>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _point(size: dict, kind: str) -> Point:
    return size["products"], size["questions"][kind][0]


def _line(start: Point, end: Point, colour: str, dash: str = "") -> str:
    ends = f'x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}"'
    return f'<line {ends} stroke="{colour}" stroke-dasharray="{dash}"/>'


def _text(x: float, y: float, said: str, *, anchor: str = "start", size: int = 12) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="#222222" text-anchor="{anchor}">{escape(said)}</text>'


if __name__ == "__main__":
    *files, picture = map(Path, sys.argv[1:])
    picture.write_text(drawn([json.loads(file.read_text()) for file in files]))
