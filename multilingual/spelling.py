"""Knows the words of a shop, and what a word is meant to be that the shop doesn't have.

Candidates are compared by optimal string alignment: letters left out, put in, changed, or swapped with a neighbour each
cost one. Only words that nobody has are corrected, never codes, numbers and words of scripts without spaces.
"""

from __future__ import annotations

import heapq
import itertools
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from multilingual.analysis import JOINERS, Related, stem_of
from multilingual.colours import is_colour
from multilingual.compounds import LIKELY, NORDIC, Compounds, compounding, related
from multilingual.languages import LANGUAGES, UNDETERMINED
from multilingual.normalising import fold, normalise
from multilingual.quantities import spelt_out
from multilingual.segmenting import of_letters, placed_runs
from multilingual.transliterating import consonants, leaves_vowels_out, on_other_layouts, reading_key

# Letters of a word from which on so many edits are forgiven. On titles of six languages with one slip each, 4 and 8 found
# the word again in .86, 5 and 9 in .81.
ONE_EDIT_FROM, TWO_EDITS_FROM = 4, 8
# How many edits more or less a candidate counts: people rarely mistype the first letter, they often hit the key beside the right
# one or swap two letters, and they ask for what the shop has much of. Slips put into titles of six languages, where common words
# are asked more often, found the word again in .988 with these (.979 when the number of objects decided among equals alone), and
# in 19,000 titles of electronics in .978 (.948).
WRONG_FIRST_LETTER, NEIGHBOUR_KEY, TEN_TIMES_COMMONER, OTHER_LANGUAGE = 0.25, -0.25, -0.2, 0.3
LEAST_PART = 3  # letters of each part of a word that is split in two
MOST_BEGUN = 8  # words that are taken for what an unfinished one may become
SHORTEST_BEGUN = 3  # letters; fewer begin too many words
_LAST = "\U0010ffff"  # No letter comes after it.
# A word that so few objects have is rare from so many letters on, and a near one is offered that has so many times as many.
RARE, RARE_FROM, FAR_COMMONER = 2, 5, 20
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")


