"""Reads ranges of prices in a shopper's words: "lamp under 50 euro", "Lampe bis 50 €", "50円以下のランプ".

A number is a price where the shop's currency or a word such as "price" stands beside it. A mere number is one only behind a
phrase that hardly means anything else ("under 50", "between 20 and 50") and at the end of the question, unless the question
speaks of people, whose age it may be. Everything else stays words: sizes, codes, and amounts in another currency.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from multilingual.normalising import fold
from multilingual.quantities import names_unit, number_of
from multilingual.segmenting import UNSPACED

# Digits are counted, so that no pattern reads on and on in a text of numbers alone.
_NUMBER = r"(?:[1-9]\d{0,2}(?:[.,'\u00a0\u202f ]\d{3}){1,3}(?![\d])(?:[.,]\d{1,2}(?!\d))?|\d{1,9}(?:[.,]\d{1,2}(?!\d))?(?!\d))"
_TIMES = {"千": 1e3, "천": 1e3, "万": 1e4, "萬": 1e4, "만": 1e4}
_LETTERS = rf"[^\W_{UNSPACED}]"  # and digits, of scripts in which a space ends a word
_BEGINS = rf"(?<!{_LETTERS})(?<![\d._/+-])"
_ENDS = rf"(?!{_LETTERS})(?![.,/+-]?\d)(?![_/+-])"
_SUFFIX = r"(?:['’][^\W\d_]{1,5})?"  # Turkish puts one behind a currency: 80 TL'ye kadar
_ENDS_WITH_LETTER = re.compile(rf"{_LETTERS}$")
_LAST = re.compile(r"[\s.!?。]*$")
_WORD = re.compile(r"[^\W\d_]+")
_NEXT = re.compile(r"\s{0,3}(?P<word>[^\s\d]{1,24})")


@dataclass(frozen=True, slots=True)
class PriceRange:
    """`text`: the part of the question that asks for it, as it is written. Both ends belong to it; None leaves one open."""

    text: str
    at_least: float | None = None
    at_most: float | None = None


def split(words: str, currency: str = "") -> tuple[str, tuple[PriceRange, ...]]:
    """The question without the ranges of prices that it asks for, and these. `currency`: the shop's, "" where nobody knows.

    >>> split("lamp under 50 euro", "EUR")
    ('lamp', (PriceRange(text='under 50 euro', at_least=None, at_most=50.0),))
    >>> split("shelf under 100 cm", "EUR")
    ('shelf under 100 cm', ())
    """
    if not any(map(str.isdecimal, words)):
        return words, ()
    plain = "".join(map(_plain, words))
    found = []
    for match in _pattern(currency.upper()).finditer(plain):
        ends = _ends(match, plain, currency)
        if ends is not None:
            found.append((match, PriceRange(words[match.start() : match.end()].strip(), *ends)))
    least = max((one.at_least for _, one in found if one.at_least is not None), default=-math.inf)
    most = min((one.at_most for _, one in found if one.at_most is not None), default=math.inf)
    if not found or least > most:
        return words, ()
    rest, end = [], 0
    for match, _ in found:
        rest.append(words[end : match.start()])
        end = match.end()
    return without_gaps(" ".join([*rest, words[end:]])), tuple(one for _, one in found)


@functools.lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """In small letters, full-width digits and signs as plain ones. It stays one character, so places stay what they are."""
    plain = unicodedata.normalize("NFKC", character).lower()
    return plain if len(plain) == 1 else character


def without_gaps(words: str) -> str:
    """The words after a part of them was taken out: single spaces, and no comma at either end."""
    return " ".join(words.split()).strip(" ,;")


def _ends(match: re.Match[str], text: str, currency: str) -> tuple[float | None, float | None] | None:
    """Both ends of the range; None where the numbers aren't prices."""
    if not _is_price(match, text):
        return None
    values = [
        number_of(match[name].replace("\u00a0", " ").replace("\u202f", " "))
        * _TIMES.get(match[f"{name}_times"] or "", 1.0)
        for name in ("single", "ahead", "first", "second")
        if match[name]
    ]
    if len(values) == 2:
        # "Over 100 under 50" contradicts itself; "between 100 and 50" is only said the wrong way round.
        if match["over"] and values[0] > values[1]:
            return None
        return min(values), max(values)
    upwards = match["above"] or match["least_behind"]
    if upwards:
        return values[0], None
    return (None, values[0]) if values[0] > 0 else None


def _is_price(match: re.Match[str], text: str) -> bool:
    signs = ("single", "ahead", "first", "second")
    if any(match[f"{name}_before"] or match[f"{name}_behind"] for name in signs):
        return True
    if match["price"]:
        return not _counts_something(text, match.end())
    certain = (match["below"] or match["open"]) and not match["lead"]
    # The end is looked for first: the whole question is read for one number at most.
    return bool(certain and _LAST.match(text, match.end()) and not _speaks_of_people(text))


