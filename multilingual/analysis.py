"""Turns text into index terms. The same function serves the index and the query, so that they always agree."""

from __future__ import annotations

import functools
import re
import threading

import Stemmer

from multilingual.languages import LANGUAGES
from multilingual.normalising import normalise
from multilingual.segmenting import bigrams, runs

# A run of up to four characters is a word or a name and is looked for as a phrase; longer runs are phrases of several
# words, of which some may be missing.
PHRASE_LENGTH = 4
# Nobody types a word of more characters; cut here, a pasted key or a flood of one letter breaks no engine's limit.
LONGEST_WORD = 64
_local = threading.local()
# "l'armoire", "dell'ufficio", "men's": what stands on the short side of an apostrophe isn't looked for.
_ELISION = re.compile(r"\b[^\W\d_]{1,2}'(?=\w)|(?<=\w)'s\b|\b(?:d|n)ell'(?=\w)")


def analyse(text: str, language: str) -> list[str]:
    """The terms of a text in order: stemmed words, or pairs of characters. Unknown languages aren't stemmed."""
    return [term for phrase in _phrases(text, language) for term in phrase]


def analyse_query(text: str, language: str) -> list[tuple[str, ...]]:
    """The terms of a query, each a tuple of terms that must follow each other; repeated ones once."""
    found: dict[tuple[str, ...], None] = {}
    for phrase in _phrases(text, language):
        if len(phrase) < PHRASE_LENGTH:
            found[phrase] = None
        else:
            found.update(((term,), None) for term in phrase)
    return list(found)


def _phrases(text: str, language: str) -> list[tuple[str, ...]]:
    stem = _stem_for(language)
    return [
        tuple(bigrams(run)) if unspaced else (stem(run[:LONGEST_WORD]),)
        for run, unspaced in runs(_ELISION.sub(" ", normalise(text)))
    ]


def _stem_for(language: str) -> functools._lru_cache_wrapper[str]:
    """A cached stemmer of this thread: Snowball's C objects mustn't be shared by threads."""
    stemmers: dict[str, functools._lru_cache_wrapper[str]] = _local.__dict__.setdefault("stemmers", {})
    if language not in stemmers:
        known = LANGUAGES.get(language)
        word_stemmer = Stemmer.Stemmer(known.stemmer).stemWord if known and known.stemmer else str
        # A stemmer may eat a whole short word; then the word itself is the term.
        stemmers[language] = functools.lru_cache(maxsize=20_000)(lambda word: word_stemmer(word) or word)
    return stemmers[language]
