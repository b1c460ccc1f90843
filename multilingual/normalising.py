"""One written form for text that looks the same: for the index and for the query alike."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})
# Tatweel stretches an Arabic word on the line and means nothing.
_TATWEEL = "\u0640"


def normalise(text: str) -> str:
    """NFKC, lower case, plain apostrophes, single spaces; without control, format and private characters.

    Diacritics stay: stemmers need them, and each engine folds them after stemming. Idempotent.
    """
    # Lower-casing may give characters that NFKC composes, so the order is normalise, lower, normalise.
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    # "İ".lower() is "i" with a combining dot above; shoppers type a plain "i".
    text = text.replace("i\u0307", "i").replace(_TATWEEL, "").translate(_APOSTROPHES)
    return " ".join("".join(_keep(character) for character in text).split())


def _keep(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    # Zero-width joiners, direction marks, surrogates and private use would split or hide words.
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else character


def fold(text: str) -> str:
    """The text without diacritics, as the full-text tables fold it: 'Sofá' -> 'Sofa'."""
    return unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFD", text)))
