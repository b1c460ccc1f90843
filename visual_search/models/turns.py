"""Which process does what only one shall do at a time."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from visual_search.models.writing import patient


class TurnQuerySet(models.QuerySet["Turn"]):
    @patient
    def take(self, name: str, owner: str, lasts: timedelta) -> bool:
        """Whether the owner has the turn from now on, for so long; it takes it again before that is over.

        A turn that was neither given back nor taken again, because its process was killed, is free when it is over.
        """
        now = timezone.now()
        free = models.Q(owner=owner) | models.Q(until__lte=now)
        if self.filter(free, name=name).update(owner=owner, until=now + lasts):
            return True
        return self.get_or_create(name=name, defaults={"owner": owner, "until": now + lasts})[1]

    @patient
    def give_back(self, name: str, owner: str) -> None:
        self.filter(name=name, owner=owner).delete()


class Turn(models.Model):
    """The process that has the turn now. `owner`: a name that it made up for itself."""

    name = models.CharField(max_length=64, unique=True)
    owner = models.CharField(max_length=36)
    until = models.DateTimeField()

    objects = TurnQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} until {self.until:%H:%M:%S}"
