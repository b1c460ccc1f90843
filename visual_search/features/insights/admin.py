"""The staff pages of insights: figures of a span of days, and what staff decided."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from visual_search.admin import KeptForGood
from visual_search.features.insights import dashboard
from visual_search.features.insights.charts import drawn
from visual_search.features.insights.figures import Span, date_of, last_span
from visual_search.features.insights.models import FoldedDay
from visual_search.features.insights.options import options
from visual_search.features.insights.sheets import Sheet
from visual_search.signals import staff_looked

WIDE = 5  # A table of more columns takes the width of the page.
USUAL_SPAN = 28  # days: four of each day of the week


@admin.register(FoldedDay)
class InsightsAdmin(KeptForGood):
    """Pages in place of a list. They show what many shoppers typed, so whoever keeps an audit log hears who opens them."""

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"visual_search_insights_{name}")

        return [page("file/<slug:name>.csv", self.file, "file"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The figures of the last days."""
        span = _span(request)
        sheets = dashboard.sheets(span)
        self._note(request, "view search insights", len(span.days))
        return self._page(
            request,
            "dashboard",
            title=_("Search insights"),
            span=_dates(span),
            length=len(span.days),
            lengths=dashboard.SPANS,
            folded=bool(span.folded),
            tiles=dashboard.tiles(span),
            sheets=[_shown(sheet) for sheet in sheets],
            k=options().k,
            **(extra_context or {}),
        )

    def file(self, request: HttpRequest, name: str) -> HttpResponse:
        """One sheet as CSV, all its rows."""
        span = _span(request)
        sheet = next((one for one in dashboard.sheets(span) if one.name == name), None)
        if sheet is None:
            raise Http404(f"There is no sheet '{name}'.")
        self._note(request, "export search insights", len(sheet.rows))
        response = HttpResponse(sheet.as_csv(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = (
            f'attachment; filename="{name}-{date_of(span.first)}-{date_of(span.last)}.csv"'
        )
        response["Cache-Control"] = "private, no-store"
        return response

    def _note(self, request: HttpRequest, action: str, number: int) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        staff_looked.send(sender=FoldedDay, actor=f"user {request.user.pk}", action=action, facts={"number": number})

    def _page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        everywhere = {**self.admin_site.each_context(request), "opts": self.opts, "page": name}
        response = TemplateResponse(request, f"admin/visual_search_insights/{name}.html", {**everywhere, **context})
        response["Cache-Control"] = "private, no-store"
        return response


def _span(request: HttpRequest) -> Span:
    """The span that the address asks for; the usual one for what it may not be."""
    given = request.GET.get("days", "")
    length = int(given) if given.isascii() and given.isdecimal() and len(given) <= 3 else USUAL_SPAN
    return last_span(length if length in dashboard.SPANS else USUAL_SPAN)


def _dates(span: Span) -> dict[str, object]:
    return {
        "first": date_of(span.first),
        "last": date_of(span.last),
        "before_first": date_of(span.before.first),
        "before_last": date_of(span.before.last),
    }


def _shown(sheet: Sheet) -> dict[str, object]:
    """What the template needs of a sheet: each cell with its column."""
    return {
        "sheet": sheet,
        "chart": drawn(sheet),
        "rows": [list(zip(sheet.columns, row, strict=True)) for row in sheet.rows[: dashboard.ROWS_SHOWN]],
        "wide": len(sheet.columns) > WIDE,
        "left_out": max(0, len(sheet.rows) - dashboard.ROWS_SHOWN),
    }
