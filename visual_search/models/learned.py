"""What was learned of a collection, how far its rebuild is, and what became of the last one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from visual_search.models.writing import patient

SILENCE = timedelta(minutes=10)  # longer than the slowest batch of pictures takes, by far


class LastRebuildQuerySet(models.QuerySet["LastRebuild"]):
    @patient
    def record(self, collection: str, **counts: Any) -> None:
        """This is what became of the collection's last rebuild."""
        self.update_or_create(collection=collection, defaults={"ended_at": timezone.now(), **counts})


class LastRebuild(models.Model):
    """What became of the last rebuild of a collection's index."""

    collection = models.CharField(_("collection"), max_length=64, unique=True)
    ended_at = models.DateTimeField(_("ended at"))
    taken = models.BooleanField(_("taken"), help_text=_("The new index is in use; else the earlier one stayed."))
    problem = models.TextField(_("problem"), blank=True, default="", help_text=_("Why the new index was not taken."))
    objects_read = models.PositiveIntegerField(_("objects read"), default=0)
    pictures = models.PositiveIntegerField(_("pictures"), default=0)
    warnings = models.PositiveIntegerField(_("warnings"), default=0)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    reasons = models.JSONField(_("reasons"), default=list, help_text=_("The first failures."))

    objects = LastRebuildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.collection}: {'taken' if self.taken else 'not taken'}, {self.ended_at:%Y-%m-%d %H:%M}"


class RunningRebuildQuerySet(models.QuerySet["RunningRebuild"]):
    @patient
    def begin(self, collection: str, total: int) -> None:
        """A rebuild of so many objects has begun. It takes the place of one that ended without a word."""
        now = timezone.now()
        values = {"started_at": now, "seen_at": now, "total": total, "done": 0}
        self.update_or_create(collection=collection, defaults=values)

    @patient
    def advance(self, collection: str, done: int) -> None:
        """So many objects have been read."""
        self.filter(collection=collection).update(done=done, seen_at=timezone.now())

    @patient
    def end(self, collection: str) -> None:
        """It isn't running any more; `LastRebuild` says what became of it."""
        self.filter(collection=collection).delete()


class RunningRebuild(models.Model):
    """How far the rebuild of a collection's index is. The row goes when it ends; one of a killed process stays behind."""

    collection = models.CharField(_("collection"), max_length=64, unique=True)
    started_at = models.DateTimeField(_("started at"))
    seen_at = models.DateTimeField(_("seen at"), help_text=_("When it last said how far it is."))
    total = models.PositiveIntegerField(_("total"), help_text=_("Objects at its begin."))
    done = models.PositiveIntegerField(_("done"), default=0, help_text=_("Objects read for the new index."))

    objects = RunningRebuildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.collection}: {self.done} of {self.total} objects"

    @property
    def silent(self) -> bool:
        """Whether it says nothing any more: its process was probably killed, and the earlier index is still in use."""
        return timezone.now() - self.seen_at > SILENCE

    @property
    def left(self) -> timedelta | None:
        """How long it will still take, if the rest goes as fast; None before the first objects."""
        if not self.done:
            return None
        each = (self.seen_at - self.started_at) / self.done
        return each * max(0, self.total - self.done)


class StoredCalibration(models.Model):
    """Which grade a cosine means in a collection (ranking/calibration.py), for one image space."""

    collection = models.CharField(_("collection"), max_length=64)
    fingerprint = models.CharField(_("fingerprint"), max_length=128)  # of the image space
    limits = models.JSONField(_("limits"))
    made_at = models.DateTimeField(_("made at"), auto_now=True)

    class Meta:
        verbose_name = _("calibration of grades")
        verbose_name_plural = _("calibrations of grades")
        constraints = [
            models.UniqueConstraint(fields=["collection", "fingerprint"], name="visual_search_calibration_space"),
        ]

    def __str__(self) -> str:
        return f"grades of {self.collection}"
