"""Turns text into index terms. Index and query, and every engine, use the same terms, so that they always agree."""

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

# A run of up to four characters is a word or a name and is looked for as a phrase; longer runs are phrases of several
# words, of which some may be missing.
PHRASE_LENGTH = 4
# Nobody types a word of more characters; cut here, a pasted key or a flood of one letter breaks no engine's limit.
LONGEST_WORD = 64
CACHED_WORDS = 20_000
# "l'armoire", "dell'ufficio", "qu'une", "men's": what stands on the short side of an apostrophe isn't looked for.
_ELISION = re.compile(r"\b[^\W\d_]{1,2}'(?=\w)|(?<=\w)'s\b|\b(?:a|[dn]e|[ds]a|su|co|que|be)ll'(?=\w)")
_DOTTED = frozenset({"tr", "az"})  # Here "I" is the capital of "ı", and "İ" that of "i".


def analyse(text: str, language: str) -> list[str]:
    """The terms of a text in order: words, stemmed and without diacritics, or pairs of characters.

    Languages without a stemmer, "und" among them, give plain words. Never raises; gives no empty term and no spaces.
    """
    terms: list[str] = []
    for run, unspaced, phrase in _phrases(text, language):
        terms += phrase
        if unspaced:
            # They stand behind the pairs, where they don't come between pairs that must follow each other.
            terms += characters(run)
    return terms


def analyse_query(text: str, language: str) -> list[tuple[str, ...]]:
    """The terms of a query, each a tuple of terms that must follow each other; repeated ones once."""
    found: dict[tuple[str, ...], None] = {}
    for _, _, phrase in _phrases(text, language):
        if len(phrase) < PHRASE_LENGTH:
            found[phrase] = None
        else:
            found.update(((term,), None) for term in phrase)
    return list(found)


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
        # A stemmer may eat a whole short word; then the word itself is the term.
        return fold(stemmed) or fold(word) or word

    return stem


if hasattr(os, "register_at_fork"):
    # Another thread may have held a stemmer's lock at the moment of the fork, and in the child nobody would free it.
    os.register_at_fork(after_in_child=_stem_for.cache_clear)
