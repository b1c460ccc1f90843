"""When some process last worked with what made stored rows, and rows that can be made again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone

from visual_search.models.writing import CHUNK, patient


class MakerUseQuerySet(models.QuerySet["MakerUse"]):
    @patient
    def note(self, makers: Iterable[str]) -> None:
        """Note that these makers are used now."""
        now = timezone.now()
        self.bulk_create(
            [MakerUse(maker=maker, used_at=now) for maker in sorted(set(makers))],  # type: ignore[misc]
            update_conflicts=True,
            unique_fields=["maker"],
            update_fields=["used_at"],
        )

    @patient
    def note_unknown(self, makers: Iterable[str]) -> None:
        """Note that makers without a row are used now: nobody has said when they were used last."""
        now = timezone.now()
        self.bulk_create(
            [MakerUse(maker=maker, used_at=now) for maker in sorted(set(makers))],  # type: ignore[misc]
            ignore_conflicts=True,
        )


class MakerUse(models.Model):
    """When some process last worked with what made stored rows: a space's fingerprint, or a `PictureSight.maker`."""

    maker = models.CharField(max_length=200, unique=True)
    used_at = models.DateTimeField()

    objects = MakerUseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.maker}, last used {self.used_at:%Y-%m-%d}"


class MadeRows(models.QuerySet[Any]):
    """Rows that can be made again."""

    @patient
    def drop_after(self, pk: int) -> tuple[int, int]:
        """Delete the first `CHUNK` of these rows behind this primary key; how many, and the last one's key."""
        pks = list(self.filter(pk__gt=pk).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if pks:
            self.model._base_manager.using(self.db).filter(pk__in=pks).delete()
        return len(pks), pks[-1] if pks else pk
