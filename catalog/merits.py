"""By which numbers the shop may prefer one product to another: what there is of it, how new it is, how often it is sold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from catalog.models import Product
from catalog.orders.models import OrderLine

DAYS = 28  # four weeks, so that each day of the week counts alike


def merits_of(merit: str, ids: Collection[str]) -> Mapping[str, float]:
    """By id of a product: pieces in stock, seconds since 1970 when it came, or pieces sold in the last four weeks."""
    known = [int(id) for id in ids if id.isdecimal()]
    products = Product.objects.filter(pk__in=known)
    if merit == "stock":
        return {str(pk): float(stock) for pk, stock in products.values_list("pk", "stock")}
    if merit == "newness":
        return {str(pk): came.timestamp() for pk, came in products.values_list("pk", "created_at")}
    since = timezone.now() - timedelta(days=DAYS)
    sold = OrderLine.objects.filter(product__in=known, order__created_at__gte=since).values_list("product")
    return {str(pk): float(pieces) for pk, pieces in sold.annotate(Sum("quantity"))}
