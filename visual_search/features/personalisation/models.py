"""A vector for each product, so that hundreds can be compared within milliseconds; and copies of memories, for accounts."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ItemVector(models.Model):
    """What an object looks like and is called, as one unit vector. `version` is that of its index entry."""

    collection = models.CharField(max_length=64)
    object_id = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=40)  # of the encoder's spaces: vectors of two encoders don't compare
    version = models.BigIntegerField()
    category = models.CharField(max_length=500, blank=True)
    vector = models.BinaryField()  # float16, little endian; empty where the object has neither picture nor title

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "object_id"], name="visual_search_item_vector"),
        ]

    def __str__(self) -> str:
        return f"{self.collection} {self.object_id}"


class ItemSpread(models.Model):
    """How far unrelated objects lie apart. It is measured when vectors are made: the first search of a process can't wait."""

    collection = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=40)
    spread = models.FloatField()
    stamp = models.UUIDField(default=uuid4)  # new after each refresh that made or dropped a vector

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "fingerprint"], name="visual_search_item_spread"),
        ]

    def __str__(self) -> str:
        return f"{self.collection} {self.spread:.3f}"


class AccountMemory(models.Model):
    """A sealed copy of what a shopper's devices remember, for those who asked for it. Only its owner's pages read it: with a
    search, the device itself sends what it remembers.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True)
    sealed = models.TextField()
    since = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        verbose_name_plural = _("account memories")

    def __str__(self) -> str:
        return f"memory of user {self.pk}"
