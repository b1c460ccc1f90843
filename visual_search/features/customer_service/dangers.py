"""Words of danger: gas, mains voltage, fire and injuries go to a person at once, before anything is searched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from multilingual.normalising import normalise
from visual_search.features.customer_service.kinds import Danger
from visual_search.features.customer_service.models import DangerWords, in_language

_WORD = re.compile(r"\w+\*?")
_SPACED = re.compile(r"[a-z0-9\u00c0-\u06ff]")  # Latin, Greek, Cyrillic, Hebrew and Arabic letters write spaces
_ORDER = (Danger.GAS, Danger.FIRE, Danger.MAINS, Danger.INJURY)  # which is said where a text has several


@dataclass(frozen=True, slots=True)
class Warned:
    """What was found, and what the shopper reads at once."""

    kind: Danger
    advice: str


def warned(words: str, language: str) -> Warned | None:
    """The danger that these words tell of; None for none. Words of every language are looked for: many write in their own."""
    text = plain(words)
    rows = list(DangerWords.objects.all())
    for kind in _ORDER:
        of_kind = [row for row in rows if row.kind == kind]
        if any(tells(text, row.words.splitlines(), row.unless.splitlines()) for row in of_kind):
            said = in_language(of_kind, language)
            return Warned(kind, said.advice if said else "")
    return None


def tells(text: str, lines: Iterable[str], unless: Iterable[str] = ()) -> bool:
    """Whether a plain text has all the words of one of these lines.

    >>> tells(plain("I can smell GAS at the hob"), ["smell* gas"]), tells("the gas lift sinks", ["gas"], ["gas lift"])
    (True, False)
    """
    for phrase in filter(None, map(plain, unless)):
        text = text.replace(phrase, " ")
    for line in lines:
        wanted = _WORD.findall(plain(line))
        if wanted and all(_has(text, word) for word in wanted):
            return True
    return False


def plain(text: str) -> str:
    """The text in small letters and compatible characters, each space once."""
    return " ".join(normalise(text).lower().split())


def _has(text: str, word: str) -> bool:
    stem = word.removesuffix("*")
    if not _SPACED.match(stem):
        return stem in text  # Chinese and Japanese have no spaces between words.
    end = "" if word.endswith("*") else r"(?!\w)"
    return re.search(rf"(?<!\w){re.escape(stem)}{end}", text) is not None
