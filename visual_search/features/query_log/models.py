"""What the log keeps. No row has an account, address, browser, referrer, picture, vector, or text as it was typed.

Names are those of OpenSearch's UBI 1.3, if it has one (query_id, object_id, action_name, position). Keys are random: numbers
that count up would give away the order of rows.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class LoggedQuery(models.Model):
    """One question, with its hour. The box `closed` ties it to a client until the day's key is destroyed; then it is noise."""

    query_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    hour = models.DateTimeField(db_index=True)
    day = models.IntegerField(db_index=True)  # UTC days since 1970: which day's key closed it
    application = models.CharField(max_length=50)
    collection = models.CharField(max_length=64)
    language = models.CharField(max_length=10, blank=True)
    kind = models.CharField(max_length=10)  # text, image, hybrid, similar, browse
    results = models.CharField(max_length=10)  # a bucket, such as "10-99"
    took = models.CharField(max_length=10)  # a bucket, such as "<300ms"
    object_ids = models.JSONField(default=list)  # the first ten
    masked = models.TextField(blank=True)  # only words that the catalogue uses
    text = models.TextField(blank=True)  # filled when the day is sealed, if enough clients typed it
    closed = models.BinaryField(default=b"")

    class Meta:
        verbose_name_plural = _("logged queries")

    def __str__(self) -> str:
        return str(self.query_id)


class LoggedEvent(models.Model):
    """What was done with an answer: impression, click, view, basket, purchase. It leads to its question, and no further."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    query_id = models.UUIDField(db_index=True)
    action_name = models.CharField(max_length=20)
    object_id = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(null=True)
    hour = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.action_name} {self.object_id}"


class Counter(models.Model):
    """Rates for operators: how many questions, of what kind, with how many results. No text, no client."""

    hour = models.DateTimeField()
    name = models.CharField(max_length=60)
    value = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "name"], name="visual_search_query_log_counter_hour")]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class SealedDay(models.Model):
    """A day whose rows were opened for the last time, and how much stayed unreadable."""

    day = models.IntegerField(primary_key=True)
    readable = models.PositiveIntegerField(default=0)  # different texts
    withheld = models.PositiveIntegerField(default=0)  # questions whose text stays unreadable
    lost = models.PositiveIntegerField(default=0)  # rows whose key was gone before they could be counted

    def __str__(self) -> str:
        return str(self.day)


class QueryCount(models.Model):
    """A text that at least k clients typed on one day. For staff only: k-anonymity isn't private enough for the public."""

    day = models.IntegerField()
    text = models.TextField()
    clients = models.PositiveIntegerField()
    queries = models.PositiveIntegerField()
    without_results = models.PositiveIntegerField()
    nothing_close = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "text"], name="visual_search_query_log_query_count")]

    def __str__(self) -> str:
        return f"{self.text} {self.clients}"


class EventCount(models.Model):
    """How often an action was done on an object after a readable text, by position. For staff only."""

    day = models.IntegerField()
    text = models.TextField()
    object_id = models.CharField(max_length=200)
    action_name = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(null=True)
    events = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.action_name} {self.object_id} {self.events}"


class WindowShare(models.Model):
    """What one client of one day adds to one text in a window: readable only together with many others, tied to nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    window = models.IntegerField(db_index=True)
    share = models.BinaryField()

    def __str__(self) -> str:
        return str(self.id)


class SealedWeek(models.Model):
    """A week (of days since 1970) whose texts were read for the last time, and how many questions stayed unreadable."""

    week = models.IntegerField(primary_key=True)
    readable = models.PositiveIntegerField(default=0)  # different texts
    withheld = models.PositiveIntegerField(default=0)  # questions

    def __str__(self) -> str:
        return str(self.week)


class WeekShare(models.Model):
    """What one client of one day adds to one text of a week: readable only together with those of many clients."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    week = models.IntegerField(db_index=True)
    share = models.BinaryField()
    queries = models.PositiveIntegerField()
    without_results = models.PositiveIntegerField()
    nothing_close = models.PositiveIntegerField()

    def __str__(self) -> str:
        return str(self.id)


class WindowTally(models.Model):
    """What the client-days of a window have asked about so far, by category, seen label and product. A box holds the numbers
    until the window is over: before noise is added they are too exact to lie open.
    """

    window = models.IntegerField(primary_key=True)
    closed = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return str(self.window)


class LedgerEntry(models.Model):
    """What one public list has cost its window. No list is stored without its entry, and none is ever taken back."""

    window = models.IntegerField()
    window_days = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=20)  # of what: texts, products, categories
    epsilon = models.CharField(max_length=30)  # exact, as a fraction
    delta = models.CharField(max_length=40)
    per_client = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "name"], name="visual_search_query_log_list_once")]
        verbose_name_plural = _("ledger of public lists")

    def __str__(self) -> str:
        return f"{self.name} {self.window}"


class PublicRelease(models.Model):
    """One differentially private list of a window, with all that is needed to judge it. It is never made twice."""

    entry = models.OneToOneField(LedgerEntry, primary_key=True, on_delete=models.PROTECT, related_name="release")
    # Of texts alone: public keys need neither.
    readable_from = models.PositiveSmallIntegerField(null=True)
    threshold = models.PositiveIntegerField(null=True)
    counts = models.JSONField()  # key -> noisy count, which may be below 0 for public keys

    def __str__(self) -> str:
        return str(self.entry)


class AuditEntry(models.Model):
    """Who looked at or took out what, and when keys were destroyed. Each entry seals the one before (`audit`)."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.CharField(max_length=40)  # ISO 8601 as it was hashed; a database might write a time differently
    actor = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)  # numbers and names, never what was seen
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


class SearchReport(SealedDay):
    """The staff page about searches; it has no table of its own."""

    class Meta:
        proxy = True
        verbose_name_plural = _("search report")


class VocabularyWord(models.Model):
    """A word of the published catalogue."""

    word = models.CharField(max_length=60, primary_key=True)

    def __str__(self) -> str:
        return self.word
