"""The staff pages of the query log: the search report, and the audit log to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from visual_search.admin import KeptForGood
from visual_search.features.query_log import audit
from visual_search.features.query_log.models import AuditEntry, LedgerEntry, PublicRelease, SearchReport
from visual_search.features.query_log.report import KINDS, report
from visual_search.types import Found

# What the report calls the kinds of searches.
NAMES = {
    "text": _("Words"),
    "image": _("Photo"),
    "hybrid": _("Photo and words"),
    "similar": _("More like this"),
    "browse": _("Without a question"),
}


FOUND = {
    Found.NOTHING: _("Found nothing"),
    Found.NOTHING_CLOSE: _("Found nothing close"),
    Found.FEW: _("Found a few"),
    Found.MANY: _("Found many"),
}


@admin.register(SearchReport)
class SearchReportAdmin(KeptForGood):
    """One page, in place of a list. It shows what shoppers typed, so the audit log notes who opens it."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        search_report = report()
        audit.append(f"user {request.user.pk}", "view search report", texts=len(search_report.top))
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": _("Search report"),
            "report": search_report,
            "totals": search_report.totals,
            "kinds": [NAMES[kind] for kind in KINDS],
            "founds": [FOUND[found] for found in Found],
            "opts": self.model._meta,
        }
        response = TemplateResponse(request, "admin/visual_search_query_log/searchreport/report.html", context)
        response["Cache-Control"] = "private, no-store"
        return response


@admin.register(AuditEntry)
class AuditEntryAdmin(KeptForGood):
    """The audit log, newest entry first."""

    list_display = ("number", "at", "actor", "action", "facts")
    ordering = ("-number",)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(KeptForGood):
    """What the public lists have cost, newest first."""

    list_display = ("name", "window", "window_days", "epsilon", "delta", "per_client", "made_at")
    ordering = ("-made_at",)


@admin.register(PublicRelease)
class PublicReleaseAdmin(KeptForGood):
    """The public lists themselves, which anybody may see."""

    list_display = ("entry", "readable_from", "threshold")
    list_select_related = ("entry",)
    ordering = ("-entry__made_at",)
