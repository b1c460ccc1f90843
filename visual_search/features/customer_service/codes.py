"""Display codes as a shopper reads them: on seven segments H and 4 look alike, and so do U, O and 0.

Within one product no two codes differ in that alone, so they count as one; across products they might.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_ALIKE = str.maketrans("HUO", "400")
_SIGNS = re.compile(r"[^0-9A-Z]")
_PIECES = 3  # "E 1 5" comes as several pieces; a code has few
# A number before one of these is an amount and no code.
_UNIT = re.compile(r"\s*(?:%|°|€|(?:cm|mm|m|kg|g|l|w|v|h|min|inch|inches|zoll|euro|eur)\b)", re.I)


def normal(code: str) -> str:
    """The code in capitals without signs between, with characters that look alike as one.

    >>> normal("e-15"), normal("E 15"), normal("H2") == normal("42"), normal("U0") == normal("00")
    ('E15', 'E15', True, True)
    """
    return _SIGNS.sub("", unicodedata.normalize("NFKC", code).upper()).translate(_ALIKE)


def in_words(words: str, known: Iterable[str]) -> set[str]:
    """The normal forms of those of the known codes that stand in these words.

    >>> in_words("it shows e 15", ["E-15", "H2"]), in_words("the 42 cm one", ["H2"])
    ({'E15'}, set())
    """
    wanted = {normal(code) for code in known} - {""}
    text = unicodedata.normalize("NFKC", words)
    pieces = list(re.finditer(r"[0-9A-Za-z]+", text)) if wanted else []
    found = set()
    for number, first in enumerate(pieces):
        for last in pieces[number : number + _PIECES]:
            written = text[first.start() : last.end()]
            if normal(written) in wanted and _may_be_code(written, text[last.end() :]):
                found.add(normal(written))
    return found


def _may_be_code(written: str, behind: str) -> bool:
    """ "ho" is a word though it looks like 40, "HO" may be a code, and "42 cm" is an amount."""
    if not any(sign.isdigit() for sign in written):
        return written.isupper()
    return not (written.isdigit() and _UNIT.match(behind))
