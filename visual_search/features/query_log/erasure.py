"""A client takes its rows back, as long as the key that leads to them exists."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from visual_search.features.query_log.collecting import buffer, pseudonyms_now
from visual_search.features.query_log.models import LoggedEvent, LoggedQuery
from visual_search.features.query_log.options import day_keys
from visual_search.features.query_log.rows import opened
from visual_search.models import chunks


def erase_client(material: str) -> None:
    """Delete this client's rows and their events of the days whose key still exists.

    Nobody can find the client's rows of older days any more, the shop included: nothing in them leads to a client.

    No number is returned: browsers of one network with one name share a pseudonym, so it would tell one shopper how much the
    others ask. And no entry of the audit log is written: it would say for a year that somebody took something back, and
    anybody could fill that log by asking again and again.
    """
    buffer.take_back(material)
    mine = list(_rows_of(material))
    # Before the transaction: a thread that writes holds the buffer and may wait for the database, so both could wait for ever.
    buffer.forget(set(mine))
    with transaction.atomic():
        for ids in chunks(mine):
            LoggedEvent.objects.filter(query_id__in=ids).delete()
            LoggedQuery.objects.filter(query_id__in=ids).delete()


def _rows_of(material: str) -> Iterator[UUID]:
    for day, client in pseudonyms_now(material).items():
        key = day_keys().key(day)
        rows = LoggedQuery.objects.filter(day=day).exclude(closed=b"").values_list("query_id", "closed")
        for query_id, closed in rows.iterator(chunk_size=500):
            box = opened(bytes(closed), key)
            if box is not None and box.client == client:
                yield query_id
