"""Keeps a batch that couldn't be written in memory, masked, and writes it when the database is back."""

from __future__ import annotations

import logging
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import InterfaceError, OperationalError

from visual_search.features.query_log.options import day_keys, now
from visual_search.features.query_log.rows import Row, hour_of
from visual_search.features.query_log.vocabulary import masked_by_memory
from visual_search.features.query_log.writing import Batch
from visual_search.privacy.keys import GRACE_SECONDS

logger = logging.getLogger(__name__)

MOST_KEPT = 10_000  # rows and events together; about 10 MB
RETRY_SECONDS = 60.0  # between two tries, so that not every question waits for a database that is down


class Retrying:
    """Writes batches and keeps those that fail. For one thread at a time.

    While the database can't be reached, batches wait. A batch that the database refuses is tried once more and then given
    up, because the fault is in the batch. Kept rows hold no words as they were typed, and they are dropped together with
    their day's key: before that their pseudonyms let a client take them back, and after it nothing may tie them together.
    """

    def __init__(self, write: Callable[[Batch], None]) -> None:
        self._write = write
        self._kept: list[tuple[Batch, bool]] = []  # with whether the database has refused it before
        # Counts of batches that were given up, and how many rows and events these held: written with the next batch.
        self._owed: Tally[tuple[datetime, str]] = Tally()
        self._failed_at = 0.0

    @property
    def is_due(self) -> bool:
        """Whether something waits and the last failure is long enough ago."""
        return bool(self._kept or self._owed) and not RETRY_SECONDS > now() - self._failed_at >= 0

    @property
    def size(self) -> int:
        """How many rows and events are kept."""
        return sum(batch.size for batch, _ in self._kept)

    def write(self, batch: Batch | None = None) -> int:
        """Write what was kept, then this batch; returns how many rows were written. Of an error, only its kind is logged."""
        left, written = self._due(batch), 0
        while left:
            one, refused = left.pop(0)
            try:
                self._write(one)
            except (OperationalError, InterfaceError) as problem:
                # The other batches would fail in the same way, each after the same wait.
                for waiting, before in [(one, refused), *left]:
                    self._keep(waiting, refused=before)
                left = []
                self._say(problem)
            except Exception as problem:
                if refused or not one.size:
                    self._give_up(one)
                else:
                    self._keep(one, refused=True)
                self._say(problem)
            else:
                written += len(one.rows)
        return written

    @property
    def rows(self) -> Iterator[Row]:
        """The rows that are kept."""
        return (row for batch, _ in self._kept for row in batch.rows)

    def drop(self, query_ids: Collection[UUID]) -> None:
        """Forget these questions and what was done with their answers."""
        self._kept = [(batch.without(query_ids), refused) for batch, refused in self._kept]

    def _due(self, batch: Batch | None) -> list[tuple[Batch, bool]]:
        kept, self._kept = self._kept, []
        due = []
        for one, refused in kept:
            if _lives(one):
                due.append((one, refused))
            else:
                self._give_up(one, counts=True)
        if batch is not None and not batch.empty:
            due.append((batch, False))
        if self._owed:
            due.append((Batch((), (), self._owed), False))
            self._owed = Tally()
        return due

    def _keep(self, batch: Batch, *, refused: bool) -> None:
        self._failed_at = now()
        if not batch.size or self.size + batch.size > MOST_KEPT:
            self._give_up(batch, counts=True)
            return
        texts = masked_by_memory([row.words for row in batch.rows])
        rows = [replace(row, words="", masked=row.masked or text) for row, text in zip(batch.rows, texts, strict=True)]
        self._kept.append((replace(batch, rows=rows), refused))

    def _give_up(self, batch: Batch, *, counts: bool = False) -> None:
        """Drop this batch, and count it as dropped. `counts`: its counts are written with the next batch. They are not where the
        database refused the batch, because it may have refused the counts.
        """
        if counts:
            self._owed.update(batch.tally)
        if batch.size:
            self._owed[hour_of(now()), "dropped"] += batch.size

    def _say(self, problem: Exception) -> None:
        # Only the kind of error is logged: a database's message may quote the values that it was given.
        kind = type(problem).__name__
        logger.warning("The query log couldn't be written (%s); %d rows and events wait.", kind, self.size)


def _lives(batch: Batch) -> bool:
    """Whether the key of the batch's oldest day may still exist."""
    return day_keys().epoch(batch.oldest.timestamp()).number >= day_keys().epoch(now() - GRACE_SECONDS).number
