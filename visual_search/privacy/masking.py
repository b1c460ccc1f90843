"""Masks all words of a query but those that the catalogue uses, so that readable query texts hold nothing personal.

A rule that looks for personal data misses names. A rule that keeps only words that the shop has published anyway (titles,
brands, categories, attributes, codes), or that enough clients have typed, keeps no name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Container, Iterable

from multilingual.normalising import normalise
from multilingual.segmenting import bigrams, runs
from visual_search.privacy import pii

MAX_FREE_DIGITS = (
    6  # A longer row of digits, even in pieces, is kept only as a code of the catalogue: it may be a phone.
)
_LENGTHS = ((3, "1-3"), (6, "4-6"), (10, "7-10"))  # characters of a masked word, so roughly that they tell no name


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """All words of these texts in the form that `masked` looks up; pairs of characters where a script has no spaces."""
    words: set[str] = set()
    for text in texts:
        for run, unspaced in runs(normalise(text)):
            words.update(bigrams(run) if unspaced else [run])
            words.add(run)
    return frozenset(words)


def masked(text: str, allowed: Container[str]) -> str:
    """'red dress for Annabel' -> 'red dress ⟨?:Latin:1-3⟩ ⟨?:Latin:7-10⟩'.

    A word stays if it is in `allowed`; of the others only script and rough length stay. Where a personal form occurs,
    only the kinds of such forms stay. Masking a masked text again changes its marks, since they are no words.
    """
    scrubbed = pii.scrub(text, known=_in(allowed))
    if not scrubbed.clean:
        # A whole query with a phone number in it is about a person; nothing of it stays.
        return " ".join(sorted({pii.HIDDEN.format(kind=finding.kind) for finding in scrubbed.findings}))
    kept: list[str] = []
    for run, unspaced in runs(normalise(text)):
        if unspaced:
            kept += _masked_unspaced(run, allowed)
        else:
            kept.append(run if run in allowed else _mark(run))
    return " ".join(_without_long_numbers(kept, allowed))


def _masked_unspaced(run: str, allowed: Container[str]) -> list[str]:
    """A character stays if a known pair of neighbours covers it, or the whole run is known."""
    if run in allowed:
        return [run]
    covered = [False] * len(run)
    for at in range(len(run) - 1):
        if run[at : at + 2] in allowed:
            covered[at] = covered[at + 1] = True
    pieces: list[str] = []
    at = 0
    while at < len(run):
        end = at
        while end < len(run) and covered[end] == covered[at]:
            end += 1
        pieces.append(run[at:end] if covered[at] else _mark(run[at:end]))
        at = end
    return pieces


def _without_long_numbers(words: list[str], allowed: Container[str]) -> list[str]:
    """A phone number cut into pieces must not pass because the catalogue knows '0', '6' and '12'."""
    result: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end].isdigit():
            end += 1
        together = "".join(words[at:end])
        if len(together) > MAX_FREE_DIGITS and together not in allowed:
            result.append(_mark(together))
            at = end
        else:
            result += words[at : max(end, at + 1)]
            at = max(end, at + 1)
    return result


def _mark(word: str) -> str:
    length = next((label for limit, label in _LENGTHS if len(word) <= limit), "11+")
    return f"⟨?:{_script(word)}:{length}⟩"


def _script(word: str) -> str:
    """The first word of the first letter's Unicode name ('Latin', 'Cyrillic', 'Cjk'); 'Number' without letters."""
    letter = next((character for character in word if character.isalpha()), "")
    return unicodedata.name(letter, "Other").split()[0].title() if letter else "Number"


def _in(allowed: Container[str]) -> Callable[[str], bool]:
    return lambda code: normalise(code) in allowed
