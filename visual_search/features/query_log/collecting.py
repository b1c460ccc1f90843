"""Rows wait in memory, are shuffled, and are written many at once: order and time of writing tell nothing.

What waits is lost when the process ends; that is the price, and it is small.
"""

from __future__ import annotations

import random
import threading
from collections import Counter as Tally
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from visual_search.features.query_log.models import Counter, LoggedEvent, LoggedQuery
from visual_search.features.query_log.options import Mode, day_keys, now, options, window_keys
from visual_search.features.query_log.rows import Keys, Row, hour_of, kind_of, row_of, took_of
from visual_search.features.query_log.sealing import tidy
from visual_search.features.query_log.vocabulary import masked_all
from visual_search.privacy.keys import KeyGone
from visual_search.privacy.pseudonyms import pseudonym
from visual_search.types import Page, Query

ENOUGH = 50  # rows to hide among; a part-filled buffer waits for the end of its hour
TIDY_SECONDS = 600.0
ACTIONS = ("impression", "click", "view", "basket", "purchase")

_chance = random.SystemRandom()


class Buffer:
    """One process's waiting rows, events and counters. Thread-safe."""

    def __init__(self) -> None:
        self._tidied = 0.0
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> tuple[list[Row], list[LoggedEvent], Tally[tuple[datetime, str]]]:
        taken = (self._rows, self._events, self._tally) if hasattr(self, "_rows") else ([], [], Tally())
        self._rows: list[Row] = []
        self._events: list[LoggedEvent] = []
        self._tally: Tally[tuple[datetime, str]] = Tally()
        return taken

    def question(self, query: Query, page: Page, *, material: str, opted_out: bool) -> None:
        """Note an answered question as the shop's mode and the client's wish allow."""
        mode = options().mode
        if mode is Mode.OFF:
            return
        moment = now()
        row = None
        if mode is Mode.ANONYMOUS and not opted_out and material:
            day, window = day_keys().current(), window_keys().current()
            row = row_of(query, page, material=material, keys=Keys(*day, *window), options=options(), now=moment)
        with self._lock:
            self._count(moment, query, page)
            if row is not None:
                self._rows.append(row)
        self.flush_if_due()

    def event(self, query_id: UUID, action: str, object_id: str, *, position: int | None, opted_out: bool) -> None:
        """Note what was done with an answer. Nothing is kept where the client or the shop doesn't want it."""
        if options().mode is not Mode.ANONYMOUS or opted_out:
            return
        moment = now()
        hour = hour_of(moment)
        with self._lock:
            self._tally[hour, f"events.{action}"] += 1
            self._events.append(
                LoggedEvent(
                    query_id=query_id, action_name=action, object_id=object_id[:200], position=position, hour=hour
                )
            )
        self.flush_if_due()

    def tidied_at(self, moment: float) -> None:
        """Take it that everything was tidied then; the next look comes TIDY_SECONDS later."""
        self._tidied = moment

    def flush_if_due(self) -> int:
        """Write when there are enough to hide among, or when the hour of the oldest is over; returns how many rows."""
        this_hour = hour_of(now())
        with self._lock:
            waiting = [row.hour for row in self._rows] + [event.hour for event in self._events]
            waiting += [hour for hour, _ in self._tally]
            due = len(self._rows) >= ENOUGH or len(self._events) >= ENOUGH or any(h < this_hour for h in waiting)
        written = self.flush() if due else 0
        # So that time limits hold without a schedule, too. Not more often: each look costs some queries.
        if not TIDY_SECONDS > now() - self._tidied >= 0:
            self.tidied_at(now())
            tidy()
        return written

    def flush(self) -> int:
        """Write all that waits, in random order; returns how many rows. Only the schedule and tests call it directly."""
        with self._lock:
            rows, events, tally = self._clear()
        _chance.shuffle(rows)
        _chance.shuffle(events)
        with transaction.atomic():
            LoggedQuery.objects.bulk_create(_records(rows))
            LoggedEvent.objects.bulk_create(events)
            for (hour, name), value in sorted(_coarse(tally).items()):
                _add(hour, name, value)
        return len(rows)

    def take_back(self, material: str) -> int:
        """Drop this client's waiting rows; returns how many."""
        clients = set(pseudonyms_now(material).values())
        with self._lock:
            before = len(self._rows)
            self._rows = [row for row in self._rows if row.client not in clients]
            return before - len(self._rows)

    def _count(self, moment: float, query: Query, page: Page) -> None:
        hour = hour_of(moment)
        names = ["queries", f"queries.{kind_of(query)}", f"took.{took_of(page.took_ms)}"]
        names += ["with_words"] if query.words.strip() else []
        names += ["without_results"] if page.total == 0 else []
        names += [f"language.{page.language}"] if page.language else []
        names += [f"degraded.{name}"[:60] for name in page.degraded]
        for name in names:
            self._tally[hour, name] += 1


def _coarse(tally: Tally[tuple[datetime, str]]) -> Tally[tuple[datetime, str]]:
    """Languages by day: the one person who writes Icelandic shouldn't be seen coming and going by the hour."""
    found: Tally[tuple[datetime, str]] = Tally()
    for (hour, name), value in tally.items():
        found[hour.replace(hour=0) if name.startswith("language.") else hour, name] += value
    return found


def pseudonyms_now(material: str) -> dict[int, bytes]:
    """This client's pseudonym of each day whose key still lives."""
    today, _ = day_keys().current()
    found = {}
    for day in (today.number - 1, today.number):
        with suppress(KeyGone):
            found[day] = pseudonym(day_keys().key(day), site=options().site, client=material)
    return found


def _records(rows: Sequence[Row]) -> list[LoggedQuery]:
    masked = masked_all([row.words for row in rows])
    return [
        LoggedQuery(
            query_id=row.query_id, hour=row.hour, day=row.day, masked=text, closed=row.closed, **dict(row.values)
        )
        for row, text in zip(rows, masked, strict=True)
    ]


def _add(hour: datetime, name: str, value: int) -> None:
    Counter.objects.get_or_create(hour=hour, name=name)
    Counter.objects.filter(hour=hour, name=name).update(value=F("value") + value)


buffer = Buffer()
