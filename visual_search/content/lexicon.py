"""The lexicon of a collection: filled with each save, counted anew by each rebuild, kept in the memory of each process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from multilingual.spelling import Lexicon, words_of
from visual_search.engines.terms import language_field, searchable_text
from visual_search.models import LONGEST_KEPT, Word
from visual_search.types import CollectionSchema, Document

LOOK_SECONDS = 5.0  # between two looks for words that other processes have added
# Rows that are read again at each look: PostgreSQL may show a row after others with greater keys, because keys are given
# before the transactions that use them end.
OVERLAP = 500

Key = tuple[str, str]  # language and word


@dataclass(slots=True)
class Counts:
    """The words of many documents: how many have each, and which stand in titles, keywords or facets."""

    objects: Counter[Key] = field(default_factory=Counter)
    titled: set[Key] = field(default_factory=set)

    def add(self, documents: Iterable[Document], schema: CollectionSchema) -> None:
        for document in documents:
            words = _words(document, schema)
            self.objects.update(words.keys())
            self.titled.update(key for key, titled in words.items() if titled)

    def lexicon(self) -> Lexicon:
        """A lexicon of these words alone."""
        lexicon = Lexicon()
        for (language, word), objects in self.objects.items():
            lexicon.add(language, word, objects, titled=(language, word) in self.titled)
        return lexicon


def note(collection: str, documents: Iterable[Document], schema: CollectionSchema) -> None:
    """Keep the words of these documents that the lexicon doesn't have."""
    counts = Counts()
    counts.add(documents, schema)
    known = of(collection)
    new = [
        Word(collection=collection, language=language, word=word, titled=(language, word) in counts.titled)
        for language, word in counts.objects
        if not known.objects(language, word) or ((language, word) in counts.titled and not known.is_titled(word))
    ]
    if not new:
        return
    Word.objects.all().add(new)
    with _lock:
        # Known from now on, else the next save would write them again.
        for row in new:
            known.add(row.language, row.word, known.objects(row.language, row.word) or 1, titled=row.titled)


def renew(collection: str, counts: Counts) -> None:
    """These are all the words of the collection."""
    Word.objects.all().renew(collection, counts.objects, counts.titled)
    with _lock:
        _lexicons.pop(collection, None)


def of(collection: str) -> Lexicon:
    """The lexicon as this process knows it, a few seconds old at most."""
    with _lock:
        kept = _lexicons.setdefault(collection, _Kept())
        now = time.monotonic()
        if kept.looked_at and now - kept.looked_at < LOOK_SECONDS:
            return kept.lexicon
        words = Word.objects.filter(collection=collection)
        if kept.newest and not words.filter(pk=kept.newest).exists():
            # A rebuild in another process removed words, or the database is another one: all is read anew.
            kept = _lexicons[collection] = _Kept()
        rows = words.filter(pk__gt=kept.newest - OVERLAP).order_by("pk")
        fields = ("pk", "language", "word", "objects_having", "titled")
        for pk, language, word, objects, titled in rows.values_list(*fields).iterator():
            kept.lexicon.add(language, word, objects, titled=titled)
            kept.newest = pk
        kept.looked_at = now
        return kept.lexicon


def forget() -> None:
    """Read all lexicons anew when they are next asked for."""
    with _lock:
        _lexicons.clear()


@dataclass(slots=True)
class _Kept:
    lexicon: Lexicon = field(default_factory=Lexicon)
    newest: int = 0  # the key of the last row that was read
    looked_at: float = 0.0


_lexicons: dict[str, _Kept] = {}
_lock = threading.Lock()


def _words(document: Document, schema: CollectionSchema) -> dict[Key, bool]:
    """Each word of the document, and whether it stands in more than its descriptions."""
    words: dict[Key, bool] = {}
    shared = searchable_text(document, schema)
    for language, text in document.texts.items():
        known = language_field(language, schema)
        for word in _kept_of(text.description):
            words.setdefault((known, word), False)
        for word in _kept_of(" . ".join((text.title, *text.keywords, shared))):
            words[known, word] = True
    return words


def _kept_of(text: str) -> Iterator[str]:
    return (word for word in words_of(text) if len(word) <= LONGEST_KEPT)
