"""The outbox in the admin: what is indexed, what failed and why, and "try again"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from visual_search import tasks
from visual_search.learning import calibrating
from visual_search.models import IndexEntry, LastRebuild, RunningRebuild, State, StoredCalibration
from visual_search.ranking.calibration import Rates
from visual_search.ranking.text_scales import LEGS
from visual_search.types import LegKind

MINUTE = timedelta(minutes=1)


class ReadOnly(admin.ModelAdmin):
    """Rows that the machine writes: staff may look at them and delete them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class KeptForGood(ReadOnly):
    """Rows that staff may look at alone."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(IndexEntry)
class IndexEntryAdmin(KeptForGood):
    """An entry's version must outlive the object, or a late worker could bring a deleted object back."""

    list_display = (
        "object_id",
        "collection",
        "state",
        "deleted",
        "attempts",
        "trouble",
        "next_attempt_at",
        "updated_at",
    )
    list_filter = ("state", "collection", "deleted")
    search_fields = ("=object_id", "error", "warning")
    ordering = ("-updated_at",)
    actions = ("try_again",)
    show_full_result_count = False

    @admin.display(description=gettext_lazy("error or warning"))
    def trouble(self, entry: IndexEntry) -> str:
        return Truncator(entry.error or entry.warning).chars(120)

    @admin.action(description=gettext_lazy("Index the chosen objects again"), permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[IndexEntry]) -> None:
        with transaction.atomic(using=queryset.db):
            for collection in set(queryset.order_by().values_list("collection", flat=True)):
                chosen = queryset.filter(collection=collection)
                for deleted in (False, True):
                    ids = list(chosen.filter(deleted=deleted).values_list("object_id", flat=True))
                    IndexEntry.objects.all().note(collection, ids, deleted=deleted)
            tasks.schedule(queryset.db)
        self.message_user(request, _("They will be indexed again in a moment."), messages.SUCCESS)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counts = dict(IndexEntry.objects.order_by().values_list("state").annotate(Count("pk")))
        summary = ", ".join(f"{counts.get(state, 0)} {state.label}" for state in State)
        return super().changelist_view(request, {"subtitle": summary, **(extra_context or {})})


@admin.register(LastRebuild)
class LastRebuildAdmin(ReadOnly):
    """What became of the last rebuild of each index."""

    list_display = ("collection", "ended_at", "taken", "objects_read", "pictures", "warnings", "failures")
    ordering = ("collection",)


@admin.register(RunningRebuild)
class RunningRebuildAdmin(ReadOnly):
    """How far the rebuilds are that go on now. The earlier index answers meanwhile."""

    list_display = ("collection", "started_at", "far", "left", "seen_at")
    ordering = ("collection",)

    @admin.display(description=gettext_lazy("how far"))
    def far(self, running: RunningRebuild) -> str:
        share = f" ({running.done / running.total:.0%})" if running.total else ""
        return _("%(done)s of %(total)s objects") % {"done": f"{running.done:,}", "total": f"{running.total:,}"} + share

    @admin.display(description=gettext_lazy("still takes about"))
    def left(self, running: RunningRebuild) -> str:
        if running.silent:
            return _("It says nothing any more and was probably killed; the earlier index is in use. Start it again.")
        if running.left is None:
            return ""
        return timesince(timezone.now() - running.left) if running.left > MINUTE else _("less than a minute")


@admin.register(StoredCalibration)
class StoredCalibrationAdmin(ReadOnly):
    """From which cosine on a hit has which grade, and how often each grade is wrong."""

    list_display = ("collection", "photo_errors", "studio_errors", "made_at")
    ordering = ("collection", "-made_at")
    fields = ("collection", "fingerprint", "made_at", "table", "texts")
    readonly_fields = fields

    @admin.display(
        description=gettext_lazy("photos: same item, very similar, similar style wrong; nothing close wrong / right")
    )
    def photo_errors(self, stored: StoredCalibration) -> str:
        return _errors(calibrating.unpacked(stored).of("photo").rates)

    @admin.display(description=gettext_lazy("studio pictures: the same"))
    def studio_errors(self, stored: StoredCalibration) -> str:
        return _errors(calibrating.unpacked(stored).of("studio").rates)

    @admin.display(description=gettext_lazy("limits and errors"))
    def table(self, stored: StoredCalibration) -> SafeString:
        """For each kind of picture its limits, then its errors over all and by category."""
        rows = [
            (picture, category or _("all categories"), limits, rates)
            for picture, limits in calibrating.unpacked(stored).limits.items()
            for category, rates in ((None, limits.rates), *limits.categories.items())
            if rates is not None
        ]
        names = (
            _("picture"), _("category"), _("asked"), _("same from"), _("wrong"), _("very similar from"), _("wrong"),
            _("style from"), _("wrong"), _("nothing close wrong"), _("right"),
        )  # fmt: skip
        cells = [
            (
                picture, category, rates.probes, _limit(limits.same), _share(rates.same_wrong),
                _limit(limits.very_similar), _share(rates.very_similar_wrong), _limit(limits.similar),
                _share(rates.similar_wrong), _share(rates.nothing_wrong), _share(rates.nothing_right),
            )
            for picture, category, limits, rates in rows
        ]  # fmt: skip
        head = format_html_join("", "<th>{}</th>", ((name,) for name in names))
        lines = ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in cells)
        body = format_html_join("", "<tr>{}</tr>", lines)
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)

    @admin.display(description=gettext_lazy("words"))
    def texts(self, stored: StoredCalibration) -> SafeString:
        """For each way to compare words, from when on a hit belongs to the results by it alone."""
        scales = calibrating.unpacked(stored).texts
        lines = ((LEGS[LegKind(leg)], scale.said()) for leg, scale in scales.items() if leg in LEGS)
        return format_html_join("", "<p>{}: {}</p>", lines)


def _errors(rates: Rates | None) -> str:
    if rates is None:
        return _("too few pictures")
    shares = map(_share, (rates.same_wrong, rates.very_similar_wrong, rates.similar_wrong))
    return f"{', '.join(shares)}; {_share(rates.nothing_wrong)} / {_share(rates.nothing_right)}"


def _limit(cosine: float) -> str:
    return _("never") if cosine > 1 else f"{cosine:.2f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
