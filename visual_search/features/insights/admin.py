"""The staff pages of insights: figures of a span of days, and what staff decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from visual_search import registry
from visual_search.admin import KeptForGood
from visual_search.content.objects import object_page
from visual_search.features.insights import dashboard, decisions, health, weekly
from visual_search.features.insights.charts import drawn
from visual_search.features.insights.figures import Span, last_span
from visual_search.features.insights.models import CatalogueCheck, FoldedDay, NotSold, Purchase
from visual_search.features.insights.options import options
from visual_search.features.insights.sheets import Sheet
from visual_search.privacy.keys import date_of
from visual_search.remedies import Offer
from visual_search.signals import staff_looked

WIDE = 5  # A table of more columns takes the width of the page.
USUAL_SPAN = 28  # days: four of each day of the week
# The pages by the name of their address.
PAGES = {
    "foldedday_changelist": _("Search insights"),
    "decisions": _("Decisions"),
    "catalogue": _("Health of the catalogue"),
    "weekly": _("Weekly report"),
}
MOST_AT_ONCE = 2_000  # objects that are looked through while somebody waits for the page, some seconds


@admin.register(FoldedDay)
class InsightsAdmin(KeptForGood):
    """Pages in place of a list. They show what many shoppers typed, so whoever keeps an audit log hears who opens them."""

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"visual_search_insights_{name}")

        own = [
            page("file/<slug:name>.csv", self.file, "file"),
            page("decisions/", self.decisions, "decisions"),
            page("catalogue/", self.catalogue, "catalogue"),
            page("weekly/", self.weekly, "weekly"),
            page("weekly/mail/", self.mail, "mail"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The figures of the last days."""
        span = _span(request)
        sheets = dashboard.sheets(span)
        self._note(request, "view search insights", len(span.days))
        return self._page(
            request,
            "dashboard",
            title=PAGES["foldedday_changelist"],
            span=_dates(span),
            length=len(span.days),
            lengths=dashboard.SPANS,
            folded=bool(span.folded),
            tiles=dashboard.tiles(span),
            sheets=[_shown(sheet) for sheet in sheets],
            k=options().k,
            **(extra_context or {}),
        )

    def decisions(self, request: HttpRequest) -> HttpResponse:
        """What goes wrong, with what helps against it."""
        span = _span(request)
        self._note(request, "view search decisions", len(span.days))
        listed = decisions.lists(span, _permissions(request))
        return self._page(
            request,
            "decisions",
            title=PAGES["decisions"],
            span=_dates(span),
            length=len(span.days),
            lists=[_shown(one.sheet, one.remedies) for one in listed],
        )

    def catalogue(self, request: HttpRequest) -> HttpResponse:
        """What makes objects hard to find. A POST looks through the catalogue anew."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._look(request)
            return HttpResponseRedirect(request.path)
        return self._page(
            request,
            "catalogue",
            title=PAGES["catalogue"],
            collections=[
                {
                    "name": check.collection,
                    "made_at": check.made_at,
                    "note": health.calibration_note(check.collection),
                    "sheets": [
                        _shown(health.sheet(check), _links(check)),
                        _shown(health.grades(check.collection)),
                    ],
                }
                for check in health.checks()
            ],
        )

    def _look(self, request: HttpRequest) -> None:
        for source in registry.sources():
            if source.queryset().count() > MOST_AT_ONCE:
                self.message_user(
                    request,
                    _("'%(collection)s' is too large to wait for: run “manage.py visual_search check_catalogue”.")
                    % {"collection": source.collection},
                    messages.WARNING,
                )
                continue
            health.look(source.collection)

    def weekly(self, request: HttpRequest) -> HttpResponse:
        """The weekly mail as it would look now."""
        self._note(request, "view weekly report", weekly.DAYS)
        return self._page(request, "weekly", title=PAGES["weekly"], mail=weekly.mail(), recipients=options().recipients)

    def mail(self, request: HttpRequest) -> HttpResponse:
        """Its HTML alone."""
        self._note(request, "view weekly report", weekly.DAYS)
        made = weekly.mail()
        if made is None:
            raise Http404("No day has been counted yet.")
        response = HttpResponse(made.html)
        response["Cache-Control"] = "private, no-store"
        return response

    def file(self, request: HttpRequest, name: str) -> HttpResponse:
        """One sheet as CSV, all its rows."""
        span = _span(request)
        sheets = [
            *dashboard.sheets(span),
            dashboard.changes(span),
            *(one.sheet for one in decisions.lists(span, None)),
            *(each for check in health.checks() for each in (health.sheet(check), health.grades(check.collection))),
        ]
        sheet = next((one for one in sheets if one.name == name), None)
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
        pages = [(reverse(f"admin:visual_search_insights_{each}"), label) for each, label in PAGES.items()]
        everywhere = {**self.admin_site.each_context(request), "opts": self.opts, "pages": pages}
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


def _links(check: CatalogueCheck) -> list[list[Offer]]:
    """Of each finding the first objects, as links to where staff change them."""
    return [
        [Offer(id, called, object_page(check.collection, id)) for id, called in found]
        for found in health.examples(check)
    ]


def _permissions(request: HttpRequest) -> Collection[str] | None:
    """What whoever looks may do; None for everything."""
    user = cast(AbstractUser, request.user)
    return None if user.is_superuser else user.get_all_permissions()


def _shown(sheet: Sheet, remedies: Sequence[Sequence[Offer]] = ()) -> dict[str, object]:
    """What the template needs of a sheet: each cell with its column, and each row with its remedies."""
    rows = [list(zip(sheet.columns, row, strict=True)) for row in sheet.rows[: dashboard.ROWS_SHOWN]]
    return {
        "sheet": sheet,
        "chart": drawn(sheet),
        "rows": list(zip_longest(rows, remedies[: len(rows)], fillvalue=())),
        "remedies": bool(remedies),
        "wide": len(sheet.columns) > WIDE,
        "left_out": max(0, len(sheet.rows) - dashboard.ROWS_SHOWN),
    }


class WantedAdmin(admin.ModelAdmin):
    """What staff decided of something that shoppers ask for. From a list of insights one comes here with all filled in."""

    search_fields = ("words", "note")
    ordering = ("-decided_at",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.decided_by = request.user
        super().save_model(request, obj, form, change)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Back to the lists, where the next one waits."""
        if request.user.has_perm("visual_search_insights.view_foldedday"):
            return HttpResponseRedirect(reverse("admin:visual_search_insights_decisions"))
        return super().response_post_save_add(request, obj)


@admin.register(NotSold)
class NotSoldAdmin(WantedAdmin):
    """What the shop won't sell."""

    list_display = ("words", "language", "collection", "note", "decided_at", "decided_by")
    list_filter = ("language", "collection")


@admin.register(Purchase)
class PurchaseAdmin(WantedAdmin):
    """What whoever buys for the shop should look at."""

    list_display = ("words", "language", "collection", "note", "bought", "decided_at", "decided_by")
    list_filter = ("bought", "language", "collection")
