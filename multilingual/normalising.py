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


# One letter of Arabic script has other code points on Arabic, Persian and Urdu keyboards, and people type alef, ya and ta
# marbuta in several ways.
_ARABIC = str.maketrans(
    {
        "ھ": "ه",
        "ہ": "ه",
        "ۃ": "ه",
        "ة": "ه",
        "ک": "ك",
        "ی": "ي",
        "ى": "ي",
        "ے": "ي",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
    }
)
# Devanagari and its sisters: the dot below (nukta) is mostly left out, and a nasal is written in three ways.
_NUKTA = re.compile("[\u093c\u09bc\u0a3c\u0abc\u0b3c]")
_NASAL = re.compile("\u0901|[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u0939])")
# NFKC takes the Thai vowel am apart; a tone typed behind its first part belongs before it.
_THAI = re.compile("\u0e4d([\u0e48-\u0e4b])")
_KATAKANA = re.compile("[\u30a1-\u30f6]")
_DIGRAPHS = str.maketrans({"å": "aa", "ö": "oe", "ø": "oe", "ä": "ae", "æ": "ae", "ü": "ue", "đ": "dj"})


def digraphs(word: str) -> str:
    """The word as it is typed on a keyboard without these letters: 'fåtölj' -> 'faatoelj'."""
    return word.translate(_DIGRAPHS)


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
    """The text as it is often typed: 'Sofá' -> 'Sofa', 'ёлка' -> 'елка', 'ışık' -> 'isik', 'ソファ' -> 'そふぁ'.

    Diacritics go, and letters of one sound and shape become one: Arabic alef and ya, Indic nasals, katakana.
    """
    if text.isascii():
        return text
    text = _MARKS.sub("", unicodedata.normalize("NFD", text))
    text = _NASAL.sub("\u0902", _NUKTA.sub("", text))
    text = _THAI.sub("\\1\u0e4d", unicodedata.normalize("NFC", text)).translate(_LETTERS).translate(_ARABIC)
    return _KATAKANA.sub(lambda letter: chr(ord(letter.group()) - 0x60), text)
