"""Knows names of colours in many languages: which words of a question are colours, and which colours a facet's value names."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from multilingual.analysis import stem_of
from multilingual.normalising import fold, normalise
from multilingual.segmenting import UNSPACED, placed_runs

LEAST_LAST_PART = 4  # letters of a name that may end a compound: "dunkelblau" is blue, and a "carrot" isn't "rot"
# Whose compounds are written as one word, with what may stand before a colour in them.
_SHADES = {
    "de": ("dunkel", "hell", "tief", "stahl", "himmel", "wein", "oliv"), "nl": ("donker", "licht"),
    "sv": ("mörk", "ljus"), "da": ("mørke", "lyse"), "nb": ("mørke", "lyse"),
}  # fmt: skip
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Coloured:
    """A question: its colours, as they are called in English, and its other words."""

    colours: frozenset[str]
    rest: str


def coloured(words: str, languages: Iterable[str | None]) -> Coloured:
    """The colours that the words name in one of these languages.

    >>> coloured("roter Stuhl", ["de"])
    Coloured(colours=frozenset({'red'}), rest='stuhl')
    """
    text = normalise(words)
    known = [language for language in dict.fromkeys(languages) if language and language in _table()]
    found: set[str] = set()
    rest = text
    for run, start, unspaced in reversed(list(placed_runs(text))):
        # From the end, so that the places before stay what they are.
        parts = (
            _unspaced_parts(run, known)
            if unspaced
            else [(0, len(run), colour) for colour in [_named(run, known)] if colour]
        )
        for first, end, colour in reversed(parts):
            found.add(colour)
            rest = rest[: start + first] + " " + rest[start + end :]
    return Coloured(frozenset(found), " ".join(rest.split()) if found else text)


def is_colour(word: str, language: str | None) -> bool:
    """Whether the word, folded, is a colour in this language or in English."""
    return bool(_named(word, [known for known in (language, "en") if known and known in _table()]))


@functools.lru_cache(maxsize=4096)
def of_value(value: str) -> frozenset[str]:
    """The colours that a facet's value names, in whatever language: "Black and Red" -> {"black", "red"}."""
    return coloured(value[:200], _table()).colours


def _named(word: str, languages: Iterable[str]) -> str:
    """The colour that one word names; "" for none."""
    plain = fold(word)
    for language in languages:
        names = _table()[language]
        for form in (plain, stem_of(word, language), stem_of(plain, language)):
            if form in names:
                return names[form]
        for shade in _SHADES.get(language, ()):
            part = plain.removeprefix(fold(shade))
            if len(part) >= LEAST_LAST_PART and part != plain and (colour := _named(part, [language])):
                return colour
    return ""


def _unspaced_parts(run: str, languages: Iterable[str]) -> list[tuple[int, int, str]]:
    """Where names of colours stand in a run without spaces. One character is a name only by itself: 白菜 is cabbage."""
    names = {
        name: colour for language in languages for name, colour in _table()[language].items() if _UNSPACED.match(name)
    }
    if colour := names.get(fold(run)):
        return [(0, len(run), colour)]
    written = sorted((name for name in names if len(name) > 1), key=len, reverse=True)
    if not written:
        return []
    pattern = re.compile("|".join(map(re.escape, written)))
    plain = fold(run)
    if len(plain) != len(run):
        return []
    parts = []
    for match in pattern.finditer(plain):
        # "红色的椅子" asks for chairs: the particle belongs to the colour.
        end = match.end() + (plain[match.end() : match.end() + 1] in ("的", "の"))
        parts.append((match.start(), end, names[match.group()]))
    return parts


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    """Language -> a name's folded form, or its stem -> the colour in English."""
    table: dict[str, dict[str, str]] = defaultdict(dict)
    for line in (Path(__file__).parent / "data" / "colours.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        language, _, colours = line.partition(" ")
        for entry in colours.split(";"):
            colour, _, names = entry.partition(":")
            for name in names.split():
                for form in (fold(name), stem_of(name, language), stem_of(fold(name), language)):
                    table[language].setdefault(form, colour.strip())
    return table
