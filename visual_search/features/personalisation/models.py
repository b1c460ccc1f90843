"""One vector an object, so that hundreds of objects can be compared within milliseconds. About products, never shoppers."""

from __future__ import annotations

from django.db import models


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
