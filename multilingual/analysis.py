"""Turns text into index terms. All engines use these terms, for the index and for queries, so that both always agree."""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Callable, Iterator

import Stemmer

from multilingual.languages import LANGUAGES
from multilingual.normalising import fold, normalise
from multilingual.segmenting import bigrams, characters, runs

# Fewer pairs of characters than this are one word or name (up to four characters), so they must follow each other. More of
# them are several words, of which a document may lack some.
PHRASE_LENGTH = 4
# Words are cut after so many characters. Nobody types a longer one, and a pasted key would break an engine's limit.
LONGEST_WORD = 64
CACHED_WORDS = 20_000  # for each language, so that a word that comes again needn't be stemmed again
# "l'armoire", "dell'ufficio", "qu'une", "men's": the short part beside the apostrophe is no word to search for.
_ELISION = re.compile(r"\b[^\W\d_]{1,2}'(?=\w)|(?<=\w)'s\b|\b(?:a|[dn]e|[ds]a|su|co|que|be)ll'(?=\w)")
_DOTTED = frozenset({"tr", "az"})  # In these languages "I" is the capital of "ı", and "İ" is the capital of "i".


def analyse(text: str, language: str) -> list[str]:
    """The terms of a text in order: words, stemmed and without diacritics, or pairs of characters.

    A language without a stemmer, such as "und", gives plain words. It never raises; no term is empty or has a space.
    """
    terms: list[str] = []
    for run, unspaced, phrase in _phrases(text, language):
        terms += phrase
        if unspaced:
            # Single characters come after the pairs, so that they don't separate pairs that must follow each other.
            terms += characters(run)
    return terms


def analyse_query(text: str, language: str) -> list[tuple[str, ...]]:
    """The terms of a query, each once. Each is a tuple of terms that must follow each other."""
    phrases: dict[tuple[str, ...], None] = {}
    for _, _, phrase in _phrases(text, language):
        if len(phrase) < PHRASE_LENGTH:
            phrases[phrase] = None
        else:
            phrases.update(((term,), None) for term in phrase)
    return list(phrases)


def _phrases(text: str, language: str) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """Each run of the text, whether it is of a script without spaces, and its terms."""
    if language in _DOTTED:
        text = text.replace("I", "ı").replace("İ", "i")
    stem = _stem_for(language)
    for run, unspaced in runs(_ELISION.sub(" ", normalise(text))):
        yield run, unspaced, tuple(bigrams(run)) if unspaced else (stem(run[:LONGEST_WORD]),)


@functools.cache
def _stem_for(language: str) -> Callable[[str], str]:
    known = LANGUAGES.get(language)
    if known is None or known.stemmer is None:
        return fold
    stemmer = Stemmer.Stemmer(known.stemmer, 0)
    lock = threading.Lock()

    @functools.lru_cache(maxsize=CACHED_WORDS)
    def stem(word: str) -> str:
        with lock:  # Snowball's C objects mustn't be used by two threads at once.
            stemmed = stemmer.stemWord(word)
        # A stemmer may remove a whole short word; then the word itself is the term.
        return fold(stemmed) or fold(word) or word

    return stem


if hasattr(os, "register_at_fork"):
    # At the moment of the fork another thread may hold a stemmer's lock, and nobody would release it in the child.
    os.register_at_fork(after_in_child=_stem_for.cache_clear)