@dataclass(frozen=True, slots=True)
class Spelt:
    """A question as it is searched. `changes`: each word that was typed, and what was searched in its place."""

    words: str
    changes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A word of the shop, in these languages, whose beginning somebody types; `typed` is that beginning without the slip."""

    word: str
    typed: str
    languages: tuple[str, ...]


class Lexicon:
    """The words of one collection, folded, with how many objects have each.

    One thread at a time may add words, while others read.
    """

    def __init__(self) -> None:
        self._languages: dict[str, dict[str, int]] = {}  # word -> language -> objects; the inner ones never change
        # language -> stem -> the shortest word with it, and how many objects have one; a new language makes a new dictionary
        self._stems: dict[str, dict[str, tuple[str, int]]] = {}
        self._came: dict[str, list[str]] = defaultdict(list)  # language -> stems as they came
        self._compounds: dict[str, Compounds] = {}
        self._readings: dict[str, list[str]] = defaultdict(list)  # reading key -> words of titles in other alphabets
        self._by_length: dict[int, list[str]] = defaultdict(list)  # of words that titles have
        self._titled: set[str] = set()
        self._ordered: list[str] = []  # the same in order, as of when somebody last looked for a beginning
        self._letters: dict[int, str] = {}  # of each alphabet those that they are written with

    def __len__(self) -> int:
        return len(self._languages)

    def __contains__(self, word: str) -> bool:
        """Whether the shop writes the word so, in any language."""
        return word in self._languages

    def add(self, language: str, word: str, objects: int, *, titled: bool) -> None:
        """A word of this language, folded. `titled`: it stands in a title or a facet, so it may be what was meant."""
        self._languages[word] = {**self._languages.get(word, {}), language: objects}
        if language not in self._stems:
            self._stems = {**self._stems, language: {}}
        stem = stem_of(word, language)
        new = stem not in self._stems[language]
        shortest, most = self._stems[language].get(stem, (word, 0))
        self._stems[language][stem] = min(word, shortest, key=len), max(objects, most)
        if new:
            self._came[language].append(stem)
        if titled and word not in self._titled and len(word) >= LEAST_PART:
            self._titled.add(word)
            self._by_length[len(word)].append(word)
            for letter in word:
                if letter not in (known := self._letters.get(_alphabet(letter), "")):
                    self._letters = {**self._letters, _alphabet(letter): known + letter}
            if key := _kept_key(word):
                self._readings[key].append(word)

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

    def has(self, word: str, language: str | None) -> bool:
        """Whether the word, or another form of it, is one of this language; of any, if the shop has no word in this one."""
        stems = self._stems.get(language) if language else None
        if stems is None:
            return self.knows(word)
        return bool(self.objects(language or "", word)) or stem_of(word, language or "") in stems

    def compounds(self, language: str) -> Compounds:
        """The words of a language that joins words, to be asked by their parts."""
        came, known = self._came[language], self._compounds.get(language)
        if known is None or len(known) != len(came):
            known = Compounds(language, self._stems.get(language, {}), came, self._has(language), known)
            self._compounds[language] = known
        return known

    def _has(self, language: str) -> Callable[[str], bool]:
        return lambda word: language in self._languages.get(word, ())

    def related(self, text: str, languages: Iterable[str], language: str | None = None) -> tuple[Related, ...]:
        """What the words of a question stand for in those of the languages that the shop has and that join words.

        `language`: that of the question. In others a word ends compounds by chance ("tomate" a Kaffeevollautomat), so these
        are looked at only if the shop knows none of the words, and then only what surely is a compound counts.
        """
        same = NORDIC if language in NORDIC else (language,)
        own = [each for each in languages if self._joins_words(each) and (language is None or each in same)]
        if own or self.languages(text):
            return related(text, map(self.compounds, own))
        others = related(text, [self.compounds(each) for each in languages if self._joins_words(each)])
        return tuple(each for each in others if each.share > LIKELY)

    def _joins_words(self, language: str) -> bool:
        return language in self._stems and compounding(language)

    def languages(self, text: str) -> dict[str, float]:
        """How many words of the text each language of the shop has; a word that several have counts for each in part."""
        votes: dict[str, float] = {}
        for word in words_of(text):
            having = self._languages.get(word, {})
            for language in having:
                votes[language] = votes.get(language, 0.0) + 1 / len(having)
        return votes

    def begins(self, word: str) -> bool:
        """Whether some longer word of a title begins so."""
        ordered = self._in_order()
        return _begins_at(ordered, bisect_right(ordered, word), word)

    def _begins_some(self, beginning: str) -> bool:
        ordered = self._in_order()
        return _begins_at(ordered, bisect_left(ordered, beginning), beginning)

    def begun(
        self, beginning: str, language: str | None = None, *, most: int = MOST_BEGUN, slips: bool = True
    ) -> list[Begun]:
        """Words of titles that begin so, best first.

        Where none of them is of the page's language, those follow that do begin so but for one edit, if `slips` count.
        """
        best = heapq.nsmallest(
            most, _beginning_so(self._in_order(), beginning), key=lambda word: self._rank(word, language)
        )
        begun = [self._begun(word, beginning) for word in best]
        if best and (language not in self._stems or language in self._languages[best[0]]):
            return begun
        if not slips or len(beginning) < ONE_EDIT_FROM:
            return begun
        only = language if best else None
        near = [each for each in self._nearly_begun(beginning, language, only, most) if each.word not in best]
        return [*begun, *near][:most]

    def _nearly_begun(self, beginning: str, language: str | None, only: str | None, most: int) -> list[Begun]:
        """Words that begin so but for one edit; `only`: of this language."""
        ordered = self._in_order()
        cheapest: dict[str, tuple[float, bool, str]] = {}
        for near in self._one_edit_away(beginning):
            if words := _beginning_so(ordered, near):
                cost = WRONG_FIRST_LETTER * (near[0] != beginning[0]), not _neighbours(beginning, near), near
                for word in words:
                    if only is None or only in self._languages[word]:
                        cheapest[word] = min(cost, cheapest.get(word, cost))
        best = heapq.nsmallest(most, cheapest, key=lambda word: (*cheapest[word][:2], *self._rank(word, language)))
        return [self._begun(word, cheapest[word][2]) for word in best]

    def _begun(self, word: str, typed: str) -> Begun:
        return Begun(word, typed, tuple(self._languages[word]))

    def _in_order(self) -> list[str]:
        ordered = self._ordered
        # Words are never taken away. A mark that a reader has to clear could be set anew meanwhile, and then get lost.
        if len(ordered) < len(self._titled):
            ordered = self._ordered = sorted(self._titled)
        return ordered

    def _one_edit_away(self, word: str) -> set[str]:
        """Texts of the same alphabet that one edit makes of the word, among them all with which some word begins."""
        letters = self._letters.get(_alphabet(word[0]), "")
        # Behind a beginning that no word has, an edit leads nowhere.
        heads = itertools.takewhile(self._begins_some, (word[:place] for place in range(len(word) + 1)))
        cuts = [(head, word[len(head) :]) for head in heads]
        near = {head + tail[1:] for head, tail in cuts if tail}
        near |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
        near |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in letters}
        near |= {head + letter + tail for head, tail in cuts for letter in letters}
        return near - {word}

    def meant(self, word: str, language: str | None = None, *, most: int = 2) -> str | None:
        """The word of the shop that this one is most likely meant to be; None if none is within `most` edits."""
        budget = min(most, (len(word) >= ONE_EDIT_FROM) + (len(word) >= TWO_EDITS_FROM))
        if not budget:
            return None
        near = [
            (edits + self._unlikely(word, other, language), other)
            for length in range(len(word) - budget, len(word) + budget + 1)
            for other, edits, _ in process.extract(
                word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=budget, limit=None
            )
        ]
        return min(near)[1] if near else None

    def _unlikely(self, typed: str, other: str, language: str | None) -> float:
        """How many edits more the other word counts, by what isn't an edit."""
        having = self._languages[other]
        foreign = language in self._stems and language not in having
        objects = 0 if foreign else having.get(language or "", max(having.values()))
        return (
            WRONG_FIRST_LETTER * (other[0] != typed[0])
            + NEIGHBOUR_KEY * _neighbours(typed, other)
            + TEN_TIMES_COMMONER * math.log10(objects + 1)
            + OTHER_LANGUAGE * foreign
        )

    def _rank(self, word: str, language: str | None) -> tuple[bool, int, str]:
        """Words of the page's language come first, then those that more objects have."""
        objects = self._languages[word]
        return language not in objects, -max(objects.values()), word

    def read(self, word: str, language: str | None = None) -> str | None:
        """The word of another alphabet that is typed so in Latin letters: "stul" -> "стул"; None if the shop has none."""
        if not word.isascii() or not (key := reading_key(word)):
            return None
        # A word that is read by its consonants alone is less sure.
        words = tuple(self._readings.get(key, ())) or tuple(self._readings.get(f"={consonants(key)}", ()))
        if not words:
            return None
        return min(words, key=lambda other: (language not in self._languages[other], -self._objects(other), other))

    def mistyped(self, word: str) -> str | None:
        """The word of the shop that the same keys write on another keyboard; None if there is none."""
        return next((fold(other) for other in on_other_layouts(word) if fold(other) in self._titled), None)

    def commoner(self, word: str) -> str | None:
        """A far commoner word of titles, one edit away, in place of a rare one; None if there is none."""
        having = self._languages.get(word, {})
        if len(word) < RARE_FROM or not having or max(having.values()) > RARE:
            return None
        near = [
            (self._objects(other), other)
            for length in (len(word) - 1, len(word), len(word) + 1)
            for other, _, _ in process.extract(
                word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=1, limit=None
            )
            if other[0] == word[0] and other != word and not having.keys().isdisjoint(self._languages[other])
        ]
        stems = {(language, stem_of(word, language)) for language in having}
        others = [each for each in near if not stems & {(language, stem_of(each[1], language)) for language in having}]
        objects, other = max(others, default=(0, ""))
        return other if objects >= FAR_COMMONER * max(having.values()) else None

    def parts(self, word: str) -> tuple[str, str] | None:
        """Two words of the shop that this one is made of, the commonest pair: 'dininglamp' -> ('dining', 'lamp')."""
        cuts = range(LEAST_PART, len(word) - LEAST_PART + 1)
        pairs = [(word[:cut], word[cut:]) for cut in cuts if word[:cut] in self._titled and word[cut:] in self._titled]
        return max(pairs, key=lambda pair: min(map(self._objects, pair)), default=None)

    def is_made_of_words(self, word: str) -> bool:
        """Whether it surely is the last part of compounds, or a compound, in a language of the shop that joins words."""
        shop = [self.compounds(language) for language in self._stems if compounding(language)]
        return any(
            any(compound.sure for compound in each.of(word, stem_of(word, each.language))) or each.joins_known(word)
            for each in shop
        )

    def _objects(self, word: str) -> int:
        return max(self._languages[word].values())


