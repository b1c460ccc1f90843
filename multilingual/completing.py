"""Completes what somebody types: the phrases that go on so, and which part of a title was typed. Plain Python.

What is typed and what a shop says are compared by `plain`, in which letters, marks and signs are as people type them.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from multilingual.analysis import JOINERS
from multilingual.detection import function_words
from multilingual.normalising import fold, normalise
from multilingual.quantities import spelt_out
from multilingual.segmenting import UNSPACED, placed_runs

MOST_WORDS = 4  # of a phrase: longer ones are titles, which are suggested themselves
LEAST_LETTERS = 3  # of a phrase of one word; shorter ones are units and articles
MOST_READ = 64  # phrases that go on as typed, the commonest, among which a question's languages choose
COVERED = 0.8  # A phrase of which a longer one has this share says less than that one.
_LAST = "\U0010ffff"  # No character comes after it.
_SHIFT = 10  # bits of a place in a phrase
_MASK = (1 << _SHIFT) - 1
_BEGINS = 1 << 40  # more than any phrase has objects
# Where a word begins; in scripts without spaces nobody can see that, so each character may begin one.
_BEGINNINGS = re.compile(f"(?<![^ \n])[^ \n]|[{UNSPACED}]")


def plain(text: str) -> str:
    """The text as it is compared: words, with single spaces, and without the signs that join them.

    >>> plain("T-Shirt, Größe ½")
    'tshirt grosse 1 2'
    """
    return _plain(text, joined=True)


def plain_forms(text: str) -> str:
    """The plain text, and on a line of its own the one whose joined words are apart: 'usbc hub', 'usb c hub'."""
    return "\n".join(dict.fromkeys((_plain(text, joined=True), _plain(text, joined=False))))


def _plain(text: str, *, joined: bool) -> str:
    text = normalise(spelt_out(text))
    pieces: list[str] = []
    end, before = 0, ""
    for run, start, _ in placed_runs(text):
        if pieces and not (joined and _joins(before, text[end:start], run)):
            pieces.append(" ")
        pieces.append(fold(run))
        end, before = start + len(run), run
    return "".join(pieces)


def _joins(before: str, between: str, after: str) -> bool:
    """Whether what stands between two words makes them one: 'usb-c', but not the numbers of 1/2."""
    return not between or (between in JOINERS and not (before[-1].isdigit() and after[0].isdigit()))


# --- Phrases of titles --------------------------------------------------------------------------


def phrases_of(title: str, language: str) -> Iterator[str]:
    """What may be asked for of a title: up to four words in a row, normalised, each phrase once.

    None begins or ends with a word such as "for", goes across a comma or "red/blue", or is a number alone.
    """
    small = function_words(language)
    seen: set[str] = set()
    for words in _rows(normalise(title)):
        for first, last in itertools.combinations_with_replacement(range(len(words)), 2):
            if last - first < MOST_WORDS and not (small & {words[first], words[last]}):
                phrase = " ".join(words[first : last + 1])
                if phrase not in seen and _says_something(phrase, single=first == last):
                    seen.add(phrase)
                    yield phrase


def _rows(text: str) -> Iterator[list[str]]:
    """The words of the text, in rows that nothing but spaces parts; what a sign joins is one word."""
    row: list[str] = []
    end, before = 0, ""
    for run, start, _ in placed_runs(text):
        between = text[end:start]
        numbers = before[-1:].isdigit() and run[0].isdigit()
        if row and (not between or (between in JOINERS and (between != "/" or numbers))):
            row[-1] += between + run
        elif row and between != " ":
            yield row
            row = [run]
        else:
            row.append(run)
        end, before = start + len(run), run
    if row:
        yield row


def _says_something(phrase: str, *, single: bool) -> bool:
    if not any(map(str.isalpha, phrase)):
        return False
    return not single or len(phrase) >= LEAST_LETTERS or re.search(f"[{UNSPACED}]", phrase) is not None


def uncovered(counts: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """The phrases, by language and words, without those of which a longer one has nearly all: "led desk" of "led desk lamp"."""
    covered = {
        (language, part)
        for (language, phrase), count in counts.items()
        if " " in phrase
        for part in (phrase.rsplit(" ", 1)[0], phrase.split(" ", 1)[1])
        if count >= COVERED * counts.get((language, part), count + 1)
    }
    return {key: count for key, count in counts.items() if key not in covered}


# --- Finding those that go on as typed ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something to ask for. `text`: as it is shown; `plain`: its `plain_forms`; `language`: "" where it has none."""

    text: str
    plain: str
    objects: int  # that have it
    language: str = ""


