"""What was learned of a collection, and what became of its last rebuild."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from visual_search.models.writing import patient


class LastRebuildQuerySet(models.QuerySet["LastRebuild"]):
    @patient
    def record(self, collection: str, **counts: Any) -> None:
        """This is what became of the collection's last rebuild."""
        self.update_or_create(collection=collection, defaults={"ended_at": timezone.now(), **counts})


class LastRebuild(models.Model):
    """What became of the last rebuild of a collection's index."""

    collection = models.CharField(max_length=64, unique=True)
    ended_at = models.DateTimeField()
    taken = models.BooleanField(help_text="The new index is in use; else the earlier one stayed.")
    problem = models.TextField(blank=True, default="", help_text="Why the new index was not taken.")
    objects_read = models.PositiveIntegerField(default=0)
    pictures = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=list, help_text="The first failures.")

    objects = LastRebuildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.collection}: {'taken' if self.taken else 'not taken'}, {self.ended_at:%Y-%m-%d %H:%M}"


class StoredCalibration(models.Model):
    """Which grade a cosine means in a collection (ranking/calibration.py), for one image space."""

    collection = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=128)  # of the image space
    limits = models.JSONField()
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "calibration of grades"
        verbose_name_plural = "calibrations of grades"
        constraints = [
            models.UniqueConstraint(fields=["collection", "fingerprint"], name="visual_search_calibration_space"),
        ]

    def __str__(self) -> str:
        return f"grades of {self.collection}"
