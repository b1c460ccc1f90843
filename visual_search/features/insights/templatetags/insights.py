"""Filters of the insights pages: how a figure is written."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from visual_search.features.insights.sheets import Cell, Form

register = template.Library()


@register.filter
def figure(value: Cell, form: Form) -> str:
    """A figure as people read it in the language of the page; an empty text for what nobody knows."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    match form:
        case Form.SHARE:
            return _("%(share)s %%") % {"share": number_format(value * 100, 1)}
        case Form.NUMBER:
            return number_format(value, 2, force_grouping=True)
        case Form.MILLISECONDS:
            return _("%(number)s ms") % {"number": number_format(value, 0, force_grouping=True)}
    return number_format(value, 0, force_grouping=True)


@register.filter
def difference(value: float | None, form: Form) -> str:
    """A difference with its sign; of shares in points of a hundred."""
    if value is None:
        return ""
    shown = value * 100 if form is Form.SHARE else value
    return ("+" if shown > 0 else "−" if shown < 0 else "") + number_format(abs(shown), 1 if form is Form.SHARE else 2)
