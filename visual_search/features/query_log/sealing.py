"""The journey of a day that is over: texts that enough clients typed become readable, and its key is destroyed.

What fewer clients typed can never be read after that. Public lists are made by `releasing`; time limits follow below.
"""

from __future__ import annotations

import logging
import random
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from visual_search.features.query_log import announcing, audit, releasing, weeks
from visual_search.features.query_log.models import (
    AuditEntry,
    Counter,
    EventCount,
    LoggedEvent,
    LoggedQuery,
    QueryCount,
    SealedDay,
    SealedWeek,
    WeekShare,
    WindowShare,
)
from visual_search.features.query_log.options import (
    SETTLE_SECONDS,
    day_keys,
    now,
    options,
    tally_keys,
    week_keys,
    window_keys,
)
from visual_search.features.query_log.rows import Opened, opened
from visual_search.models import chunks
from visual_search.privacy.keys import DAY_SECONDS, GRACE_SECONDS, KeyGone
from visual_search.privacy.noise import bounded
from visual_search.privacy.thresholds import Share, recover
from visual_search.signals import day_sealed
from visual_search.types import Found

# A day whose facts can't be folded stays open. In the last quarter of an hour of its key it is sealed without them.
LAST_SECONDS = 900.0
UNANNOUNCED_DAYS = 3  # so far back a day without rows, whose counts nobody has heard, is looked for

logger = logging.getLogger(__name__)
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _DayCounts:
    """What may be kept of a day."""

    texts: Mapping[UUID, str]  # of questions whose text is readable
    counts: Sequence[QueryCount]
    withheld: int  # questions whose text stays unreadable
    contributions: Sequence[WindowShare]  # to the public list of the window


class NotFolded(Exception):
    """A receiver of `day_sealed` failed, and there is time to try again."""


def seal_due() -> list[int]:
    """Seal each day that is over, also one whose key is lost; returns the days. It may run at any time, and twice at once."""
    moment = now()
    today = day_keys().epoch(moment).number
    settled = day_keys().epoch(moment - SETTLE_SECONDS).number
    open_days = LoggedQuery.objects.filter(day__lt=today).exclude(closed=b"")
    sealed = []
    for day in sorted({*open_days.values_list("day", flat=True), *_counted_only(settled)}):
        if day >= settled:
            continue
        try:
            _seal(day)
        except NotFolded as problem:
            # Its transaction is undone, so the next look finds the day as it was.
            logger.error("Day %d stays open, for what may be learned of it couldn't be counted: %s", day, problem)
            continue
        sealed.append(day)
    return sealed


