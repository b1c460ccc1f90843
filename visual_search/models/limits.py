"""How much of a limit is used up, counted by the database so that all processes count together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models

SWEEP_SECONDS, SKEW_SECONDS = 60.0, 60.0


class SpentQuerySet(models.QuerySet["Spent"]):
    _swept: ClassVar[float] = 0.0

    def spend(self, bucket: str, cost: int, limit: int, *, now: float, until: float) -> int | None:
        """What is used of the limit with this; None, and nothing is counted, where it would be more than the limit.

        The database compares and adds in one statement, so requests at the same moment can't take the same place. What is read
        first only says how much is left. `until`: when the bucket ends, as `now` in seconds since 1970.
        """
        mine = self.filter(bucket=bucket)
        used = mine.values_list("used", flat=True).first()
        if used is None:
            used = 0
            self._sweep(now)
            self.bulk_create([Spent(bucket=bucket, until=datetime.fromtimestamp(until, UTC))], ignore_conflicts=True)  # type: ignore[list-item]
        if not mine.filter(used__lte=limit - cost).update(used=models.F("used") + cost):
            return None
        return used + cost

    def _sweep(self, now: float) -> None:
        """Delete what is over. A row begins with each bucket, so that is when one looks, but not each time."""
        if not 0 <= now - SpentQuerySet._swept < SWEEP_SECONDS:
            SpentQuerySet._swept = now
            # The clock of another host may be a little behind, and its buckets are still counted then.
            self.filter(until__lt=datetime.fromtimestamp(now - SKEW_SECONDS, UTC)).delete()


class Spent(models.Model):
    """A bucket: one limit, of one who asks, in one stretch of time. Its name is a keyed hash, and leads to nobody."""

    bucket = models.CharField(max_length=32, unique=True)
    used = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)

    objects = SpentQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.used} until {self.until:%H:%M:%S}"
