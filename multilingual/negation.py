"""Reads what a shopper doesn't want: "sofa -leather", "sofa without leather". When in doubt, a word is wanted.

A minus counts only directly before a word of three letters or more: "usb -c" and "wi -fi" are names. "not" and "without" count
only near the end, after something wanted, and "not" in languages where it can be told from names and idioms. What titles say
of the very thing that is meant ("without laces", "nut-free") is no reason to leave it out: see `free_of`.
"""

from __future__ import annotations

import functools
import re

# A minus after a space and before a letter; "T-shirt", "A - B" and "-10 %" are something else.
_MINUS = re.compile(r"(?:(?<=\s)|^)[-−–](?=[^\W\d_]{3})(\S+)")
# What stands before is wanted. A pattern begins where a word ends, and nowhere else, so that a text of commas is read once.
_AFTER_A_WORD = r"(?<=[^\s,])[\s,]+"
_ONE = r"(?P<kept_out>[^\W\d_][\w-]*)$"
_ONE_OR_TWO = r"(?P<kept_out>[^\W\d_][\w-]*(?:\s[^\W\d_][\w-]*)?)$"
# "not" and one or two words at the end. A longer end is a sentence, in which "not" may mean anything.
_LAST = {
    "en": re.compile(rf"{_AFTER_A_WORD}(?:but\s+)?not\s+(?:in\s+)?{_ONE_OR_TWO}", re.I),
    "de": re.compile(rf"{_AFTER_A_WORD}(?:aber\s+)?nicht\s+(?:in\s+|aus\s+)?{_ONE}", re.I),
}
# "without" by language, and how a title says that something is free of it: {0} is the word.
_WITHOUT = {
    "en": "without", "de": "ohne", "fr": "sans", "es": "sin", "it": "senza", "nl": "zonder", "sv": "utan", "da": "uden",
    "no": "uten", "nb": "uten", "pt": "sem", "pl": "bez", "cs": "bez", "sk": "bez", "hr": "bez", "sl": "brez", "ru": "без",
    "uk": "без", "bg": "без", "sr": "без", "ro": "fără", "ca": "sense", "el": "χωρίς", "he": "ללא",
}  # fmt: skip
_FREE = {
    "en": "{0} free", "de": "{0}frei", "nl": "{0}vrij", "sv": "{0}fri", "da": "{0}fri", "no": "{0}fri", "nb": "{0}fri",
}  # fmt: skip
# Chinese writes it before the word and without a space.
_WITHOUT_HAN = re.compile(r"(?<=.)(?:不要|不含|不带|不帶)\s*(?P<kept_out>\w{1,30})$")
_IDIOMS = re.compile(
    r"\bforget[\s-]me[\s-]not\b|\bwith (?:and|or) without\b|"
    r"\b(if|why|or|is|do|does|did|can|could|may|must|will|would)\s+not\b",
    re.I,
)


def free_of(word: str, language: str | None) -> tuple[str, ...]:
    """How a text says that it lacks the word: ('nuts free', 'without nuts') in "en", none in a language without a list."""
    said = [_FREE[language].format(word)] if language in _FREE else []
    return (*said, f"{_WITHOUT[language]} {word}") if language in _WITHOUT else tuple(said)


@functools.cache
def _without(language: str) -> re.Pattern[str] | None:
    said = _WITHOUT.get(language)
    if said is None:
        return None
    return re.compile(rf"{_AFTER_A_WORD}{said}\s+{_ONE_OR_TWO}", re.I)


def split(words: str, language: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The words that are wanted, and each thing that isn't. `language` is the page's, for "not"; None reads only the minus.

    >>> split("sofa -leather")
    ('sofa', ('leather',))
    >>> split("sofa not leather", "en")
    ('sofa', ('leather',))
    >>> split("forget me not vase", "en")
    ('forget me not vase', ())
    """
    kept_out = tuple(match.group(1).strip(",.;") for match in _MINUS.finditer(words))
    wanted = " ".join(_MINUS.sub(" ", words).split())
    if not wanted:
        # Nothing else is asked for, so the minus was a mistake or a dash.
        return words, ()
    patterns = (_LAST.get(language or ""), _without(language or "en"), _WITHOUT_HAN if language == "zh" else None)
    for pattern in patterns:
        if pattern and not _IDIOMS.search(wanted) and (match := pattern.search(wanted)):
            return wanted[: match.start()].rstrip(" ,"), (*kept_out, match["kept_out"])
    return wanted if kept_out else words, tuple(part for part in kept_out if part)
