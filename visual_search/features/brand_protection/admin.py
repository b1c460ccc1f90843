"""Brands, listings, cases and their ledger in the admin."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from visual_search import webhooks
from visual_search.admin import KeptForGood
from visual_search.features.brand_protection import ledger, pages, storing, telling, watching
from visual_search.features.brand_protection.forms import BrandForm, GenuineForm
from visual_search.features.brand_protection.models import Brand, BrandCase, CaseEvent, GenuinePicture, Listing

MOST_AT_ONCE = 200  # products whose pictures are taken in while somebody waits


class GenuineInline(admin.TabularInline):
    model = GenuinePicture
    form = GenuineForm
    fields = ("kind", "item", "file")
    extra = 1
    verbose_name_plural = gettext_lazy("genuine pictures and marks")

    def get_queryset(self, request: HttpRequest) -> QuerySet[GenuinePicture]:
        # Those of the catalogue come and go with it, and there may be thousands.
        return super().get_queryset(request).filter(object_id="")


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):
    form = BrandForm
    inlines = (GenuineInline,)
    list_display = ("name", "active", "pictures_kept", "cases_open", "at_once")
    search_fields = ("name", "words")
    readonly_fields = ("webhook_secret",)
    change_form_template = f"{pages.HOME}/brand.html"
    fieldsets = (
        (None, {"fields": ("name", "active", "words", "sellers", ("price_floor", "currency"), "least_sure")}),
        (gettext_lazy("Pictures of the catalogue"), {"fields": ("catalogue_brand", "collection")}),
        (
            gettext_lazy("Who is told"),
            {"fields": ("recipients", "at_once", "language", "webhook_url", "webhook_secret")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        take = self.admin_site.admin_view(self.take_view)
        return [path("<int:number>/take/", take, name=f"{pages.LABEL}_brand_take"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        return super().get_queryset(request).annotate(kept=Count("pictures", distinct=True))

    @admin.display(description=gettext_lazy("genuine pictures"), ordering="kept")
    def pictures_kept(self, brand: Brand) -> int:
        return int(brand.kept)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description=gettext_lazy("new cases"))
    def cases_open(self, brand: Brand) -> int:
        return brand.cases.filter(state="new").count()

    @admin.display(description=gettext_lazy("secret of the webhook"))
    def webhook_secret(self, brand: Brand) -> str:
        return (
            webhooks.secret_of(settings.SECRET_KEY, telling.receiver(brand)) if brand.pk and brand.webhook_url else "–"
        )

    def get_inlines(self, request: HttpRequest, obj: Brand | None) -> list[type[InlineModelAdmin]]:
        return list(self.inlines)

    def take_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """The pictures of the shop's own products become genuine ones."""
        brand = self.get_object(request, str(number))
        if request.method != "POST" or brand is None or not self.has_change_permission(request, brand):
            raise PermissionDenied
        if not brand.catalogue_brand:
            self.message_user(request, _("Name the brand in the catalogue first, and save."), messages.WARNING)
        else:
            new, gone = storing.add_catalogue(brand)
            said = _("%(new)s pictures are new, %(gone)s are gone.")
            self.message_user(request, said % {"new": new, "gone": gone}, messages.SUCCESS)
        return redirect(f"admin:{pages.LABEL}_brand_change", number)


@admin.register(Listing)
class ListingAdmin(KeptForGood):
    """What is watched. Listings come in by the page "Take listings in", by the command, or from the shop itself."""

    list_display = ("title", "seller", "price", "currency", "source", "checked_at", "problem")
    list_filter = ("source", ("checked_at", admin.EmptyFieldListFilter))
    search_fields = ("title", "seller", "url", "=sha256")
    fields = (
        "title", "url", "seller", "price", "currency", "source", "key", "sha256", "label_text", "problem", "seen_at",
        "checked_at",
    )  # fmt: skip
    readonly_fields = fields
    change_list_template = f"{pages.HOME}/listing_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("take/", view(self.take_view), name=f"{pages.LABEL}_listing_take"),
            path("look/", view(self.look_view), name=f"{pages.LABEL}_listing_look"),
            *super().get_urls(),
        ]

    def take_view(self, request: HttpRequest) -> HttpResponse:
        return pages.listings(request, {**self.admin_site.each_context(request), "opts": self.opts})

    def look_view(self, request: HttpRequest) -> HttpResponse:
        """Look at some that wait, by hand; the night does the others."""
        if request.method != "POST" or not pages.may(request, "add_listing"):
            raise PermissionDenied
        watched = watching.watch(limit=pages.MOST_AT_ONCE)
        said = _("%(looked)s listings were looked at, with %(cases)s new cases; %(left)s still wait.")
        values = {"looked": watched.looked, "cases": len(watched.opened), "left": watching.waiting().count()}
        self.message_user(request, said % values, messages.SUCCESS)
        return redirect(f"admin:{pages.LABEL}_listing_changelist")


@admin.register(BrandCase)
class BrandCaseAdmin(KeptForGood):
    """The queue: the surest new cases first. A case has a page with the evidence in place of a form."""

    list_display = ("listing", "brand", "state", "sure", "seller", "price", "assigned", "opened_at")
    list_filter = ("state", "brand", "matches__kind", ("assigned", admin.RelatedOnlyFieldListFilter))
    search_fields = ("listing__title", "listing__seller", "listing__url", "=evidence_sha256")
    ordering = ("-opened_at", "-sureness")
    list_select_related = ("listing", "brand", "assigned")
    list_per_page = 50
    change_form_template = f"{pages.HOME}/case.html"
    change_list_template = f"{pages.HOME}/case_list.html"

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(
                f"<int:number>/{route}", self.admin_site.admin_view(view), name=f"{pages.LABEL}_brandcase_{name}"
            )

        own = [
            page("decide/", pages.decide, "decide"),
            page("picture/<int:match>/", pages.picture, "picture"),
            page("export/", pages.export, "export"),
            page("notice/", self.notice_view, "notice"),
        ]
        return [*own, *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id) if object_id else None
        if case is not None and self.has_view_permission(request, case):
            extra_context = {**(extra_context or {}), **pages.context_of(request, case)}
        response = super().changeform_view(request, object_id, form_url, extra_context)
        response["Cache-Control"] = "private, no-store"
        return response

    def notice_view(self, request: HttpRequest, number: int) -> HttpResponse:
        return pages.notice(request, number, {**self.admin_site.each_context(request), "opts": self.opts})

    @admin.display(description=gettext_lazy("sureness"), ordering="sureness")
    def sure(self, case: BrandCase) -> str:
        return f"{case.sureness:.2f}"

    @admin.display(description=gettext_lazy("seller"), ordering="listing__seller")
    def seller(self, case: BrandCase) -> str:
        return case.listing.seller

    @admin.display(description=gettext_lazy("price"), ordering="listing__price")
    def price(self, case: BrandCase) -> str:
        listing = case.listing
        return "–" if listing.price is None else f"{listing.price} {listing.currency}"


@admin.register(CaseEvent)
class CaseEventAdmin(KeptForGood):
    """The ledger: what happened to which case, newest first."""

    list_display = ("number", "at", "case", "what", "actor")
    search_fields = ("actor", "what", "=case")
    fields = ("number", "at", "actor", "case", "what", "facts", "previous", "hash")
    readonly_fields = fields

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        subtitle = ledger.verify() or _("The chain is whole.")
        return super().changelist_view(request, {"subtitle": subtitle, **(extra_context or {})})