def _counted_only(settled: int) -> set[int]:
    """Days that have counts and no rows, since nobody let one be written."""
    since = datetime.fromtimestamp((settled - UNANNOUNCED_DAYS) * DAY_SECONDS, tz=UTC)
    hours = Counter.objects.filter(name="queries", hour__gte=since).values_list("hour", flat=True)
    days = {int(hour.timestamp() // DAY_SECONDS) for hour in hours}
    return days - set(SealedDay.objects.filter(day__in=days).values_list("day", flat=True))


def _seal(day: int) -> None:
    try:
        key = day_keys().key(day)
    except KeyGone:
        key = None
    with transaction.atomic():
        # This row is the lock of the day: a second process waits here, and then has nothing left to open.
        record, _ = SealedDay.objects.select_for_update().get_or_create(day=day)
        rows = list(LoggedQuery.objects.filter(day=day).exclude(closed=b""))
        boxes = {row.query_id: opened(bytes(row.closed), key) if key else None for row in rows}
        known = {query_id: box for query_id, box in boxes.items() if box is not None}
        day_counts = _count(day, known)
        _announce(day, rows, known, day_counts.texts)
        # Text and box change in one statement, before the key is destroyed, so no row keeps what ties it to another.
        ids_of: dict[str, list[UUID]] = defaultdict(list)
        for row in rows:
            ids_of[day_counts.texts.get(row.query_id, "")].append(row.query_id)
        for text, query_ids in ids_of.items():
            for some in chunks(query_ids):
                LoggedQuery.objects.filter(query_id__in=some).update(closed=b"", text=text)
        QueryCount.objects.bulk_create(day_counts.counts, ignore_conflicts=True)
        EventCount.objects.bulk_create(_event_counts(day, day_counts.texts))
        WindowShare.objects.bulk_create(day_counts.contributions)
        WeekShare.objects.bulk_create(weeks.contributions(day, known.values()))
        record.readable += len(day_counts.counts)
        record.withheld += day_counts.withheld
        record.lost += len(boxes) - len(known)
        record.save()
        audit.append("system", "seal day", day=day, readable=len(day_counts.counts), withheld=day_counts.withheld)
    if day_keys().destroy(day):
        audit.append("system", "destroy key", day=day)


def _announce(day: int, rows: Sequence[LoggedQuery], boxes: Mapping[UUID, Opened], texts: Mapping[UUID, str]) -> None:
    """Let features count what they study, within this transaction. Raises NotFolded while there is time for another try."""
    told = announcing.questions(rows, boxes, texts)
    answers = day_sealed.send_robust(sender=SealedDay, day=day, questions=told, counts=announcing.counts(day))
    failed = [type(answer).__name__ for _, answer in answers if isinstance(answer, Exception)]
    if failed and boxes and now() < (day + 1) * DAY_SECONDS + GRACE_SECONDS - LAST_SECONDS:
        raise NotFolded(", ".join(failed))


def _count(day: int, boxes: Mapping[UUID, Opened]) -> _DayCounts:
    by_tag: dict[bytes, list[tuple[UUID, Share]]] = defaultdict(list)
    by_client: dict[bytes, dict[bytes, tuple[Share, int]]] = defaultdict(dict)
    for query_id, box in boxes.items():
        if box.day_share is not None:
            by_tag[box.day_share.tag].append((query_id, box.day_share))
        if box.window_share is not None:
            by_client[box.client][box.window_share.tag] = (box.window_share, box.window)
    texts: dict[UUID, str] = {}
    counts = []
    withheld = 0
    for parts in by_tag.values():
        text = recover([part for _, part in parts], k=options().k)
        if text is None:
            withheld += len(parts)
            continue
        texts |= dict.fromkeys((query_id for query_id, _ in parts), text)
        counts.append(
            QueryCount(
                day=day,
                text=text,
                clients=len({part.x for _, part in parts}),
                queries=len(parts),
                without_results=sum(boxes[id].facts.found is Found.NOTHING for id, _ in parts),
                nothing_close=sum(boxes[id].facts.found is Found.NOTHING_CLOSE for id, _ in parts),
            )
        )
    contributions = [
        WindowShare(window=window, share=part.pack())
        for shares in by_client.values()
        # A random choice, of no more texts for each client than the noise of a release is made for.
        for part, window in bounded(list(shares.values()), options().per_client)
    ]
    _chance.shuffle(contributions)
    return _DayCounts(texts, counts, withheld, contributions)


def _event_counts(day: int, texts: Mapping[UUID, str]) -> list[EventCount]:
    tally: Tally[tuple[str, str, str, int | None]] = Tally()
    for ids in chunks(texts):
        for event in LoggedEvent.objects.filter(query_id__in=ids):
            tally[texts[event.query_id], event.object_id, event.action_name, event.position] += 1
    return [
        EventCount(day=day, text=text, object_id=object_id, action_name=action, position=position, events=count)
        for (text, object_id, action, position), count in tally.items()
    ]


# --- Time limits --------------------------------------------------------------------------------


def expire() -> int:
    """Delete the rows and the keys whose time is over; returns how many rows."""
    moment = now()
    day_keys().sweep()
    window_keys().sweep()
    week_keys().sweep()
    tally_keys().sweep()
    rows = datetime.fromtimestamp(moment, tz=UTC) - timedelta(hours=options().rows_hours)
    days = day_keys().epoch(moment).number - options().counts_days
    # An hour's rows are as old as the hour's end.
    stale = [
        LoggedQuery.objects.filter(hour__lte=rows - timedelta(hours=1)),
        LoggedEvent.objects.filter(hour__lte=rows - timedelta(hours=1)),
        QueryCount.objects.filter(day__lt=days),
        EventCount.objects.filter(day__lt=days),
        SealedDay.objects.filter(day__lt=days),
        SealedWeek.objects.filter(week__lt=days // weeks.WEEK_DAYS),
        Counter.objects.filter(hour__lt=datetime.fromtimestamp(days * DAY_SECONDS, tz=UTC)),
        AuditEntry.objects.filter(at__lt=datetime.fromtimestamp(days * DAY_SECONDS, tz=UTC).isoformat()),
    ]
    return sum(queryset.delete()[0] for queryset in stale)


def tidy() -> None:
    """Seal, release and expire what is due. The schedule runs it, and so do processes that answer questions."""
    seal_due()
    weeks.seal_due()
    releasing.release_due()
    expire()