class Completions:
    """Phrases, found by what they begin with, or one of their words. Never changed, so any thread may ask."""

    def __init__(self, phrases: Iterable[Phrase] = ()) -> None:
        languages: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            languages.setdefault(phrase.language, []).append(phrase)
        self._languages = {language: _Ordered(those) for language, those in languages.items()}

    def find(self, typed: str, language: str | None, *, most: int) -> list[Phrase]:
        """Phrases that go on as typed (`plain`), the best first: at their begin before at a later word, then the commonest.

        Only where none is of the page's language or of no language, the others are told.
        """
        own = {language or "", ""}
        for languages in (own & self._languages.keys(), self._languages.keys() - own):
            ranked = [each for known in languages for each in self._languages[known].find(typed)]
            if ranked:
                best = sorted(ranked, key=lambda each: (-each[0], each[1].text))
                return list(dict.fromkeys(phrase for _, phrase in best))[:most]
        return []


class _Ordered:
    """Phrases of one language, with each place at which a word begins in the order of what follows.

    A place is a number, so that the texts aren't kept a second time for each of their words.
    """

    def __init__(self, phrases: list[Phrase]) -> None:
        self._phrases = phrases
        places = [
            (number << _SHIFT) + match.start()
            for number, phrase in enumerate(phrases)
            for match in _BEGINNINGS.finditer(phrase.plain[: 1 << _SHIFT])
        ]
        self._places = array("q", sorted(places, key=self._following))
        self._ranks = array("q", map(self._rank, self._places))

    def _following(self, place: int) -> str:
        return self._phrases[place >> _SHIFT].plain[place & _MASK :]

    def _rank(self, place: int) -> int:
        phrase, start = self._phrases[place >> _SHIFT], place & _MASK
        begins = start == 0 or phrase.plain[start - 1] == "\n"
        return phrase.objects + begins * _BEGINS

    def find(self, typed: str) -> list[tuple[int, Phrase]]:
        """The rank and the phrase of each of the best that go on as typed."""
        begin = bisect_left(self._places, typed, key=self._following)
        end = bisect_left(self._places, typed + _LAST, key=self._following)
        best = heapq.nlargest(MOST_READ, range(begin, end), key=self._ranks.__getitem__)
        return [(self._ranks[place], self._phrases[self._places[place] >> _SHIFT]) for place in best]


# --- Marking ------------------------------------------------------------------------------------


def parts(title: str, typed: str) -> list[tuple[str, bool]]:
    """The title in pieces, and of each whether it was typed (`plain`): 'Red chair' for 'cha' is 'Red ', 'cha', 'ir'."""
    begins = [(start, unspaced) for _, start, unspaced in _word_runs(title)]
    whole = next((reach for start, _ in begins if (reach := _reached(title, start, typed))), None)
    marked = [whole] if whole else [_first_reach(title, begins, word) for word in typed.split()]
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in sorted({each for each in marked if each}):
        if start >= end:
            pieces += [(title[end:start], False), (title[start:stop], True)]
            end = stop
    pieces.append((title[end:], False))
    return [(text, was_typed) for text, was_typed in pieces if text]


def goes_on(title: str, typed: str) -> tuple[bool, bool, bool]:
    """How a title continues what was typed, False before True: it begins so, a word does, or each typed word begins one."""
    begins = [(start, unspaced) for _, start, unspaced in _word_runs(title)]
    reached = [start for start, _ in begins if _reached(title, start, typed)]
    every = bool(reached) or all(_first_reach(title, begins, word) for word in typed.split())
    return not (reached and begins[0][0] == reached[0]), not reached, not every


def _word_runs(title: str) -> Iterator[tuple[str, int, bool]]:
    """The places at which a typed word may begin."""
    for run, start, unspaced in placed_runs(title):
        if unspaced:
            yield from ((run[place:], start + place, True) for place in range(len(run)))
        else:
            yield run, start, False


def _first_reach(title: str, begins: list[tuple[int, bool]], word: str) -> tuple[int, int] | None:
    return next((reach for start, _ in begins if (reach := _reached(title, start, word))), None)


def _reached(title: str, start: int, typed: str) -> tuple[int, int] | None:
    """From where to where the title says what was typed, if it does from `start` on."""
    done = 0
    for place in range(start, len(title)):
        for letter in _letters(title[place]):
            if done == len(typed):
                break  # One sign stands for several letters: "ß", "½".
            if letter == typed[done]:
                done += 1
            elif letter == " " and (typed[done - 1] == " " or done == 0):
                continue
            elif title[place] not in JOINERS:
                return None
        if done == len(typed):
            stop = place + 1
            while stop < len(title) and not _letters(title[stop]):
                stop += 1  # Marks that belong to the last letter.
            return start, stop
    return None


@functools.lru_cache(maxsize=4096)
def _letters(character: str) -> str:
    """What one character of a title is in `plain`: letters and digits, a space for each other sign, nothing for a mark."""
    folded = fold(normalise(spelt_out(character))) if not character.isspace() else " "
    return "".join(one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in folded)
