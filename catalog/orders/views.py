"""Three pages: the basket, the form that orders, and what was ordered."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.models import Product
from catalog.orders.basket import MOST_LINES, Basket, Line, total_text
from catalog.orders.forgetting import BUYERS_DAYS, forget_buyers
from catalog.orders.forms import CheckoutForm, QuantityForm
from catalog.orders.models import Order
from catalog.orders.placing import NotToBeHad, new_token, place

OPEN = "catalog_order"  # in the session: which order the open form makes
PLACED = "catalog_placed"  # in the session: the order whose page comes for the first time, after it was placed


@never_cache
@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    """What lies in the basket."""
    return _basket(request)


@never_cache
@require_POST
def put(request: HttpRequest) -> HttpResponseBase:
    """Have so many of one product in the basket; with `more`, so many more than there are."""
    form = QuantityForm(request.POST)
    if not form.is_valid():
        faults = [str(fault) for each in form.errors.values() for fault in each]
        return _basket(request, faults, status=400)
    product: Product = form.cleaned_data["product"]
    wanted: int = form.cleaned_data["quantity"]
    held = Basket(request.session)
    if "more" in request.POST:
        wanted += held.of(product)
    got = held.put(product, wanted)
    if got < wanted:
        messages.warning(request, _too_few(product, wanted, got))
    return redirect("catalog:basket")


def _too_few(product: Product, wanted: int, got: int) -> str:
    if product.stock >= wanted and not got:
        return _("The basket is full: it holds %(most)d products. Order them first.") % {"most": MOST_LINES}
    return _only(product.title(get_language()), product.stock)


def _only(title: str, stock: int) -> str:
    if not stock:
        return _("%(title)s is out of stock.") % {"title": title}
    return _("Only %(stock)d of %(title)s are in stock.") % {"title": title, "stock": stock}


def _why_not(line: Line) -> str:
    """Why this line couldn't be ordered, as the shop is now."""
    now = Product.objects.for_sale().filter(pk=line.product.pk).first()
    if now is None:
        return _("%(title)s isn't for sale any more.") % {"title": line.title}
    if now.stock < line.quantity:
        return _only(line.title, now.stock)
    return _("The price of %(title)s has just changed.") % {"title": line.title}


def _basket(request: HttpRequest, faults: list[str] | None = None, *, status: int = 200) -> HttpResponse:
    held = Basket(request.session)
    before = held.count
    lines = held.lines(request.LANGUAGE_CODE)
    if held.count < before:
        messages.warning(request, _("What isn't for sale any more was taken out of the basket."))
    context: dict[str, Any] = {"lines": lines, "total": total_text(lines), "faults": faults or _faults(lines)}
    context["held"] = [line.product.pk for line in lines]
    return render(request, "catalog/basket.html", context, status=status)


def _faults(lines: list[Line]) -> list[str]:
    return [_only(line.title, line.product.stock) for line in lines if line.is_short]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponseBase:
    """Who orders. There is no payment."""
    held = Basket(request.session)
    lines = held.lines(request.LANGUAGE_CODE)
    if not lines and request.method == "POST" and PLACED in request.session:
        # A double click: the first one ordered, and this is the second one's answer.
        return redirect("catalog:order", request.session[PLACED])
    if not lines or _faults(lines):
        return redirect("catalog:basket")
    total = total_text(lines)
    form = CheckoutForm(request.POST or None)
    faults: list[str] = []
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["total"] != total:
            faults = [_("The basket or a price has changed meanwhile. Look at it again before you order.")]
        else:
            token = request.session.setdefault(OPEN, new_token())
            try:
                order = place(token, lines, name=form.cleaned_data["name"], email=form.cleaned_data["email"])
            except NotToBeHad as problem:
                for line in problem.lines:
                    messages.warning(request, _why_not(line))
                return redirect("catalog:basket")
            held.clear()
            del request.session[OPEN]
            request.session[PLACED] = order.token
            forget_buyers()  # also in a shop without beat
            return redirect(order)
    elif request.method != "POST":
        request.session.setdefault(OPEN, new_token())
    context = {"form": form, "lines": lines, "total": total, "faults": faults, "days": BUYERS_DAYS}
    return render(request, "catalog/checkout.html", context, status=409 if faults else 400 if form.errors else 200)


@never_cache
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """What was ordered, for whoever has its address."""
    found = get_object_or_404(Order.objects.prefetch_related("lines__product"), token=token)
    # The purchase is told to search once, by the page that comes after it.
    is_new = request.session.get(PLACED) == token
    if is_new:
        del request.session[PLACED]
    response = render(request, "catalog/order.html", {"order": found, "is_new": is_new})
    response["X-Robots-Tag"] = "noindex"
    return response