def spelt(
    text: str,
    lexicon: Lexicon,
    language: str | None = None,
    *,
    slips: bool = True,
    right: Collection[str] = (),
) -> Spelt:
    """The question with each unknown word replaced by what it is meant to be. The last word may be unfinished.

    Without `slips`, only words are replaced that are typed in letters of another alphabet. `right`: words that stay, folded.
    """

    def meant(word: str, last: bool) -> str | None:
        if fold(word) in right:
            return None
        if not slips:
            return None if lexicon.knows(fold(word), language) else lexicon.read(fold(word), language)
        return _meant(word, lexicon, language, last=last)

    return _replaced(text, meant, lexicon.__contains__)


def offered(text: str, lexicon: Lexicon, language: str | None = None, *, right: Collection[str] = ()) -> Spelt:
    """What may have been meant where it isn't clear enough to be searched: a question to ask the shopper.

    Words that nobody has, typed on the wrong keyboard layout; rare words that are one edit from a far commoner one.
    """

    def meant(word: str, last: bool) -> str | None:
        plain = fold(word)
        if plain in right:
            return None
        if not lexicon.knows(plain, language):
            return lexicon.mistyped(word) if len(plain) >= ONE_EDIT_FROM else None
        return lexicon.commoner(plain)

    return _replaced(text, meant, lexicon.__contains__)


