"""What to order, and orders to suppliers. Staff alone, each step by its permission."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalog.receiving import purchasing
from catalog.receiving.confirming import MOST_AT_ONCE
from catalog.receiving.differences import received
from catalog.receiving.models import PurchaseOrder, Supplier
from catalog.receiving.pages import may, staff
from catalog.receiving.reordering import REVIEW_DAYS, SERVICE
from visual_search.access.staff import who
from visual_search.errors import BadInput
from visual_search.translating import in_words

RECENT = 30  # orders that are shown


@staff("view_purchaseorder")
@require_http_methods(["GET", "HEAD", "POST"])
def what_to_order(request: HttpRequest) -> HttpResponseBase:
    """By supplier what should be ordered, and from which figures that comes; a click makes an order of it."""
    if request.method == "POST":
        if not may(request, "propose_order"):
            raise PermissionDenied
        supplier = get_object_or_404(Supplier, pk=_number(request.POST.get("supplier")))
        try:
            return redirect("catalog:purchase", purchasing.propose(supplier, who(request)).pk)
        except BadInput as problem:
            messages.error(request, in_words(problem))
    context = {
        "suppliers": [(one, _titled(purchasing.proposals(one))) for one in Supplier.objects.all()],
        "orders": PurchaseOrder.objects.select_related("supplier")[:RECENT],
        "may_propose": may(request, "propose_order"),
        "service": round(SERVICE * 100),
        "review": REVIEW_DAYS,
    }
    return render(request, "catalog/receiving/purchasing.html", context)


@staff("view_purchaseorder")
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, number: int) -> HttpResponseBase:
    """One order: its quantities, until it is placed; then what has come of it."""
    found = get_object_or_404(PurchaseOrder.objects.select_related("supplier"), pk=number)
    form = _form(found, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may(request, "propose_order"):
            raise PermissionDenied
        if form.is_valid():
            quantities = {int(name.removeprefix("line")): value for name, value in form.cleaned_data.items()}
            try:
                if "close" in request.POST:
                    purchasing.close(found, who(request))
                else:
                    purchasing.place(found, quantities, who(request))
                return redirect("catalog:purchase", found.pk)
            except BadInput as problem:
                messages.error(request, in_words(problem))
    came = received(found)
    rows = found.lines.select_related("product").prefetch_related("product__texts")
    lines = [
        (
            row,
            row.product.title(get_language()) if row.product else "",
            form[f"line{row.pk}"],
            came.get(row.product_id or 0, 0),
        )
        for row in rows
    ]
    context = {
        "order": found,
        "lines": lines,
        "may_propose": may(request, "propose_order"),
    }
    return render(request, "catalog/receiving/purchase.html", context, status=400 if form.errors else 200)


@staff("view_purchaseorder")
@require_safe
def as_csv(request: HttpRequest, number: int) -> HttpResponseBase:
    """The order as a file for the supplier."""
    found = get_object_or_404(PurchaseOrder.objects.select_related("supplier"), pk=number)
    response = HttpResponse(purchasing.as_csv(found, get_language()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="order-{found.pk}.csv"'
    return response


def _titled(proposals: list[purchasing.Proposal]) -> list[tuple[purchasing.Proposal, str]]:
    return [(one, one.product.title(get_language())) for one in proposals]


def _form(order: PurchaseOrder, data: Any) -> forms.Form:
    """A field a line."""
    form = forms.Form(data)
    for line in order.lines.all():
        label = _("Quantity of %(sku)s") % {"sku": line.sku}
        form.fields[f"line{line.pk}"] = forms.IntegerField(
            min_value=0,
            max_value=MOST_AT_ONCE,
            initial=line.quantity,
            label=label,
            required="close" not in (data or {}),
        )
    return form


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0
