"""The shop owner's pages: products with their pictures and texts, and how far each is in the search index."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminFileWidget
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from catalog import files
from catalog.admin_fields import ProductForm, ProductTextForm
from catalog.languages.models import CategoryText
from catalog.models import PictureField, Product, ProductImage, ProductText, State, language_choices
from catalog.orders.models import Order, OrderLine
from catalog.receiving import admin as receiving_admin  # noqa: F401 - Django looks for the admin in this module.
from multilingual.languages import base_code
from visual_search.models import IndexEntry


class PictureWidget(AdminFileWidget):
    """Django's own, but a storage that can't say a file's address leaves the form without a link."""

    def is_initial(self, value: Any) -> bool:
        try:
            return super().is_initial(value)
        # A storage may raise anything, and then the form is the place where another file can be chosen.
        except Exception:
            return False


class ProductImageInline(admin.StackedInline):
    model = ProductImage
    extra = 1
    fields = ["preview", "file", "position", "role", "alt"]
    readonly_fields = ["preview"]
    formfield_overrides = {PictureField: {"widget": PictureWidget}}

    @admin.display(description=_("picture"))
    def preview(self, image: ProductImage) -> SafeString | str:
        if not image.url:
            return ""
        return format_html('<img src="{}" alt="" class="shop-preview">', image.url)


class ProductTextInline(admin.StackedInline):
    model = ProductText
    form = ProductTextForm
    extra = 0
    min_num = 1

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The languages to choose from, with the regional forms that the shop's texts have."""
        if db_field.name != "language":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        known = language_choices()
        codes = dict(known)
        used = ProductText.objects.order_by("language").values_list("language", flat=True).distinct()
        regional = [(tag, f"{codes.get(base_code(tag) or '', tag)} ({tag})") for tag in used if tag not in codes]
        return forms.ChoiceField(choices=sorted([*known, *regional], key=lambda each: str(each[1])), initial="en")


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    form = ProductForm
    list_display = ["thumbnail", "sku", "name", "price_text", "stocked", "state", "index_state"]
    list_display_links = ["sku", "name"]
    list_filter = ["state", "category", "brand"]
    search_fields = ["sku", "texts__title", "brand"]
    list_per_page = 50
    # Chosen in the list of products, with pictures; the field that completes by itself has no name for screen readers.
    raw_id_fields = ["parent"]
    readonly_fields = ["index_state", "created_at", "updated_at"]
    inlines = [ProductTextInline, ProductImageInline]
    save_on_top = True
    actions = ["publish", "archive"]

    class Media:
        css = {"all": ["catalog/admin.css"]}

    def view_on_site(self, product: Product) -> str | None:
        """The product's page; None for a product that isn't published, because it has no page."""
        return product.get_absolute_url() if product.state == State.PUBLISHED else None

    @admin.action(description=_("Publish the selected products"), permissions=["change"])
    def publish(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        self._move(request, products, State.PUBLISHED)

    @admin.action(description=_("Archive the selected products"), permissions=["change"])
    def archive(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        self._move(request, products, State.ARCHIVED)

    def _move(self, request: HttpRequest, products: QuerySet[Product], state: State) -> None:
        moved = list(products.exclude(state=state))
        with transaction.atomic():
            for product in moved:
                # Saved one by one: `update()` sends no signals, so the index wouldn't notice.
                product.state = state
                product.save(update_fields=["state", "updated_at"])
        self.message_user(
            request,
            ngettext("%(count)d product is %(state)s now.", "%(count)d products are %(state)s now.", len(moved))
            % {"count": len(moved), "state": state.label},
        )

    def get_urls(self) -> list[URLPattern]:
        """With the address of pictures that only staff may see: of drafts, and photos to recognise by."""
        shown = path("picture/<path:name>", self.admin_site.admin_view(self.picture), name="catalog_product_picture")
        return [shown, *super().get_urls()]

    def picture(self, request: HttpRequest, name: str) -> FileResponse:
        """A private picture, for staff who may see products."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        name = files.PRIVATE + name
        if not ProductImage.objects.filter(file=name).exists():
            raise Http404
        try:
            response = FileResponse(files.picture_storage.open(name))
        # A storage may raise anything.
        except Exception as problem:
            raise Http404 from problem
        # Whatever the file holds, it is only shown.
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("images", "texts")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """One query for the index states of the whole page, kept on its objects."""
        page = super().get_changelist_instance(request)
        products = list(page.result_list)
        entries = IndexEntry.objects.filter(collection="products", object_id__in=[str(one.pk) for one in products])
        states = {entry.object_id: entry for entry in entries}
        for product in products:
            product._index_entry = states.get(str(product.pk))
        page.result_list = products
        return page

    @admin.display(description=_("picture"))
    def thumbnail(self, product: Product) -> SafeString | str:
        image = next(iter(product.all_images()), None)
        address = image.url if image else ""
        if not address:
            return "–"
        return format_html('<img src="{}" alt="" width="48" height="48" class="shop-thumbnail">', address)

    @admin.display(description=_("name"))
    def name(self, product: Product) -> str:
        return product.title()

    @admin.display(description=_("stock"), ordering="stock")
    def stocked(self, product: Product) -> str:
        """Says what the number is where no head of a table does."""
        return gettext("%(number)d in stock") % {"number": product.stock}

    @admin.display(description=_("price"))
    def price_text(self, product: Product) -> str:
        return product.price_text or "–"

    @admin.display(description=_("search index"))
    def index_state(self, product: Product) -> str:
        if product.pk is None:
            return "–"
        if hasattr(product, "_index_entry"):
            entry = product._index_entry
        else:
            entry = IndexEntry.objects.filter(collection="products", object_id=str(product.pk)).first()
        if entry is None:
            return gettext("not noted yet: run visual_search reconcile")
        state = gettext("not in the index") if entry.deleted and entry.state == "indexed" else entry.get_state_display()
        note = entry.error or entry.warning
        return f"{state}: {note[:120]}" if note else str(state)


@admin.register(CategoryText)
class CategoryTextAdmin(admin.ModelAdmin):
    """Names of categories in other languages."""

    list_display = ["path", "language", "name"]
    list_filter = ["language"]
    search_fields = ["path", "name"]


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    extra = 0
    fields = ["sku", "title", "quantity", "price_text", "amount_text"]
    readonly_fields = ["sku", "title", "quantity", "price_text", "amount_text"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders are read here, and may be deleted; what was ordered stays as it was."""

    list_display = ["__str__", "created_at", "name", "email", "total"]
    date_hierarchy = "created_at"
    search_fields = ["name", "email", "lines__sku"]
    fields = ["created_at", "name", "email", "total"]
    readonly_fields = ["created_at", "name", "email", "total"]
    inlines = [OrderLineInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("lines")

    @admin.display(description=_("total"))
    def total(self, order: Order) -> str:
        return order.sum_text
