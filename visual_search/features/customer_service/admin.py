"""Help articles, words of danger, cases and their ledger in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from visual_search.admin import KeptForGood
from visual_search.features.customer_service import ledger, pages, telling
from visual_search.features.customer_service.forms import HelpArticleForm, HelpPictureForm
from visual_search.features.customer_service.kinds import HelpState
from visual_search.features.customer_service.models import (
    DangerWords,
    HelpArticle,
    HelpPicture,
    HelpText,
    ServiceCase,
    ServiceEvent,
)
from visual_search.features.customer_service.options import options


class TextInline(admin.StackedInline):
    model = HelpText
    extra = 1


class PictureInline(admin.StackedInline):
    model = HelpPicture
    form = HelpPictureForm
    extra = 1


@admin.register(HelpArticle)
class HelpArticleAdmin(admin.ModelAdmin):
    form = HelpArticleForm
    inlines = (TextInline, PictureInline)
    list_display = ("__str__", "kind", "state", "holds_for", "helped", "not_helped", "is_example", "changed_at")
    list_filter = ("state", "kind", "is_example", "texts__language")
    search_fields = ("texts__title", "texts__also_said", "texts__body", "codes", "item", "category")
    change_form_template = f"{pages.HOME}/article.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[HelpArticle]:
        return super().get_queryset(request).prefetch_related("texts")

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(pages.publish)
        return [path("<int:number>/publish/", publish, name=f"{pages.LABEL}_helparticle_publish"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        article = self.get_object(request, object_id)
        if article is not None:
            extra_context = {
                **(extra_context or {}),
                "article": article,
                "states": [(value, label) for value, label in HelpState.choices if value != article.state],
                "may_publish": pages.may(request, "publish_helparticle"),
                "events": [(entry, *pages.moved(entry, HelpState)) for entry in ledger.events(article)],
            }
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description=gettext_lazy("holds for"))
    def holds_for(self, article: HelpArticle) -> str:
        return article.item or article.category or _("everything")


@admin.register(DangerWords)
class DangerWordsAdmin(admin.ModelAdmin):
    list_display = ("kind", "language", "advice")
    list_filter = ("kind", "language")


@admin.register(ServiceCase)
class ServiceCaseAdmin(KeptForGood):
    """The help desk's queue, danger first. A case has a page of its own in place of a form."""

    list_display = ("__str__", "state", "danger", "language", "assigned", "opened_at", "mailed_at")
    list_filter = ("state", "danger", "language", ("assigned", admin.RelatedOnlyFieldListFilter))
    search_fields = ("product", "words", "=email", "=pk")
    ordering = ("state", "-danger", "-pk")
    list_select_related = ("assigned",)
    list_per_page = 50
    change_form_template = f"{pages.HOME}/case.html"
    change_list_template = f"{pages.HOME}/case_list.html"

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any) -> URLPattern:
            name = f"{pages.LABEL}_servicecase_{route}"
            return path(f"<int:number>/{route}/", self.admin_site.admin_view(view), name=name)

        own = [page("answer", pages.answer), page("photo", pages.photo), page("draft", pages.draft)]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        secret = telling.secret() if options().webhook_url and request.user.is_superuser else ""
        return super().changelist_view(request, {"webhook_secret": secret, **(extra_context or {})})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id) if object_id else None
        if case is not None and self.has_view_permission(request, case):
            extra_context = {**(extra_context or {}), **pages.context_of(request, case)}
        response = super().changeform_view(request, object_id, form_url, extra_context)
        response["Cache-Control"] = "private, no-store"
        return response


@admin.register(ServiceEvent)
class ServiceEventAdmin(KeptForGood):
    """The ledger: what happened to which case or article, newest first."""

    list_display = ("number", "at", "about", "what", "actor")
    search_fields = ("actor", "what", "=about")
    fields = ("number", "at", "actor", "about", "what", "facts", "previous", "hash")
    readonly_fields = fields

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        subtitle = ledger.verify() or _("The chain is whole.")
        return super().changelist_view(request, {"subtitle": subtitle, **(extra_context or {})})
