"""The words of each collection, by which misspelt words of a question are recognised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from visual_search.models.writing import CHUNK, chunks, patient

LONGEST_KEPT = 64  # characters of a word; nobody types a longer one


class WordQuerySet(models.QuerySet["Word"]):
    @patient
    def add(self, words: Iterable[Word]) -> None:
        """Those that aren't there yet. A word that stands in a title from now on is marked so."""
        rows = list(words)
        self.bulk_create(rows, ignore_conflicts=True, batch_size=CHUNK)  # type: ignore[arg-type]
        titled: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows:
            if row.titled:
                titled[row.collection, row.language].append(row.word)
        for (collection, language), known in titled.items():
            for some in chunks(known):
                there = self.filter(collection=collection, language=language, word__in=some)
                there.filter(titled=False).update(titled=True)

    @patient
    def renew(self, collection: str, counts: Mapping[tuple[str, str], int], titled: Iterable[tuple[str, str]]) -> None:
        """These are the collection's words, and no others: (language, word) -> how many objects have it."""
        marked = set(titled)
        self.bulk_create(
            [
                Word(collection=collection, language=key[0], word=key[1], objects_having=count, titled=key in marked)  # type: ignore[misc]
                for key, count in counts.items()
            ],
            update_conflicts=True,
            unique_fields=["collection", "language", "word"],
            update_fields=["objects_having", "titled"],
            batch_size=CHUNK,
        )
        held = self.filter(collection=collection).values_list("pk", "language", "word")
        gone = [pk for pk, language, word in held.iterator() if (language, word) not in counts]
        for some in chunks(gone):
            self.filter(pk__in=some).delete()


class Word(models.Model):
    """A word of a collection in one language, folded. `objects_having` is as of the last rebuild; new words have 1."""

    collection = models.CharField(max_length=64)
    language = models.CharField(max_length=16)
    word = models.CharField(max_length=LONGEST_KEPT)
    objects_having = models.PositiveIntegerField(default=1)
    titled = models.BooleanField(default=False, help_text=_("It stands in a title, a keyword or a facet."))

    objects = WordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "language", "word"], name="visual_search_word_once"),
        ]

    def __str__(self) -> str:
        return f"{self.word} ({self.language})"
