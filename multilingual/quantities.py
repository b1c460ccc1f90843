"""Reads quantities in texts, so that `5kg`, `5 kg` and `5000 g` are one term, whatever their spelling and language.

A quantity's term names its dimension and the logarithm of its value in steps of 1.2 %: 27 inch and 68.6 cm share it, 27 cm
is far away. Sizes such as 120 x 60 are sorted, because nobody knows which side comes first.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from multilingual.normalising import fold
from multilingual.segmenting import UNSPACED

STEP = 0.012  # of the natural logarithm: 27" is 68.58 cm, which shops write as 68.6 or 69
# A quantity is asked with its neighbours, because two roundings of one value may lie on both sides of a step.
NEIGHBOURS = (-1, 0, 1)
_LONGEST_UNIT = 24  # characters; the longest spelling of the table has as many

_NUMBER = r"[1-9]\d{0,2}(?:[.,' ]\d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d+(?:[.,]\d+)?"
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[.,' ]\d{3})+(?!\d)")
_MIXED = r"(?:\d+[ -])?\d+/\d+"  # 1 1/2, 1/2
_VALUE = re.compile(rf"(?<![\d.,/])(?:(?P<mixed>{_MIXED})(?![\d/])|(?P<number>{_NUMBER})(?!\d))")
_BY = r"\s*(?:[^\W\d_]{1,2}|\"|'')?\s*[x×*]\s*"
_SIZE = re.compile(rf"(?<![\d.,])(?P<first>{_NUMBER}){_BY}(?P<second>{_NUMBER})(?:{_BY}(?P<third>{_NUMBER}))?(?!\d)")
# No pattern reads on for longer than a unit can be: in a text of numbers alone that would be done for each of them.
_UNIT = re.compile(
    rf"[ -]?(?P<sign>\"|′′|''|”)|(?P<gap>[ -]?)(?P<word>[^\W\d_][^\W_]{{0,{_LONGEST_UNIT - 1}}})(?P<more>(?=[^\W_]))?"
)
_TWO_WORDS = re.compile(rf"[^\W\d_]{{1,{_LONGEST_UNIT}}} [^\W\d_]{{1,{_LONGEST_UNIT}}}")
_WORD_BEHIND = re.compile(r"\s*[^\W_]")
_UNSPACED = re.compile(f"[{UNSPACED}]")
# "2 in stock" and "5 in 1" are no inches: the word counts only where nothing can follow that makes it a preposition.
_PREPOSITIONS = frozenset({"in", "to", "a", "h"})
_VULGAR = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_FRACTIONS = {
    "¼": "1/4", "½": "1/2", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5",
    "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅐": "1/7", "⅑": "1/9", "⅒": "1/10",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in a text, from `start` to `end`. `dimension`: "m", "g", "l", ...; `value` in that base unit."""

    dimension: str
    value: float
    start: int
    end: int

    @property
    def term(self) -> str:
        return _term(self.dimension, _step(self.value))

    @property
    def near(self) -> tuple[str, ...]:
        """The terms by which it is asked."""
        return tuple(_term(self.dimension, _step(self.value) + shift) for shift in NEIGHBOURS)


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers that are meant exactly: two or three sides, or one that isn't whole. 120 x 60 and 60x120 have the same `term`."""

    sides: tuple[float, ...]
    start: int
    end: int

    @property
    def term(self) -> str:
        return "=x:" + "x".join(f"{side:g}" for side in sorted(self.sides))

    @property
    def near(self) -> tuple[str, ...]:
        """Sides are written exactly."""
        return (self.term,)


def spelt_out(text: str) -> str:
    """The text with fractions in plain digits: "1½" -> "1 1/2". NFKC would make eleven halves of it."""
    return _VULGAR.sub(lambda sign: f" {_FRACTIONS.get(sign.group(), sign.group())}", text)


def quantities(text: str) -> Iterator[Quantity]:
    """All quantities of a text that `normalise` has seen: a number and a known unit behind it."""
    for match in _VALUE.finditer(text):
        found = _unit_at(text, match.end())
        if found is None:
            continue
        (dimension, factor), end = found
        value = _value(match) * factor
        # Hundreds of digits are too much or too little for a number, and then it has no logarithm.
        if 0 < value < math.inf:
            yield Quantity(dimension, value, match.start(), end)


def decimals(text: str) -> Iterator[Size]:
    """Numbers that aren't whole, so that 8½, 8 1/2, 8.5 and 8,5 are one term, also without a unit."""
    for match in _VALUE.finditer(text):
        value = _value(match)
        if 0 < value < math.inf and value != int(value):
            yield Size((value,), match.start(), match.end())


def sizes(text: str) -> Iterator[Size]:
    """All sizes of a text that `normalise` has seen: 120x60, 120 x 60 x 40 cm, 1.2 m x 60 cm counts by its numbers."""
    for match in _SIZE.finditer(text):
        sides = [number_of(match[name]) for name in ("first", "second", "third") if match[name]]
        if all(sides):
            yield Size(tuple(sides), match.start(), match.end())


def names_unit(word: str) -> bool:
    """Whether the word is a unit of size, weight and the like, in any language."""
    return fold(word.lower()) in _table()


def _value(match: re.Match[str]) -> float:
    if match["mixed"]:
        whole, _, part = match["mixed"].replace("-", " ").rpartition(" ")
        above, below = part.split("/")
        return (float(whole) if whole else 0.0) + (float(above) / float(below) if float(below) else 0.0)
    return number_of(match["number"])


def number_of(written: str) -> float:
    """What a number that is written with digits says: 1,5 -> 1.5; 1.000, 1,000 and 1 000 -> 1000; 0.750 -> 0.75."""
    thousands = _THOUSANDS.match(written)
    if thousands is None:
        return float(written.replace(",", "."))
    return float(re.sub(r"[.,' ]", "", thousands.group()) + written[thousands.end() :].replace(",", "."))


def _unit_at(text: str, start: int) -> tuple[tuple[str, float], int] | None:
    match = _UNIT.match(text, start)
    if match is None:
        return None
    if match["sign"]:
        return _table()['"'], match.end()
    word, table = fold(match["word"]), _table()
    if match["more"] is None:
        if word in _PREPOSITIONS and match["gap"] == " " and _WORD_BEHIND.match(text, match.end()):
            return None
        if word in table:
            return table[word], match.end()
        two = _TWO_WORDS.match(text, match.start("word"))
        if two and fold(two.group()) in table:
            return table[fold(two.group())], two.end()
    # A unit of a script without spaces may stand before more words.
    if _UNSPACED.match(word):
        for length in range(len(word), 0, -1):
            if word[:length] in table:
                return table[word[:length]], match.start("word") + length
    return None


def _step(value: float) -> int:
    return round(math.log(value) / STEP)


def _term(dimension: str, step: int) -> str:
    # No word has this sign, so a quantity never meets one.
    return f"={dimension}:{step}"


@functools.cache
def _table() -> dict[str, tuple[str, float]]:
    """Spelling -> dimension and factor to its base unit."""
    table: dict[str, tuple[str, float]] = {}
    for line in (Path(__file__).parent / "data" / "units.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            dimension, factor, spellings = line.split(" ", 2)
            for spelling in spellings.split("|"):
                table.setdefault(fold(spelling), (dimension, float(factor)))
    return table
