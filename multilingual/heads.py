"""Tells what a title is about: its head. "Laptop sleeve" and "sleeve for laptops" are sleeves, "HP 250, laptop, 15 inch" is one.

A title is cut at signs, numbers and words such as "for". In "laptop sleeve" the last word is the head, in "housse
d'ordinateur" the first; which one it is depends on the language. What follows a word such as "for" isn't looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from multilingual.analysis import HEAD_SIGN, Run, function_terms, read_runs
from multilingual.languages import UNDETERMINED
from multilingual.segmenting import of_letters

MOST_HEADS = 6  # of a title; what comes later are keywords
# In Romance, Slavic, Celtic and Semitic languages, in Persian, and in those of South-East Asia what explains a noun follows it.
_HEAD_FIRST = frozenset(
    {"ar", "be", "bg", "ca", "cs", "es", "fa", "fr", "ga", "he", "hr", "id", "it", "km", "lo", "ms", "pl", "pt", "ro"}
    | {"ru", "sk", "sl", "sr", "th", "uk", "vi"}
)
_POSSESSIVE = "'s"
_JOINED = frozenset({"-", _POSSESSIVE})  # "t-shirt", "men's shoes"


def heads(title: str, language: str) -> list[str]:
    """The terms of what the title is about, each once, with `HEAD_SIGN` before it; none if the language isn't known."""
    if language == UNDETERMINED:
        return []
    found = (_head(part, language) for part in _parts(title, language))
    return list(dict.fromkeys(HEAD_SIGN + head for head in found))[:MOST_HEADS]


def head_asked(words: str, language: str) -> str:
    """The term of what a question is about, without the sign; "" if nothing says it."""
    if language == UNDETERMINED:
        return ""
    return next((_head(part, language) for part in _parts(words, language)), "")


def _parts(title: str, language: str) -> Iterator[list[Run]]:
    """The words between signs and numbers, up to the first word such as "for"."""
    text, _, runs = read_runs(title, language)
    small = function_terms(language)
    part: list[Run] = []
    end = 0
    for run in runs:
        between = text[end : run.start].strip()
        end = run.end
        if not run.unspaced and run.terms[0] in small:
            if part:
                break
            continue  # "the chair"
        # Words as short as the "d'" of "canapé d'angle" are among the signs.
        if part and any(map(str.isalpha, between)) and between != _POSSESSIVE:
            break
        if part and ((between and between not in _JOINED) or not of_letters(run.text)):
            yield part
            part = []
        if of_letters(run.text):
            part.append(run)
    if part:
        yield part


def _head(part: list[Run], language: str) -> str:
    """Of a script without spaces two characters, because nobody marks where its words begin."""
    return part[0].terms[0] if language in _HEAD_FIRST else part[-1].terms[-1]