def _replaced(text: str, meant_by: Callable[[str, bool], str | None], is_word: Callable[[str], bool]) -> Spelt:
    """`meant_by`: what a word, the last or not, is meant to be. `is_word`: whether two words joined are one of the shop."""
    text = normalise(spelt_out(text))
    runs = list(placed_runs(text))
    whole = _halves(text, runs, is_word)
    changes: list[tuple[str, str]] = []
    pieces: list[str] = []
    end = 0
    for place, (run, start, unspaced) in enumerate(runs):
        stays = unspaced or not of_letters(run) or place in whole
        meant = None if stays else meant_by(run, place == len(runs) - 1)
        if meant:
            changes.append((run, meant))
            pieces += [text[end:start], meant]
            end = start + len(run)
    return Spelt("".join([*pieces, text[end:]]), tuple(changes)) if changes else Spelt(text)


def _halves(text: str, runs: Sequence[tuple[str, int, bool]], is_word: Callable[[str], bool]) -> set[int]:
    """The places of words that are one word of the shop together with a neighbour: "sand paper" has no slip."""
    halves: set[int] = set()
    for place, ((first, start, _), (second, next_start, _)) in enumerate(itertools.pairwise(runs)):
        between = text[start + len(first) : next_start].strip()
        joined = not between or between in JOINERS
        if joined and of_letters(first) and of_letters(second) and is_word(fold(first + second)):
            halves |= {place, place + 1}
    return halves


