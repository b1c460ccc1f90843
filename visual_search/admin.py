"""The outbox in the admin: what is indexed, what failed and why, and "try again"."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator

from visual_search import tasks
from visual_search.models import IndexEntry, State


@admin.register(IndexEntry)
class IndexEntryAdmin(admin.ModelAdmin):
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: IndexEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: IndexEntry | None = None) -> bool:
        # Its version must outlive the object, or a late worker could bring a deleted object back.
        return False

    @admin.display(description="error or warning")
    def trouble(self, entry: IndexEntry) -> str:
        return Truncator(entry.error or entry.warning).chars(120)

    @admin.action(description="Index the chosen objects again", permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[IndexEntry]) -> None:
        with transaction.atomic(using=queryset.db):
            for collection in set(queryset.order_by().values_list("collection", flat=True)):
                chosen = queryset.filter(collection=collection)
                for deleted in (False, True):
                    ids = list(chosen.filter(deleted=deleted).values_list("object_id", flat=True))
                    IndexEntry.objects.all().note(collection, ids, deleted=deleted)
            tasks.schedule(queryset.db)
        self.message_user(request, "They will be indexed again in a moment.", messages.SUCCESS)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counts = dict(IndexEntry.objects.order_by().values_list("state").annotate(Count("pk")))
        summary = ", ".join(f"{counts.get(state, 0)} {state.label}" for state in State)
        return super().changelist_view(request, {"subtitle": summary, **(extra_context or {})})
