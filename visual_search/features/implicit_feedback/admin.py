"""The list of what shoppers choose more and less often than usual, to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from visual_search.admin import KeptForGood
from visual_search.features.implicit_feedback import current
from visual_search.features.implicit_feedback.folding import sum_of
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback
from visual_search.features.implicit_feedback.options import options
from visual_search.features.implicit_feedback.rates import factor
from visual_search.features.implicit_feedback.rescorer import MOST
from visual_search.querying.cards import titles


@admin.register(ObjectFeedback)
class ObjectFeedbackAdmin(KeptForGood):
    """What was looked at most comes first. The factor is what the order makes of it today."""

    list_display = ("name", "weight", "rounded_looks", "rounded_choices", "rounded_browsers", "collection")
    list_filter = ("collection",)
    ordering = ("-looks", "pk")
    list_per_page = 50

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Names and factors of the page's rows are looked up at once."""
        listed = super().get_changelist_instance(request)
        wholes = {row.collection: sum_of(row) for row in CollectionFeedback.objects.all()}
        found = titles([(row.collection, row.object_id) for row in listed.result_list], get_language())
        for row in listed.result_list:
            row.title = found.get((row.collection, row.object_id), row.object_id)
            row.usual = wholes.get(row.collection)
        return listed

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": gettext("What shoppers choose"), "subtitle": _state(), **(extra_context or {})}
        )

    @admin.display(description=_("object"))
    def name(self, row: Any) -> str:
        return str(getattr(row, "title", row.object_id))

    @admin.display(description=_("browsers"), ordering="browsers")
    def rounded_browsers(self, row: ObjectFeedback) -> str:
        return f"{row.browsers:.0f}"

    @admin.display(description=_("looks"), ordering="looks")
    def rounded_looks(self, row: ObjectFeedback) -> str:
        return f"{row.looks:.0f}"

    @admin.display(description=_("choices"), ordering="choices")
    def rounded_choices(self, row: ObjectFeedback) -> str:
        return f"{row.choices:.0f}"

    @admin.display(description=_("score times"))
    def weight(self, row: Any) -> str:
        if row.usual is None or row.browsers < options().k:
            return "1.00"
        return f"{factor(sum_of(row), row.usual, prior_looks=options().prior_looks, most=MOST):.2f}"


def _state() -> str:
    """Whether searches are ordered by it, of each collection of which something is known."""
    told = []
    for row in CollectionFeedback.objects.order_by("pk"):
        there, wanted = int(current.choices(row)), options().least_choices
        given = {"collection": row.collection, "there": there, "wanted": wanted}
        if there >= wanted:
            told.append(gettext("%(collection)s: enough is known to order by.") % given)
        else:
            told.append(gettext("%(collection)s: not yet ordered by it, %(there)s of %(wanted)s choices.") % given)
    return " ".join(told) or gettext("Nothing is known yet: it is counted when a day is over.")
