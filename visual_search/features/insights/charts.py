"""Draws a sheet as SVG on the server: no script, no style of its own, clean under a strict policy.

The drawing says nothing that the sheet's table doesn't, so it has a title and a description, and no text of each bar. Colours are
classes of the style sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from visual_search.features.insights.sheets import Cell, Drawn, Sheet

WIDTH = 360  # of the view box: a phone shows it in its own size
HEIGHT, TOP, BOTTOM = 180, 26, 20  # of bars by day: all, room for the legend above and for dates below
ROW, NAME, VALUE = 20, 130, 56  # of bars by name: a bar's row, room for its name and for its figure
MOST_ROWS = 12  # more are in the table alone
NAME_CHARS = 20


def drawn(sheet: Sheet) -> SafeString:
    """The chart of this sheet; "" where it has none, or no figures."""
    if (
        not sheet.rows
        or sheet.drawn is None
        or not any(_number(cell) for name in sheet.series for cell in sheet.column(name))
    ):
        return SafeString("")
    return _by_day(sheet) if sheet.drawn is Drawn.BY_DAY else _by_name(sheet)


def _by_day(sheet: Sheet) -> SafeString:
    stacks = [[_number(cell) for cell in row] for row in zip(*map(sheet.column, sheet.series), strict=True)]
    highest = max(map(sum, stacks)) or 1
    room, wide = HEIGHT - TOP - BOTTOM, WIDTH / len(stacks)
    parts: list[SafeString] = list(_legend(sheet))
    for place, stack in enumerate(stacks):
        low: float = HEIGHT - BOTTOM
        for number, value in enumerate(stack):
            high = value / highest * room
            low -= high
            if high:
                parts.append(_bar(number, place * wide + wide * 0.1, low, wide * 0.8, high))
    days = sheet.column(sheet.columns[0].name)
    parts.append(_text(0, HEIGHT - 5, days[0]))
    parts.append(_text(WIDTH, HEIGHT - 5, days[-1], "vsi-end"))
    about = _("%(first)s to %(last)s, %(most)s at most on one day.") % {
        "first": days[0],
        "last": days[-1],
        "most": _figure(highest),
    }
    return _svg(sheet, HEIGHT, about, parts)


def _by_name(sheet: Sheet) -> SafeString:
    (series,) = sheet.series
    rows = list(zip(sheet.column(sheet.columns[0].name), map(_number, sheet.column(series)), strict=True))[:MOST_ROWS]
    highest = max(value for _name, value in rows) or 1
    parts: list[SafeString] = []
    for place, (name, value) in enumerate(rows):
        long = value / highest * (WIDTH - NAME - VALUE)
        parts.append(_text(NAME - 6, place * ROW + 14, _short(str(name)), "vsi-end"))
        parts.append(_bar(0, NAME, place * ROW + 3, long, ROW - 6))
        parts.append(_text(NAME + long + 4, place * ROW + 14, _figure(value)))
    about = _("The longest bar is %(name)s with %(most)s.") % {
        "name": max(rows, key=lambda row: row[1])[0],
        "most": _figure(highest),
    }
    return _svg(sheet, len(rows) * ROW, about, parts)


def _svg(sheet: Sheet, height: int, about: str, parts: Sequence[SafeString]) -> SafeString:
    return format_html(
        '<svg class="vsi-chart" viewBox="0 0 {} {}" role="img" aria-labelledby="vsi-{name}-title vsi-{name}-desc">'
        '<title id="vsi-{name}-title">{}</title><desc id="vsi-{name}-desc">{}</desc>{}</svg>',
        WIDTH,
        height,
        sheet.title,
        about,
        mark_safe("".join(parts)),  # noqa: S308 - each part is escaped already.
        name=sheet.name,
    )


def _legend(sheet: Sheet) -> Iterator[SafeString]:
    labels = {column.name: column.label for column in sheet.columns}
    wide = WIDTH / len(sheet.series)
    for number, name in enumerate(sheet.series):
        yield _bar(number, number * wide, 3, 9, 9)
        yield _text(number * wide + 13, 12, labels[name])


def _bar(number: int, x: float, y: float, width: float, height: float) -> SafeString:
    return format_html(
        '<rect class="vsi-{}" x="{}" y="{}" width="{}" height="{}"/>', number, *map(_place, (x, y, width, height))
    )


def _text(x: float, y: float, text: object, name: str = "") -> SafeString:
    return format_html('<text class="{}" x="{}" y="{}">{}</text>', name, _place(x), _place(y), text)


def _place(value: float) -> str:
    """A coordinate as SVG reads it, whatever the language of the page."""
    return f"{value:.1f}".removesuffix(".0")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _short(name: str) -> str:
    return name if len(name) <= NAME_CHARS else f"{name[: NAME_CHARS - 1]}…"


def _number(cell: Cell) -> float:
    return cell if isinstance(cell, int | float) else 0
