"""The staff pages: what search engines would find, and texts in place of pictures."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from visual_search import registry
from visual_search.admin import KeptForGood, NamedFields
from visual_search.content.objects import called, object_page, objects_by_id
from visual_search.features.seo import looking
from visual_search.features.seo.models import PagesCheck, PictureText
from visual_search.features.seo.sites import site

MOST_AT_ONCE = 2_000  # objects that are looked through while somebody waits for the page, some seconds


@admin.register(PagesCheck)
class PagesCheckAdmin(KeptForGood):
    """A page in place of a list. A POST looks through the pages anew, or proposes texts for pictures."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._work(request)
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": capfirst(self.opts.verbose_name_plural),
            "collections": [
                {"check": check, "rows": [_row(check, name, label) for name, label in looking.FINDINGS.items()]}
                for check in looking.checks()
            ],
            "texts": request.user.has_perm("visual_search_seo.view_picturetext"),
            "may_propose": request.user.has_perm("visual_search_seo.change_picturetext"),
            **(extra_context or {}),
        }
        response = TemplateResponse(request, "admin/visual_search_seo/pages.html", context)
        response["Cache-Control"] = "private, no-store"
        return response

    def _work(self, request: HttpRequest) -> None:
        proposes = "propose" in request.POST
        if proposes and not request.user.has_perm("visual_search_seo.change_picturetext"):
            raise PermissionDenied
        for name in site().collections:
            if registry.source(name).queryset().count() > MOST_AT_ONCE:
                self.message_user(
                    request,
                    _("'%(collection)s' is too large to wait for: run “manage.py visual_search check_seo”.")
                    % {"collection": name},
                    messages.WARNING,
                )
                continue
            if proposes:
                count = looking.propose(name)
                said = ngettext("%(count)s text was proposed.", "%(count)s texts were proposed.", count)
                self.message_user(request, said % {"count": count})
            looking.look(name)


def _row(check: PagesCheck, finding: str, label: object) -> dict[str, object]:
    links = [(title, object_page(check.collection, id)) for id, title in looking.examples(check, finding)]
    count = check.findings.get(finding, {}).get("count", 0)
    return {"label": label, "count": count, "links": links, "more": count - len(links)}


@admin.register(PictureText)
class PictureTextAdmin(NamedFields, admin.ModelAdmin):
    """Proposals to confirm. Whoever writes a text confirms it."""

    list_display = ("picture", "text", "language", "thing", "is_confirmed")
    list_editable = ("text",)
    list_display_links = ("thing",)
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter), "language", "collection")
    search_fields = ("text", "=object_id")
    fields = ("text",)
    actions = ("confirm",)
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The rows of the list, each with its object, in one query a collection."""
        listed = super().get_changelist_instance(request)
        ids: dict[str, set[str]] = defaultdict(set)
        for row in listed.result_list:
            ids[row.collection].add(row.object_id)
        known = {source.collection: source for source in registry.sources()}
        objects = {name: objects_by_id(known[name], sorted(some)) for name, some in ids.items() if name in known}
        for row in listed.result_list:
            row.shown = objects.get(row.collection, {}).get(row.object_id)
        return listed

    @admin.display(description=_("picture"))
    def picture(self, row: PictureText) -> str:
        obj = getattr(row, "shown", None)
        pictures = registry.source(row.collection).pictures(obj) if obj is not None else ()
        url = next((one.url for one in pictures if one.id == row.picture_id), "")
        return format_html('<img src="{}" alt="" width="80" loading="lazy">', url) if url else "–"

    @admin.display(description=_("object"))
    def thing(self, row: PictureText) -> str:
        obj = getattr(row, "shown", None)
        return called(registry.source(row.collection), obj) if obj is not None else row.object_id

    @admin.display(description=_("confirmed"), boolean=True)
    def is_confirmed(self, row: PictureText) -> bool:
        return row.confirmed_at is not None

    def save_model(self, request: HttpRequest, obj: PictureText, form: Any, change: bool) -> None:
        obj.confirmed_at, obj.confirmed_by_id = timezone.now(), request.user.pk
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Confirm the chosen texts"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[PictureText]) -> None:
        count = queryset.update(confirmed_at=timezone.now(), confirmed_by=request.user)
        said = ngettext("%(count)s text was confirmed.", "%(count)s texts were confirmed.", count)
        self.message_user(request, said % {"count": count})
