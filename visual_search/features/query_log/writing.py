"""Writes a batch of rows in random order and in one transaction, so that the order and time of writing tell nothing."""

from __future__ import annotations

import random
from collections import Counter as Tally
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from visual_search.features.query_log.models import Counter, LoggedEvent, LoggedQuery
from visual_search.features.query_log.rows import Row
from visual_search.features.query_log.vocabulary import masked_all

_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written together. `tally` counts by hour and name."""

    rows: Sequence[Row]
    events: Sequence[LoggedEvent]
    tally: Mapping[tuple[datetime, str], int]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.rows or self.events or self.tally)

    @property
    def size(self) -> int:
        """How many rows and events it holds."""
        return len(self.rows) + len(self.events)

    @property
    def oldest(self) -> datetime:
        """The earliest hour of its rows, events and counts. Ask only a batch that isn't empty."""
        hours = [row.hour for row in self.rows] + [event.hour for event in self.events]
        return min(hours + [hour for hour, _ in self.tally])

    def without(self, query_ids: Collection[UUID]) -> Batch:
        """The batch without these questions and without the events of their answers."""
        rows = [row for row in self.rows if row.query_id not in query_ids]
        return replace(self, rows=rows, events=[event for event in self.events if event.query_id not in query_ids])


def write(batch: Batch) -> None:
    """Write the batch, in random order and one transaction."""
    rows, events = list(batch.rows), list(batch.events)
    _chance.shuffle(rows)
    _chance.shuffle(events)
    records = _records(rows)
    with transaction.atomic():
        LoggedQuery.objects.bulk_create(records)
        LoggedEvent.objects.bulk_create(events)
        for (hour, name), value in sorted(_coarse(batch.tally).items()):
            _add(hour, name, value)


def _coarse(tally: Mapping[tuple[datetime, str], int]) -> Tally[tuple[datetime, str]]:
    """The counts, those of languages by day: by the hour they would show when the only person who writes Icelandic comes."""
    coarse: Tally[tuple[datetime, str]] = Tally()
    for (hour, name), value in tally.items():
        coarse[hour.replace(hour=0) if name.startswith("language.") else hour, name] += value
    return coarse


def _records(rows: Sequence[Row]) -> list[LoggedQuery]:
    masked = masked_all([row.words for row in rows])
    return [
        LoggedQuery(
            query_id=row.query_id,
            hour=row.hour,
            day=row.day,
            masked=row.masked or text,
            closed=row.closed,
            **dict(row.values),
        )
        for row, text in zip(rows, masked, strict=True)
    ]


def _add(hour: datetime, name: str, value: int) -> None:
    Counter.objects.get_or_create(hour=hour, name=name)
    Counter.objects.filter(hour=hour, name=name).update(value=F("value") + value)