def _speaks_of_people(text: str) -> bool:
    return not _phrases()["people"].isdisjoint(word.lower() for word in _WORD.findall(text))


def _counts_something(text: str, place: int) -> bool:
    """Whether a unit or some currency stands there, of which the number before is the amount."""
    following = _NEXT.match(text, place)
    if following is None:
        return False
    word = following["word"].lower().rstrip(".,;!?")
    return word.startswith(("%", '"')) or names_unit(word) or word in _all_currencies()


# --- The tables ---------------------------------------------------------------------------------


@functools.cache
def _phrases() -> dict[str, frozenset[str]]:
    """Kind -> its phrases in all languages, also without their marks."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for line in _lines("ranges.txt"):
        _, kind, phrases = line.split(" ", 2)
        kinds[kind].update(form for phrase in phrases.split("|") for form in (phrase.lower(), fold(phrase.lower())))
    return {kind: frozenset(phrases) for kind, phrases in kinds.items()}


@functools.cache
def _currencies() -> dict[str, frozenset[str]]:
    """ISO 4217 code -> how the currency is written, in small letters."""
    currencies: dict[str, set[str]] = defaultdict(set)
    for line in _lines("currencies.txt"):
        codes, spellings = line.split(" ", 1)
        for code in codes.split(","):
            forms = (form.lower() for spelling in spellings.split("|") for form in (spelling, fold(spelling.lower())))
            currencies[code].update((code.lower(), *forms))
    return {code: frozenset(spellings) for code, spellings in currencies.items()}


@functools.cache
def _all_currencies() -> frozenset[str]:
    return frozenset().union(*_currencies().values())


def _lines(name: str) -> Iterable[str]:
    text = (Path(__file__).parent / "data" / name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


# --- The pattern --------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def _pattern(currency: str) -> re.Pattern[str]:
    """All ways to ask for a range in one pattern, with an own part for each of them."""
    spellings = _currencies().get(currency, frozenset({currency.lower()} if currency else ()))
    money = _any(spellings)

    def amount(name: str) -> str:
        before = rf"(?:(?P<{name}_before>{money})\s{{0,2}})?" if spellings else rf"(?P<{name}_before>(?!))?"
        behind = rf"(?:\s{{0,2}}(?P<{name}_behind>{money}){_SUFFIX})?" if spellings else rf"(?P<{name}_behind>(?!))?"
        return rf"{before}(?P<{name}>{_NUMBER})\s?(?P<{name}_times>[{''.join(_TIMES)}])?{behind}"

    phrases = _phrases()
    pairs = {kind: [phrase.split(" … ") for phrase in phrases[kind]] for kind in ("between", "span")}
    openings = {kind: {opening for opening, _ in each} for kind, each in pairs.items()}
    middles = {kind: {middle for _, middle in each} for kind, each in pairs.items()}

    def named(name: str, some: Iterable[str] | None = None) -> str:
        return rf"(?P<{name}>{_any(phrases[name] if some is None else some)})"

    two = (
        rf"(?:(?:{named('open', openings['between'])}|{named('span', openings['span'])}|{named('over', phrases['above'])})"
        rf"\s{{0,3}})?{amount('first')}\s{{0,3}}(?:[-–—~〜～]|{_any(phrases['join'].union(*middles.values()))}"
        rf"|(?:{_any(middles['between'])}\s{{1,3}})?{_any(phrases['below'] | phrases['to'])})\s{{0,3}}{amount('second')}"
    )
    ahead = rf"(?:{named('below')}|{named('to')}|{named('above')})\s{{0,3}}{amount('ahead')}"
    behind = rf"{amount('single')}\s{{0,3}}(?:{named('most_behind')}|{named('least_behind')})"
    start = rf"{_BEGINS}(?:{named('lead')}\s{{1,3}})?(?:{named('price')}[\s:]{{0,3}})?"
    words = {phrase for phrase in phrases["tail"] if _ENDS_WITH_LETTER.search(phrase)}
    tail = rf"(?:\s{{1,3}}{_any(words)}|{_any(phrases['tail'] - words)})?{_ENDS}"
    return re.compile(rf"{start}(?:{two}|{ahead}|{behind}){tail}")


def _any(phrases: Iterable[str]) -> str:
    """One of the phrases, the longest that stands there. One that ends with a letter ends a word, where scripts have spaces."""
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    signs = [phrase for phrase in longest_first if not _ENDS_WITH_LETTER.search(phrase)]
    words = [phrase for phrase in longest_first if _ENDS_WITH_LETTER.search(phrase)]
    parts = [*map(_written, signs), *([f"(?:{'|'.join(map(_written, words))})(?!{_LETTERS})"] if words else [])]
    return f"(?:{'|'.join(parts)})"


def _written(phrase: str) -> str:
    return r"\s{1,3}".join(re.escape(word) for word in phrase.split()).replace("'", "['’´`]")
