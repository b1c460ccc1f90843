"""Knows the words of a shop, and what a word is meant to be that the shop doesn't have.

Candidates are compared by optimal string alignment: letters left out, put in, changed, or swapped with a neighbour each
cost one. Only words that nobody has are corrected, never codes, numbers and words of scripts without spaces.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from multilingual.analysis import JOINERS, stem_of
from multilingual.normalising import fold, normalise
from multilingual.segmenting import placed_runs

# Letters of a word from which on so many edits are forgiven. On titles of six languages with one slip each, 4 and 8 found
# the word again in .86, 5 and 9 in .81.
ONE_EDIT_FROM, TWO_EDITS_FROM = 4, 8
WRONG_FIRST_LETTER = 0.5  # edits more: people rarely mistype the first letter
LEAST_PART = 3  # letters of each part of a word that is split in two
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")


@dataclass(frozen=True, slots=True)
class Spelt:
    """A question as it is searched. `changes`: each word that was typed, and what was searched in its place."""

    words: str
    changes: tuple[tuple[str, str], ...] = ()


class Lexicon:
    """The words of one collection, folded, with how many objects have each.

    One thread at a time may add words, while others read.
    """

    def __init__(self) -> None:
        self._languages: dict[str, dict[str, int]] = {}  # word -> language -> objects; the inner ones never change
        self._stems: dict[str, set[str]] = {}  # language -> stems; a new language makes a new dictionary
        self._by_length: dict[int, list[str]] = defaultdict(list)  # of words that titles have
        self._titled: set[str] = set()
        self._ordered: list[str] | None = None  # the same in order; None until somebody looks for a beginning

    def __len__(self) -> int:
        return len(self._languages)

    def add(self, language: str, word: str, objects: int, *, titled: bool) -> None:
        """A word of this language, folded. `titled`: it stands in a title or a facet, so it may be what was meant."""
        self._languages[word] = {**self._languages.get(word, {}), language: objects}
        if language not in self._stems:
            self._stems = {**self._stems, language: set()}
        self._stems[language].add(stem_of(word, language))
        if titled and word not in self._titled and len(word) >= LEAST_PART:
            self._titled.add(word)
            self._by_length[len(word)].append(word)
            self._ordered = None

    def objects(self, language: str, word: str) -> int:
        """How many objects have the word in this language; 0 if none has."""
        return self._languages.get(word, {}).get(language, 0)

    def is_titled(self, word: str) -> bool:
        """Whether the word stands in a title or a facet, in any language, and is long enough to be offered."""
        return word in self._titled

    def knows(self, word: str, language: str | None = None) -> bool:
        """Whether the word, or another form of it in some language, is a word of the shop."""
        if word in self._languages:
            return True
        stems = self._stems
        if language in stems and stem_of(word, language) in stems[language]:
            return True
        return any(stem_of(word, known) in those for known, those in stems.items())

    def languages(self, text: str) -> dict[str, float]:
        """How many words of the text each language of the shop has; a word that several have counts for each in part."""
        votes: dict[str, float] = {}
        for word in words_of(text):
            having = self._languages.get(word, {})
            for language in having:
                votes[language] = votes.get(language, 0.0) + 1 / len(having)
        return votes

    def begins(self, word: str) -> bool:
        """Whether some word of a title begins so."""
        ordered = self._ordered
        if ordered is None:
            ordered = self._ordered = sorted(self._titled)
        place = bisect_right(ordered, word)
        return place < len(ordered) and ordered[place].startswith(word)

    def meant(self, word: str, language: str | None = None, *, most: int = 2) -> str | None:
        """The word of the shop that this one is most likely meant to be; None if none is within `most` edits."""
        budget = min(most, (len(word) >= ONE_EDIT_FROM) + (len(word) >= TWO_EDITS_FROM))
        if not budget:
            return None
        near = [
            (edits + WRONG_FIRST_LETTER * (other[0] != word[0]), other)
            for length in range(len(word) - budget, len(word) + budget + 1)
            for other, edits, _ in process.extract(
                word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=budget, limit=None
            )
        ]
        if not near:
            return None
        return min(near, key=lambda each: self._order(word, language, *each))[1]

    def _order(self, word: str, language: str | None, cost: float, other: str) -> tuple[float, bool, bool, int, str]:
        objects = self._languages[other]
        return cost, not _neighbours(word, other), language not in objects, -max(objects.values()), other

    def parts(self, word: str) -> tuple[str, str] | None:
        """Two words of the shop that this one is made of, the commonest pair: 'dininglamp' -> ('dining', 'lamp')."""
        cuts = range(LEAST_PART, len(word) - LEAST_PART + 1)
        pairs = [(word[:cut], word[cut:]) for cut in cuts if word[:cut] in self._titled and word[cut:] in self._titled]
        return max(pairs, key=lambda pair: min(map(self._objects, pair)), default=None)

    def _objects(self, word: str) -> int:
        return max(self._languages[word].values())


def spelt(text: str, lexicon: Lexicon, language: str | None = None) -> Spelt:
    """The question with each unknown word replaced by what it is meant to be. The last word may be unfinished."""
    text = normalise(text)
    runs = list(placed_runs(text))
    changes: list[tuple[str, str]] = []
    pieces: list[str] = []
    end = 0
    for place, (run, start, unspaced) in enumerate(runs):
        meant = None if unspaced or not run.isalpha() else _meant(run, lexicon, language, last=place == len(runs) - 1)
        if meant:
            changes.append((run, meant))
            pieces += [text[end:start], meant]
            end = start + len(run)
    return Spelt("".join([*pieces, text[end:]]), tuple(changes)) if changes else Spelt(text)


def _meant(word: str, lexicon: Lexicon, language: str | None, *, last: bool) -> str | None:
    plain = fold(word)
    if len(plain) < ONE_EDIT_FROM or lexicon.knows(plain, language) or (last and lexicon.begins(plain)):
        return None
    # One edit is likelier than a lost space, and a lost space than two edits.
    if near := lexicon.meant(plain, language, most=1):
        return near
    parts = lexicon.parts(plain)
    return " ".join(parts) if parts else lexicon.meant(plain, language)


def words_of(text: str) -> Iterator[str]:
    """The words of a text that a lexicon keeps, folded: of letters alone, and what a sign joins ("usb-c" as "usbc").

    Scripts without spaces have none.
    """
    text = normalise(text)
    runs = [(run, start) for run, start, unspaced in placed_runs(text) if not unspaced and run.isalpha()]
    yield from (fold(run) for run, _ in runs)
    for (first, start), (second, next_start) in itertools.pairwise(runs):
        # Folding may make a word longer, so its place in the text is counted before.
        if text[start + len(first) : next_start] in JOINERS:
            yield fold(first + second)


def _neighbours(word: str, other: str) -> bool:
    """Whether the words differ by one letter beside the right one on a keyboard, or by two that are swapped."""
    if len(word) != len(other):
        return False
    differ = [(a, b) for a, b in zip(word, other, strict=True) if a != b]
    if len(differ) == 2:
        return differ[0] == differ[1][::-1]
    return len(differ) == 1 and differ[0][1] in _beside(differ[0][0])


def _beside(letter: str) -> str:
    for row in _ROWS:
        if letter in row:
            place = row.index(letter)
            return row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    return ""
