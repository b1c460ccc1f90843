"""What orders tell of products that are bought together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import groupby

from catalog.orders.models import OrderLine
from visual_search.types import Basket

BATCH = 5000  # lines read at once
EPOCH = date(1970, 1, 1)


def baskets(since: date) -> Iterator[Basket]:
    """The orders from this day (UTC) on. A client is who gave the same address; once it is forgotten, each order is one."""
    lines = OrderLine.objects.filter(order__created_at__gte=datetime.combine(since, time(), UTC), product__isnull=False)
    rows = lines.order_by("order_id").values_list("order_id", "order__email", "order__created_at", "product_id")
    for (order, email, when), group in groupby(rows.iterator(chunk_size=BATCH), key=lambda row: row[:3]):
        client = email.strip().casefold() or f"order {order}"
        yield Basket(client, (when.astimezone(UTC).date() - EPOCH).days, [row[3] for row in group])
