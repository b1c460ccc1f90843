"""Guesses the language of a short text by its letters. Needs the extra `languages` (eldc); without it nobody guesses."""

from __future__ import annotations

import functools
import threading
from collections.abc import Collection, Mapping
from typing import Any

try:
    import eldc
except ImportError:
    eldc = None

MOST_TOLD = 20  # languages that eldc tells of a text, the likeliest first
LEAST_LETTERS = 4  # in a row; codes and units are of no language
# What a guess counts beside a word that the shop has in one language. Of 904 names that are no titles, in a shop of nine
# languages whose page is in the right one for .8 of them, .937 are told right and .058 wrong; without it .903 and .055.
GUESS = 0.67
_lock = threading.Lock()  # One table serves the whole process, and nothing says that threads may share a call.


def guess(text: str, languages: Collection[str]) -> str | None:
    """Which of the languages the text most likely is in; None without the extra, or where there is nothing to guess by."""
    table = _table()
    if table is None or not any(len(word) >= LEAST_LETTERS and word.isalpha() for word in text.split()):
        return None
    with _lock:
        scores = table.detect_details(text).scores or {}
    known = {language: score for language, score in scores.items() if language in languages}
    return max(known, key=known.__getitem__) if known else None


def with_guess(votes: Mapping[str, float], text: str, languages: Collection[str]) -> dict[str, float]:
    """The votes of the shop's words (`Lexicon.languages`) and that of the letters."""
    guessed = guess(text, languages)
    return {**votes, guessed: votes.get(guessed, 0.0) + GUESS} if guessed else dict(votes)


@functools.cache
def _table() -> Any:
    """The module, which has no types, with its table of letters (22 MB) loaded."""
    if eldc is not None:
        eldc.init()
        eldc.set_scores(min(MOST_TOLD, eldc.MAX_SCORES))
    return eldc
