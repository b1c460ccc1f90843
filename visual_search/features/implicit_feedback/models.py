"""What is kept of sealed days: how often each object was looked at and chosen. No question, no text, no shopper, and no day."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sums(models.Model):
    """Sums in which a day counts half for each half-life that it lies before `day`."""

    day = models.IntegerField()  # days since 1970: the last that was added
    browsers = models.FloatField(_("browsers"), default=0.0)  # of each day, added up: nobody is known again on the next
    looks = models.FloatField(_("looks"), default=0.0)  # times that it was probably looked at
    choices = models.FloatField(_("choices"), default=0.0)  # clicks, baskets and purchases, each with its weight

    class Meta:
        abstract = True


class ObjectFeedback(Sums):
    """An object that at least `K` browsers of a day saw among the hits of their questions."""

    collection = models.CharField(_("collection"), max_length=64)
    object_id = models.CharField(_("object"), max_length=200)

    class Meta:
        verbose_name = _("object and its choices")
        verbose_name_plural = _("objects and their choices")
        constraints = [
            models.UniqueConstraint(fields=["collection", "object_id"], name="visual_search_object_feedback")
        ]

    def __str__(self) -> str:
        return f"{self.collection} {self.object_id}"


class CollectionFeedback(Sums):
    """The sums of all those objects. `curve`: the log-likelihood of the clicks for each steepness in `places.STEPS`."""

    collection = models.CharField(max_length=64, primary_key=True)
    curve = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.collection