def _meant(word: str, lexicon: Lexicon, language: str | None, *, last: bool) -> str | None:
    plain = fold(word)
    if len(plain) < ONE_EDIT_FROM or lexicon.knows(plain, language):
        return None
    read = lexicon.read(plain, language)
    # On a page in another alphabet Latin letters are more likely that than a slip.
    if read and language in LANGUAGES and LANGUAGES[language].script != "Latin":
        return read
    # Titles may name colours in another language, or not at all.
    if (last and lexicon.begins(plain)) or is_colour(plain, language) or lexicon.is_made_of_words(plain):
        return None
    # One edit is likelier than a lost space, and a lost space than two edits.
    if near := lexicon.meant(plain, language, most=1) or read:
        return near
    if parts := lexicon.parts(plain):
        return " ".join(parts)
    # Who types a plural may want what titles have in the singular alone.
    stem = stem_of(plain, language or UNDETERMINED)
    return lexicon.meant(plain, language) or (lexicon.meant(stem, language, most=1) if stem != plain else None)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What somebody is typing: `words`, as `spelt` would have them, and what the last one may become, which isn't in `words`.

    Without `endings` all is in `words`: the last is a word of the shop already, or nobody knows what it may become.
    """

    words: str
    endings: tuple[Begun, ...] = ()


def unfinished(text: str, lexicon: Lexicon, language: str | None = None, *, slips: bool = True) -> Unfinished:
    """What is being typed, and the words of the shop that the last word may become. `slips`: whether slips are forgiven.

    >>> unfinished("wodden cha", lexicon)
    Unfinished("wooden", (Begun("chair", "cha", ("en",)), Begun("chairs", "cha", ("en",))))
    """
    text = normalise(spelt_out(text))
    whole = Unfinished(spelt(text, lexicon, language).words if slips else text)
    for exact in (True, False):
        for start, word in _last_words(text):
            # A word of another language alone is likelier a beginning: "lam" is a form of French "lame".
            if lexicon.has(word, language) or (not exact and word in lexicon):
                return whole
            endings = lexicon.begun(word, language, slips=slips)
            if endings and (not exact or endings[0].typed == word):
                finished = text[:start].rstrip()
                return Unfinished(spelt(finished, lexicon, language).words if slips else finished, tuple(endings))
    return whole


def _last_words(text: str) -> list[tuple[int, str]]:
    """The last word of letters as a lexicon keeps it, and where it begins; before it, the same with the one that a sign joins."""
    words: list[tuple[int, str]] = []
    for run, begin, unspaced in reversed(list(placed_runs(text))[-2:]):
        if unspaced or not run.isalpha() or (words and text[begin + len(run) : words[0][0]] not in JOINERS):
            break
        words.insert(0, (begin, fold(run) + (words[0][1] if words else "")))
    return [each for each in words if len(each[1]) >= SHORTEST_BEGUN]


def _kept_key(word: str) -> str:
    """The key by which a word of another alphabet is found; "" for Latin ones."""
    if word.isascii() or not any(letter >= "\u0370" for letter in word):
        return ""
    key = reading_key(word)
    if not leaves_vowels_out(word):
        return key
    return f"={bare}" if (bare := consonants(key)) else ""


def words_of(text: str) -> Iterator[str]:
    """The words of a text that a lexicon keeps, folded: of letters alone, and what a sign joins ("usb-c" as "usbc").

    Scripts without spaces have none.
    """
    text = normalise(text)
    runs = [(run, start) for run, start, unspaced in placed_runs(text) if not unspaced and of_letters(run)]
    yield from (fold(run) for run, _ in runs)
    for (first, start), (second, next_start) in itertools.pairwise(runs):
        # Folding may make a word longer, so its place in the text is counted before.
        if text[start + len(first) : next_start] in JOINERS:
            yield fold(first + second)


def _begins_at(ordered: list[str], place: int, beginning: str) -> bool:
    return place < len(ordered) and ordered[place].startswith(beginning)


def _beginning_so(ordered: list[str], beginning: str) -> list[str]:
    first = bisect_left(ordered, beginning)
    if not _begins_at(ordered, first, beginning):
        return []
    return ordered[first : bisect_left(ordered, beginning + _LAST, first)]


def _alphabet(letter: str) -> int:
    """Letters of one alphabet stand together in Unicode: Latin, Greek, Cyrillic, Hebrew, Arabic have a block each."""
    return ord(letter) >> 8


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
