"""Gives texts that look the same one written form, for the index and for queries."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u02b9": "'", "\u00b4": "'", "`": "'"})
# Tatweel stretches an Arabic word on the line and means nothing.
_TATWEEL = "\u0640"
_DOTS = re.compile("i\u0307+")
# Marks that people leave out when they type: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. The marks of
# other scripts (Hindi, Thai) are letters in all but name.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]")
# Letters that Unicode doesn't decompose, and what people type for them.
_LETTERS = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ς": "σ"}
)


def normalise(text: str) -> str:
    """NFKC, lower case, plain apostrophes and digits, single spaces; without control, format and private characters.

    Diacritics stay, since stemmers need them; `fold` removes them after stemming. Idempotent.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace(_TATWEEL, "").translate(_APOSTROPHES)
    # Characters that stand side by side only now may need NFKC again: it composes them or changes their order.
    text = unicodedata.normalize("NFKC", "".join(map(_keep, text)))
    # "İ".lower() is "i" with a combining dot above; shoppers type a plain "i".
    return " ".join(unicodedata.normalize("NFKC", _DOTS.sub("i", text)).split())


def _keep(character: str) -> str:
    if character.isascii():
        return character if character >= " " and character != "\x7f" else " "
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))  # Arabic, Persian and Hindi keyboards have digits of their own.
    # Zero-width joiners, direction marks, surrogates and private use would split or hide words.
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else character


def fold(text: str) -> str:
    """The text without diacritics, as it is often typed: 'Sofá' -> 'Sofa', 'ёлка' -> 'елка', 'ışık' -> 'isik'."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text))).translate(_LETTERS)
