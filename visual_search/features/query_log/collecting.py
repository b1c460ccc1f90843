"""The journey of the log: from an answered question to its row in the table.

A question becomes a row (`Buffer.question`). Rows wait in memory until there are enough to hide among, or their hour is over
(`flush_if_due`); then they are written in random order, so that order and time of writing tell nothing. A thread writes them,
so that no shopper waits, and writes the rest when the process ends. What can't be written waits for the database (`retrying`).
Rows that wait are lost if the process is killed: they are few, and a log on disk would keep them in order.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter as Tally
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from visual_search.features.query_log.background import Background
from visual_search.features.query_log.models import LoggedEvent
from visual_search.features.query_log.options import Mode, day_keys, now, options, week_keys, window_keys
from visual_search.features.query_log.retrying import Retrying
from visual_search.features.query_log.rows import Keys, Row, counter_of, hour_of, kind_of, row_of, took_of
from visual_search.features.query_log.sealing import tidy
from visual_search.features.query_log.writing import Batch, write
from visual_search.privacy.keys import KeyGone
from visual_search.privacy.pseudonyms import pseudonym
from visual_search.types import Page, Query

ROWS_TO_HIDE_AMONG = 50  # So many are written together. Fewer wait until their hour is over.
MOST_WAITING = 5_000  # rows, and as many events: about 10 MB
TIDY_SECONDS = 600.0  # Each look at what is due costs some queries.
ACTIONS = ("impression", "click", "view", "basket", "purchase")

logger = logging.getLogger(__name__)


class Buffer:
    """The rows, events and counts of one process that wait to be written. Thread-safe."""

    def __init__(self, write: Callable[[Batch], None] = write) -> None:
        self._write = write
        self.start_afresh()

    def start_afresh(self) -> None:
        """Hold nothing. A forked process begins so: its parent writes what waited, and threads of the parent may hold locks."""
        self._tidied = 0.0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._retrying = Retrying(self._write)
        self._background = Background(self.finish, pause=TIDY_SECONDS, name="query-log")
        self._rows: list[Row] = []
        self._events: list[LoggedEvent] = []
        self._tally: Tally[tuple[datetime, str]] = Tally()

    def question(self, query: Query, page: Page, *, material: str, opted_out: bool) -> None:
        """Note an answered question, as far as the shop's mode and the client's wish allow."""
        mode = options().mode
        if mode is Mode.OFF:
            return
        moment = now()
        row = None
        if mode is Mode.ANONYMOUS and not opted_out and material:
            day, window = day_keys().current(), window_keys().current()
            week_key = week_keys().current()[1] if options().weeks else None
            keys = Keys(*day, *window, week_key)
            row = row_of(query, page, material=material, keys=keys, options=options(), now=moment)
        with self._lock:
            self._count(moment, query, page)
            if row is not None and self._has_room(self._rows, moment):
                self._rows.append(row)
        self._go_on()

    def wants_events(self, *, opted_out: bool) -> bool:
        """Whether the shop and the client allow to note events."""
        return options().mode is Mode.ANONYMOUS and not opted_out

    def event(self, query_id: UUID, action: str, object_id: str, *, position: int | None, opted_out: bool) -> None:
        """Note what was done with an answer; nothing if the shop or the client doesn't allow it."""
        if not self.wants_events(opted_out=opted_out):
            return
        moment = now()
        hour = hour_of(moment)
        with self._lock:
            self._tally[hour, f"events.{action}"] += 1
            if self._has_room(self._events, moment):
                self._events.append(
                    LoggedEvent(
                        query_id=query_id, action_name=action, object_id=object_id, position=position, hour=hour
                    )
                )
        self._go_on()

    def unknown_objects(self, count: int) -> None:
        """Count events on objects that the shop doesn't have, so that a page which sends wrong ids is noticed."""
        with self._lock:
            self._tally[hour_of(now()), "events.unknown"] += count
        self._go_on()

    def tidied_at(self, moment: float) -> None:
        """Treat everything as tidied at this moment; the next look comes TIDY_SECONDS later."""
        self._tidied = moment

    def flush_if_due(self) -> int:
        """Write if there are enough rows to hide among, or if the hour of the oldest is over; returns how many were written."""
        if self._is_due():
            written = self.flush()
        elif self._retrying.is_due:
            # Only what failed before: the rows that came since are too few to hide among.
            with self._writing:
                written = self._retrying.write()
        else:
            written = 0
        # Time limits hold without a schedule, too.
        if self._is_untidy():
            self.tidied_at(now())
            tidy()
        return written

    def flush(self) -> int:
        """Write all that waits; returns how many rows were written. What can't be written keeps waiting.

        Only the end of the process and tests call this directly: it doesn't wait for rows to hide among.
        """
        with self._writing:
            with self._lock:
                batch = self._take_all()
            return self._retrying.write(batch)

    def _take_all(self) -> Batch:
        taken = Batch(self._rows, self._events, self._tally)
        self._rows, self._events, self._tally = [], [], Tally()
        return taken

    def finish(self) -> None:
        """One turn of the thread. At the end of the process it writes all that waits, however little."""
        if self._background.ending:
            self.flush()
            if lost := self._retrying.size:
                logger.error("%d rows and events of the query log are lost with this process.", lost)
        else:
            self.flush_if_due()

    def end(self) -> None:
        """Stop the thread after it has written all that waits."""
        self._background.end()

    def take_back(self, material: str) -> int:
        """Drop this client's waiting rows and their events; returns how many rows. A batch that is being written meanwhile is
        in the table when this returns, so look there afterwards.
        """
        clients = set(pseudonyms_now(material).values())
        with self._writing, self._lock:
            rows = [*self._rows, *self._retrying.rows]
            mine = {row.query_id for row in rows if row.client in clients}
            self._drop(mine)
        return len(mine)

    def forget(self, query_ids: Collection[UUID]) -> None:
        """Drop the rows and events of these questions that wait."""
        with self._writing, self._lock:
            self._drop(query_ids)

    def _drop(self, query_ids: Collection[UUID]) -> None:
        left = Batch(self._rows, self._events, {}).without(query_ids)
        self._rows, self._events = list(left.rows), list(left.events)
        self._retrying.drop(query_ids)

    def _go_on(self) -> None:
        if not options().in_background:
            self.flush_if_due()
        elif self._is_due() or self._retrying.is_due or self._is_untidy():
            self._background.wake()
        else:
            self._background.start()

    def _is_due(self) -> bool:
        this_hour = hour_of(now())
        with self._lock:
            if max(len(self._rows), len(self._events)) >= ROWS_TO_HIDE_AMONG:
                return True
            # Hours never go back, so the first of each kind is the oldest.
            oldest = [waiting[0].hour for waiting in (self._rows, self._events) if waiting]
            return any(hour < this_hour for hour in [*oldest, *(hour for hour, _ in self._tally)])

    def _is_untidy(self) -> bool:
        return not TIDY_SECONDS > now() - self._tidied >= 0

    def _has_room(self, waiting: Sequence[object], moment: float) -> bool:
        """Whether one more may wait; counts it as dropped if not. Memory would fill up while the database is away."""
        if len(waiting) < MOST_WAITING:
            return True
        self._tally[hour_of(moment), "dropped"] += 1
        return False

    def _count(self, moment: float, query: Query, page: Page) -> None:
        hour = hour_of(moment)
        names = ["queries", f"queries.{kind_of(query)}", f"took.{took_of(page.took_ms)}"]
        names += ["with_words"] if query.words.strip() else []
        names += [counter_of(page.found)]
        names += [f"language.{page.language}"] if page.language else []
        names += [f"degraded.{name}"[:60] for name in page.degraded]
        for name in names:
            self._tally[hour, name] += 1


def pseudonyms_now(material: str) -> dict[int, bytes]:
    """This client's pseudonym on each day whose key still exists."""
    today, _ = day_keys().current()
    pseudonyms = {}
    for day in (today.number - 1, today.number):
        with suppress(KeyGone):
            pseudonyms[day] = pseudonym(day_keys().key(day), site=options().site, client=material)
    return pseudonyms


buffer = Buffer()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=buffer.start_afresh)
