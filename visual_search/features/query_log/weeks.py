"""Texts that enough clients typed within a week, where the shop wants that (`WEEKS`): a small shop has few of them on one day.

Each text of a client and day leaves a share of the week when its day is sealed, tied to nothing. When the week is over, texts of
`K` clients or more become readable, and all shares are deleted.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from visual_search.features.query_log import audit
from visual_search.features.query_log.models import SealedWeek, WeekShare
from visual_search.features.query_log.options import now, options, week_keys
from visual_search.features.query_log.rows import Opened
from visual_search.privacy.thresholds import Share, recover
from visual_search.signals import week_sealed
from visual_search.types import Found, SealedText

# After the end of a week its last day is sealed, at the latest when its key ends; then the week is.
SETTLE_SECONDS = 3600.0
WEEK_DAYS = 7

_chance = random.SystemRandom()


def contributions(day: int, boxes: Iterable[Opened]) -> list[WeekShare]:
    """What a day adds to its week, in random order: one row for each text of each client."""
    of: dict[bytes, list[Opened]] = defaultdict(list)
    for box in boxes:
        if box.week_share is not None:
            of[box.week_share.pack()].append(box)
    shares = [
        WeekShare(
            week=day // WEEK_DAYS,
            share=packed,
            queries=len(asked),
            without_results=sum(box.facts.found is Found.NOTHING for box in asked),
            nothing_close=sum(box.facts.found is Found.NOTHING_CLOSE for box in asked),
        )
        for packed, asked in of.items()
    ]
    _chance.shuffle(shares)
    return shares


def seal_due() -> list[int]:
    """Seal each week that is over; returns the weeks. It may run at any time, and twice at once."""
    over = week_keys().epoch(now() - SETTLE_SECONDS).number
    weeks = WeekShare.objects.filter(week__lt=over).order_by("week").values_list("week", flat=True).distinct()
    return [week for week in list(weeks) if _seal(week)]


def _seal(week: int) -> bool:
    # The key could only add shares, and tell whether a guessed text is among them.
    week_keys().destroy(week)
    with transaction.atomic():
        # This row is the lock of the week: a second process waits here, and then finds no share.
        record, _ = SealedWeek.objects.select_for_update().get_or_create(week=week)
        shares = WeekShare.objects.filter(week=week)
        by_tag: dict[bytes, list[tuple[Share, WeekShare]]] = defaultdict(list)
        for row in shares:
            part = Share.unpack(bytes(row.share))
            by_tag[part.tag].append((part, row))
        if not by_tag:
            return False
        texts = []
        for parts in by_tag.values():
            text = recover([part for part, _ in parts], k=options().k)
            rows = [row for _, row in parts]
            if text is None:
                record.withheld += sum(row.queries for row in rows)
                continue
            texts.append(
                SealedText(
                    text,
                    clients=len({part.x for part, _ in parts}),
                    questions=sum(row.queries for row in rows),
                    nothing=sum(row.without_results for row in rows),
                    nothing_close=sum(row.nothing_close for row in rows),
                )
            )
        record.readable += len(texts)
        record.save()
        week_sealed.send(sender=SealedWeek, first=week * WEEK_DAYS, days=WEEK_DAYS, texts=tuple(texts))
        shares.delete()
        audit.append("system", "seal week", week=week, readable=len(texts), withheld=record.withheld)
    return True
