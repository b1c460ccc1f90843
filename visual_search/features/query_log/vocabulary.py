"""The words that the catalogue itself uses: only these may stand in a masked question."""

from __future__ import annotations

import hashlib
import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from django.db import transaction

from visual_search import registry
from visual_search.content import documents
from visual_search.features.query_log.models import VocabularyWord
from visual_search.models import chunks
from visual_search.privacy.masking import masked, vocabulary

MAX_WORD_CHARS = 60  # as the table's column; longer ones are codes or mistakes
BATCH = 500  # objects that are read, and words that are written, together
READ_SECONDS = 3600.0  # After so long a process reads the table again, which changes nightly.


def refresh() -> int:
    """Read all words of the catalogue anew (titles, descriptions, keywords, facets, codes); returns how many.

    Words that the catalogue no longer uses are deleted.
    """
    words: set[str] = set()
    for source in registry.sources():
        for obj in source.queryset().iterator(chunk_size=BATCH):
            try:
                words |= _words_of(documents.read(source, obj))
            except documents.SourceFailed:
                continue
    with transaction.atomic():
        known = set(VocabularyWord.objects.values_list("word", flat=True))
        for gone in chunks(known - words):
            VocabularyWord.objects.filter(word__in=gone).delete()
        VocabularyWord.objects.bulk_create(
            [VocabularyWord(word=word) for word in sorted(words - known)], batch_size=BATCH, ignore_conflicts=True
        )
    forget()
    return len(words)


def _words_of(reading: documents.Content) -> set[str]:
    texts = [part for text in reading.texts.values() for part in (text.title, text.description, *text.keywords)]
    for value in reading.facets.values():
        texts += [value] if isinstance(value, str) else list(value) if isinstance(value, tuple) else []
    return {word for word in vocabulary([*texts, *reading.codes]) if len(word) <= MAX_WORD_CHARS}


def masked_all(texts: Sequence[str]) -> list[str]:
    """Each text, in which all words but the catalogue's are masked."""
    known = _known.words()
    return [masked(text, known) for text in texts]


def masked_by_memory(texts: Sequence[str]) -> list[str]:
    """The same without asking the database: words of the catalogue that this process hasn't read yet are masked, too."""
    return [masked(text, _known.held) for text in texts]


class _Fingerprints:
    """The vocabulary in this process, eight bytes for each word. With it a shopper's words stand in no statement to the
    database: its log of slow statements, or Django's own under DEBUG, would keep them as they were typed.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._sorted = array("Q", sorted({_fingerprint(word) for word in words}))

    def __contains__(self, word: object) -> bool:
        # With a million words in the vocabulary, one in 10^13 other words passes by chance.
        wanted = _fingerprint(str(word))
        at = bisect_left(self._sorted, wanted)
        return at < len(self._sorted) and self._sorted[at] == wanted


class _Known:
    """The fingerprints, read again after READ_SECONDS. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._read_at, self._words = float("-inf"), _Fingerprints()

    @property
    def held(self) -> _Fingerprints:
        return self._words

    def words(self) -> _Fingerprints:
        with self._lock:
            if time.monotonic() - self._read_at > READ_SECONDS:
                rows = VocabularyWord.objects.values_list("word", flat=True)
                self._words = _Fingerprints(rows.iterator(chunk_size=5_000))
                self._read_at = time.monotonic()
            return self._words


def _fingerprint(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


_known = _Known()
forget = _known.forget
