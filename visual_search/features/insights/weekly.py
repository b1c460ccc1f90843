"""The weekly report as a mail, in plain text and in HTML, made of the same figures as the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from visual_search.features.insights import dashboard, decisions
from visual_search.features.insights.figures import Span, last_span
from visual_search.features.insights.options import options
from visual_search.features.insights.sheets import Cell, Column, Sheet
from visual_search.features.insights.templatetags.insights import figure
from visual_search.privacy.keys import date_of

DAYS = 7
MOST_ROWS, MOST_COLUMNS = 6, 4  # of each sheet; the page has the others
SHEETS = (
    "found",
    "kinds",
    "clicks",
    "words",
    "rising",
    "hidden",
)  # of the dashboard, those that a week is long enough for


@dataclass(frozen=True, slots=True)
class Mail:
    """The report of a week."""

    subject: str
    text: str
    html: str


def mail(span: Span | None = None) -> Mail | None:
    """The report of the last seven days that were folded; None where there are none."""
    span = span or last_span(DAYS)
    if not span.folded:
        return None
    sheets = {sheet.name: sheet for sheet in dashboard.sheets(span)}
    listed = [one.sheet for one in decisions.lists(span, None)]
    context = {
        "first": date_of(span.first),
        "last": date_of(span.last),
        "before_first": date_of(span.before.first),
        "before_last": date_of(span.before.last),
        "tiles": dashboard.tiles(span),
        "sheets": [_shown(sheets[name]) for name in SHEETS] + [_shown(sheet) for sheet in listed if sheet.rows],
    }
    subject = _("Searches from %(first)s to %(last)s") % {"first": date_of(span.first), "last": date_of(span.last)}
    return Mail(
        subject,
        render_to_string("visual_search_insights/weekly.txt", context),
        render_to_string("visual_search_insights/weekly.html", {**context, "subject": subject}),
    )


def _shown(sheet: Sheet) -> dict[str, object]:
    """The first columns and rows, which fit a phone, as a table and as lines of text."""
    columns = [column for column in sheet.columns if column.name != "clients"][:MOST_COLUMNS]
    places = [list(sheet.columns).index(column) for column in columns]
    rows = [
        [(column, row[place]) for column, place in zip(columns, places, strict=True)] for row in sheet.rows[:MOST_ROWS]
    ]
    return {
        "sheet": sheet,
        "columns": columns,
        "rows": rows,
        "lines": [_line(row) for row in rows],
        "left_out": max(0, len(sheet.rows) - MOST_ROWS),
    }


def _line(row: Sequence[tuple[Column, Cell]]) -> str:
    name, *figures = [(column.label, figure(cell, column.form)) for column, cell in row]
    return f"{name[1]}: " + "; ".join(f"{label} {said}" for label, said in figures if said)


def send(recipients: Sequence[str] = ()) -> int:
    """Mail the report to these, else to those of the settings; returns to how many."""
    made, to = mail(), list(recipients or options().recipients)
    if made is None or not to:
        return 0
    # Each gets a mail of their own, so that nobody reads who else gets it.
    for one in to:
        message = EmailMultiAlternatives(made.subject, made.text, to=[one])
        message.attach_alternative(made.html, "text/html")
        message.send()
    return len(to)
