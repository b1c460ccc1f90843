"""What is kept of sealed days: counts, each of which at least `K` clients stand behind. No question, and no text of fewer than
the query log lets staff read.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class FoldedDay(models.Model):
    """A day (UTC) whose questions were counted."""

    day = models.IntegerField(primary_key=True)  # days since 1970
    questions = models.PositiveIntegerField(default=0)  # that were told one by one
    clients = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # of all questions by name, those of shoppers who want no row among them

    class Meta:
        verbose_name = _("search insights")
        verbose_name_plural = _("search insights")

    def __str__(self) -> str:
        return str(self.day)


class Figures(models.Model):
    """What is counted of questions."""

    questions = models.PositiveIntegerField(default=0)
    clients = models.PositiveIntegerField(default=0)  # of that day
    nothing = models.PositiveIntegerField(default=0)
    nothing_close = models.PositiveIntegerField(default=0)
    few = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)  # questions after which something was clicked
    clicks = models.PositiveIntegerField(default=0)
    reciprocal = models.FloatField(default=0.0)  # 1 / place of the best clicked hit, added up over these questions
    baskets = models.PositiveIntegerField(default=0)
    purchases = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class DayFact(Figures):
    """The questions of a day that share a value: a kind, a language, a category of the best hits, a thing seen in the photo,
    a facet, a refinement. The value "" holds those that too few clients share.
    """

    day = models.IntegerField()
    dimension = models.CharField(max_length=20)
    value = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "dimension", "value"], name="visual_search_insights_day_fact")
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}: {self.questions}"


class DayText(Figures):
    """A text that the query log lets staff read, with the collection and language in which it was asked most often."""

    day = models.IntegerField()
    collection = models.CharField(max_length=64)
    language = models.CharField(max_length=10, blank=True)
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "collection", "language", "text"], name="visual_search_insights_day_text"
            )
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.questions}"


class WeekText(models.Model):
    """A text that enough clients typed within a week, however few on each of its days."""

    day = models.IntegerField()  # the first
    text = models.TextField()
    clients = models.PositiveIntegerField()
    questions = models.PositiveIntegerField()
    nothing = models.PositiveIntegerField()
    nothing_close = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "text"], name="visual_search_insights_week_text")]

    def __str__(self) -> str:
        return f"{self.text}: {self.questions}"


class DayHit(models.Model):
    """An object in the answers of a day: after a readable text, or after any question (text "")."""

    day = models.IntegerField()
    collection = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    object_id = models.CharField(max_length=200)
    clients = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)  # how often it came into view
    on_top = models.PositiveIntegerField(default=0)  # how often it stood among the first three
    clicks = models.PositiveIntegerField(default=0)
    deep = models.PositiveIntegerField(default=0)  # clicks far down

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "collection", "text", "object_id"], name="visual_search_insights_day_hit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.object_id}: {self.seen}"


class DayStep(models.Model):
    """How often a step of the search took how long. `counts`: milliseconds in two digits -> questions."""

    day = models.IntegerField()
    step = models.CharField(max_length=60)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "step"], name="visual_search_insights_day_step")]

    def __str__(self) -> str:
        return self.step


class CatalogueCheck(models.Model):
    """What the last look through a collection found."""

    collection = models.CharField(max_length=64, primary_key=True)
    made_at = models.DateTimeField(auto_now=True)
    objects_read = models.PositiveIntegerField(default=0)
    languages = models.JSONField(default=dict)  # language -> objects with a text in it
    findings = models.JSONField(default=dict)  # what is wrong -> {"count": how many, "ids": the first of them}

    def __str__(self) -> str:
        return self.collection


class Wanted(models.Model):
    """Something that shoppers ask for: words, or a thing in photos. What staff have decided about it."""

    collection = models.CharField(_("collection"), max_length=64, default="products")
    words = models.CharField(
        _("words"), max_length=200, help_text=_("What was asked, or what a thing in a photo is called.")
    )
    language = models.CharField(_("language"), max_length=10, blank=True)
    note = models.TextField(_("note"), blank=True)
    decided_at = models.DateTimeField(_("decided at"), auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        verbose_name=_("decided by"),
        related_name="+",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.words


class NotSold(Wanted):
    """The shop doesn't sell it and won't. It no longer stands in the list of what wasn't found."""

    class Meta:
        verbose_name = _("not sold here")
        verbose_name_plural = _("not sold here")
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "language", "words"], name="visual_search_insights_not_sold_words"
            )
        ]


class Purchase(Wanted):
    """Whoever buys for the shop should look at it."""

    bought = models.BooleanField(_("bought"), default=False, help_text=_("Somebody has decided and ordered it."))

    class Meta:
        verbose_name = _("purchase list entry")
        verbose_name_plural = _("purchase list")
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "language", "words"], name="visual_search_insights_purchase_words"
            )
        ]
