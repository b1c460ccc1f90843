"""What may be suggested of each collection while somebody types: phrases of its titles, brands, categories."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from visual_search.models.writing import CHUNK, patient

LONGEST_PHRASE = 200  # characters; who types doesn't read a longer line


class StoredPhraseQuerySet(models.QuerySet["StoredPhrase"]):
    @patient
    def add(self, phrases: Iterable[StoredPhrase]) -> None:
        """Those that aren't there yet."""
        self.bulk_create(phrases, ignore_conflicts=True, batch_size=CHUNK)  # type: ignore[arg-type]

    @patient
    def renew(self, collection: str, phrases: Iterable[StoredPhrase]) -> None:
        """These are the collection's phrases, and no others. All have new keys, by which other processes notice it."""
        with transaction.atomic(using=self.db):
            self.filter(collection=collection).delete()
            # A database that ignores case would refuse the second of "IKEA" and "Ikea".
            self.bulk_create(list(phrases), ignore_conflicts=True, batch_size=CHUNK)  # type: ignore[arg-type]


class StoredPhrase(models.Model):
    """A phrase of a collection. `objects_having` is as of the last rebuild; a new category has 1."""

    collection = models.CharField(max_length=64)
    is_category = models.BooleanField(default=False, help_text=_("Its text is the path of a category."))
    language = models.CharField(max_length=16, blank=True, help_text=_("Empty for brands and categories."))
    text = models.CharField(max_length=LONGEST_PHRASE)
    plain = models.TextField(help_text=_("As it is compared with what is typed."))
    objects_having = models.PositiveIntegerField(default=1)

    objects = StoredPhraseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "is_category", "language", "text"], name="visual_search_phrase_once"
            ),
        ]

    def __str__(self) -> str:
        return self.text
