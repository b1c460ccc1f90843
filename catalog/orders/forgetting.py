"""Who ordered is forgotten after a while; what was ordered stays."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from catalog.orders.models import Order

BUYERS_DAYS = 30


def forget_buyers() -> int:
    """Empty name and e-mail of orders that are older; gives of how many. It may run twice."""
    before = timezone.now() - timedelta(days=BUYERS_DAYS)
    return Order.objects.filter(created_at__lt=before).exclude(name="", email="").update(name="", email="")
