"""The words that the catalogue itself uses, and so may stand in a masked question."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from visual_search import documents, registry
from visual_search.features.query_log.models import VocabularyWord
from visual_search.models import chunks
from visual_search.privacy.masking import candidates, masked, vocabulary

MAX_WORD = 60
BATCH = 500


def refresh() -> int:
    """Read all words of the catalogue anew (titles, descriptions, keywords, facets, codes); returns how many.

    What the catalogue no longer uses is gone.
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
    return len(words)


def _words_of(reading: documents.Reading) -> set[str]:
    texts = [part for text in reading.texts.values() for part in (text.title, text.description, *text.keywords)]
    for value in reading.facets.values():
        texts += [value] if isinstance(value, str) else list(value) if isinstance(value, tuple) else []
    return {word for word in vocabulary([*texts, *reading.codes]) if len(word) <= MAX_WORD}


def masked_all(texts: Sequence[str]) -> list[str]:
    """Each text with only the catalogue's words left, by one look at the table for all of them."""
    wanted = {word for text in texts for word in candidates(text) if len(word) <= MAX_WORD}
    known: set[str] = set()
    for words in chunks(wanted):
        known.update(VocabularyWord.objects.filter(word__in=words).values_list("word", flat=True))
    return [masked(text, known) for text in texts]
