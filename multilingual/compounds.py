"""Relates a word to the compounds of a shop that it is the last part of: "Tisch" to "Esstisch", "bord" to "matbord".

Only words of the shop tell what is one. What stands before must be a word, or begin other compounds, or at least look like
a word: "Optisch" is no table, and neither is "Nachtisch".
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from multilingual.analysis import CACHED_WORDS, LONGEST_WORD, Related, stem_of
from multilingual.detection import function_words
from multilingual.normalising import fold, normalise
from multilingual.segmenting import placed_runs

# By language: what joins the parts of a compound, and what stands before a word without making it a kind of what it means.
# Both are folded.
_LINKS: Mapping[str, tuple[str, ...]] = {
    "de": ("s", "es", "n", "en", "er", "e", "ens"),
    "nl": ("s", "e", "en", "n", "er"),
    "sv": ("s", "e", "u", "o", "a"),
    "da": ("s", "e", "er"),
    "nb": ("s", "e"),
    "fi": ("n", "en", "in", "den", "jen", "s"),
}
_PREFIXES: Mapping[str, frozenset[str]] = {
    language: frozenset(prefixes.split())
    for language, prefixes in {
        "de": "ab an auf aus be bei durch ein emp ent er fort ge gegen her hin hinter in miss mit nach ober uber um un unter ur "
        "ver vor weg wider wieder zer zu zuruck zusammen zwischen",
        "nl": "aan achter af be bij boven door er ge her in mee mis na om on onder ont op over te tegen toe tussen uit ver voor "
        "weg",
        "sv": "an av be bi bort efter en fram for forut fran ge genom hit in med mellan mis miss mot ned ner nar om opp over pa "
        "sam sond till und under upp ut vid a ater",
        "da": "af an be bi bort efter en for fra frem ge gen gennem hen ind med mellem mis mod ned om op over pa sam til u ud "
        "und under ved",
        "nb": "av an be bi bort en etter for fra fram frem ge gjen gjennom hen inn med mellom mis mot ned om opp over pa sam til "
        "u under unn ut ved",
        "fi": "ali ala epa esi jalki jalle kanssa kesken vali yli yla",
    }.items()
}
_SAME = {"no": "nb"}
NORDIC = ("da", "nb", "no", "sv")  # Who reads one reads all, and short words don't tell which it is.
# Adjectives with these endings exist by the thousand, and some nouns have them, too: "optisch" and "grafisch" are no table and
# no fish. Only adjectives are inflected by one of the second, and their stems end like the third.
_ADJECTIVES: Mapping[str, tuple[str, tuple[str, ...], re.Pattern[str]]] = {
    "de": ("isch", ("er", "em"), re.compile(r"(?:[^aeiou][aeiou]|[aiou]s|[ae]n|[^p]p|k)$")),
    "sv": ("isk", ("a", "t"), re.compile("")),
    "da": ("isk", ("e",), re.compile("")),
    "nb": ("isk", ("e",), re.compile("")),
}
_NO_ADJECTIVES = "-", (), re.compile("")
_VOWELS = frozenset("aeiouyæø")
LEAST_PART = 3  # letters of each part
LEAST_HEAD = 4  # letters of a last part that is no word of the shop by itself
LONG_HEAD = 6  # letters of a last part that the shop has in other compounds alone
MOST_OF_A_WORD = 40  # compounds that one word stands for, the commonest of the shop
_LOOKED_AT = 50  # words that begin alike, to see whether they are compounds
# What counts of a word's share: a compound that surely has it as its last part, one that may have, a compound of the question
# in whose place a text has its parts, and its last part alone.
SURE, LIKELY, PARTS, HEAD = 0.5, 0.3, 0.7, 0.3
MOST_WORDS = 32  # of a question; a longer one is a pasted text
MOST_RELATED = 120  # compounds of a whole question


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound of the shop. `sure`: its first part is a word of the shop, or other compounds begin with it."""

    term: str
    sure: bool


def compounding(language: str) -> bool:
    """Whether words of this language are joined without a space."""
    return _SAME.get(language, language) in _LINKS


def related(text: str, shop: Iterable[Compounds]) -> tuple[Related, ...]:
    """What the words of a question stand for in each language of the shop that joins words."""
    runs = (run for run, _, unspaced in placed_runs(normalise(text)) if not unspaced and run.isalpha())
    words = [run[:LONGEST_WORD] for run in itertools.islice(runs, MOST_WORDS)]
    return tuple(each for compounds in shop for each in compounds.related(words))


class Compounds:
    """The words of a shop in one language, to be asked by their ends. It keeps what it was made of; more words make another."""

    def __init__(
        self,
        language: str,
        terms: Mapping[str, tuple[str, int]],
        order: list[str],
        is_word: Callable[[str], bool],
        former: Compounds | None = None,
    ) -> None:
        """`terms`: the stem of each word -> the shortest word with it, and how many objects have it. `order`: the stems in the
        order in which they came. `is_word` says whether a word is one of the shop. `former`: of the same when they were fewer.
        """
        self.language = language
        self._rules = _SAME.get(language, language)
        self._found: dict[tuple[str, str], tuple[Compound, ...]] = {}
        self._terms = terms
        self._is_word = is_word
        # The list may grow at any moment, so it is looked at once.
        new = order[len(former) if former is not None else 0 :]
        self._length = len(new) + (len(former) if former is not None else 0)
        # Two ordered lists one behind the other are merged, so that a few new words cost next to nothing.
        old: tuple[list[str], list[str]] = (former._forwards, former._backwards) if former is not None else ([], [])
        self._forwards: list[str] = sorted([*old[0], *new])
        ended = {each[::-1] for term in new for each in (term, terms[term][0])}
        self._backwards: list[str] = sorted([*old[1], *ended])

    def __len__(self) -> int:
        return self._length

    def related(self, words: Sequence[str]) -> Iterator[Related]:
        """What the words of a question, normalised, stand for beside themselves."""
        most = max(1, MOST_RELATED // max(1, len(words)))
        for word in words:
            if word in function_words(self.language):
                continue
            term, plain = stem_of(word, self.language), fold(word)
            for compound in self.of(plain, stem_of(plain, self.language))[:most]:
                yield Related(self.language, term, (compound.term,), SURE if compound.sure else LIKELY)
            if parts := self.parts(plain):
                first, head = (stem_of(part, self.language) for part in parts)
                yield Related(self.language, term, (first, head), PARTS)
                yield Related(self.language, term, (head,), HEAD, whole=False)
                for compound in self.of(parts[1], head)[:most]:
                    yield Related(self.language, term, (compound.term,), HEAD * SURE, whole=False)
        for first, second in itertools.pairwise(words):
            for whole in self._linked(fold(first), fold(second)):
                for word in (first, second):
                    yield Related(self.language, stem_of(word, self.language), (whole,), 1.0)

    def of(self, word: str, term: str) -> tuple[Compound, ...]:
        """The compounds whose last part is this word, surest and commonest first. `term`: its stem."""
        found = self._found.get((word, term))
        if found is None:
            if len(self._found) >= CACHED_WORDS:
                self._found.clear()
            found = self._found[word, term] = tuple(self._of(word, term)[:MOST_OF_A_WORD])
        return found

    def parts(self, word: str) -> tuple[str, str] | None:
        """The two parts of a word that the shop doesn't have, with the longest last part that it knows."""
        if self._is_word(word) or stem_of(word, self.language) in self._terms:
            return None
        for cut in range(LEAST_PART, len(word) - LEAST_HEAD + 1):
            first, head = word[:cut], word[cut:]
            term = stem_of(head, self.language)
            known = term in self._terms or (len(head) >= LONG_HEAD and self.of(head, term))
            if known and self._joins(first, word, short=False) is not None:
                return self._unlinked(first), head
        return None

    def joins_known(self, word: str) -> bool:
        """Whether the word is made of two that the shop has."""
        cuts = range(LEAST_PART, len(word) - LEAST_HEAD + 1)
        return any(self._is_word(word[cut:]) and self._is_known(word[:cut]) for cut in cuts)

    def _of(self, word: str, term: str) -> list[Compound]:
        if len(term) < LEAST_PART or not term.isalpha():
            return []
        shortest = self._terms[term][0] if term in self._terms else word
        found: dict[str, Compound] = {}
        for compound in self._ending((term, word, shortest)):
            whole = self._terms[compound][0]
            ends = (each for each in (word, shortest, term) if whole.endswith(each))
            head = next(ends, whole[len(compound) - len(term) :])
            first = whole[: len(whole) - len(head)]
            # "Instrument" is no duck, though it ends with the stem of "Ente".
            if not first or compound == term or stem_of(head, self.language) != term:
                continue
            short = min(len(head), len(word), len(shortest)) < LEAST_HEAD
            if short and head != word and not self._is_word(head):
                continue
            if (sure := self._joins(first, whole, short=short)) is not None:
                found[compound] = Compound(compound, sure)
        return sorted(found.values(), key=lambda each: (not each.sure, -self._terms[each.term][1], each.term))

    def _ending(self, ends: Iterable[str]) -> set[str]:
        """The terms that end so, or whose words do: the stems of "Tisch" and "Gartentisch" don't end alike."""
        return {
            found
            for end in ends
            for backwards in _beginning(self._backwards, end[::-1])
            if (found := self._term_of(backwards[::-1]))
        }

    def _term_of(self, ended: str) -> str | None:
        return ended if ended in self._terms else stem_of(ended, self.language)

    def _linked(self, first: str, second: str) -> Iterator[str]:
        """The compounds of the shop that these two words make with something between them: "geburtstagstorte"."""
        for link in _LINKS[self._rules]:
            if self._is_word(whole := f"{first}{link}{second}"):
                yield stem_of(whole, self.language)

    def _joins(self, first: str, word: str, *, short: bool) -> bool | None:
        """Whether the shop shows that `first` is a part of words; None if it is none, or the word is no compound.

        `short`: the other part has few letters.
        """
        if first in _PREFIXES[self._rules] or not _VOWELS.intersection(first):
            return None
        ending, inflections, stems = _ADJECTIVES.get(self._rules, _NO_ADJECTIVES)
        adjective = word.endswith(ending) and stems.search(first) is not None
        if adjective and any(self._is_word(word + each) for each in inflections):
            return None
        if len(first) >= LEAST_PART and self._is_known(first):
            return True
        if self._is_compound_elsewhere(word, len(first)):
            return None
        if short:
            # Short words end many others. What joins parts shows where one ends: "kuckucks-uhr", but "tasta-tur".
            return False if len(first) > LEAST_HEAD and first.endswith("s") else None
        if self._begins_others(first, word):
            return True
        return False if len(first) >= LEAST_PART and not adjective else None

    def _is_compound_elsewhere(self, word: str, cut: int) -> bool:
        """Whether other parts of it are words: "fussball" is made of "fuss" and "ball", so it isn't "fussb" and "all"."""
        cuts = range(LEAST_PART, len(word) - LEAST_HEAD + 1)
        return any(other != cut and self._is_word(word[other:]) and self._is_known(word[:other]) for other in cuts)

    def _begins_others(self, first: str, word: str) -> bool:
        """Whether other compounds begin so."""
        if len(first) < 2:
            return False
        begun = itertools.islice(_beginning(self._forwards, first), _LOOKED_AT)
        return any(
            len(other) - len(first) >= LEAST_HEAD and other[len(first) :] in self._terms and not word.startswith(other)
            for other in begun
        )

    def _is_known(self, first: str) -> bool:
        return self._is_word(self._unlinked(first))

    def _unlinked(self, first: str) -> str:
        """The word of the shop that the first part is, without what joins it to the next; else the part itself."""
        if self._is_word(first):
            return first
        shorter = (
            first[: -len(link)]
            for link in _LINKS[self._rules]
            if first.endswith(link) and len(first) - len(link) >= LEAST_PART
        )
        return next((word for word in shorter if self._is_word(word)), first)


def _beginning(ordered: list[str], beginning: str) -> Iterator[str]:
    for place in range(bisect_left(ordered, beginning), len(ordered)):
        if not ordered[place].startswith(beginning):
            return
        yield ordered[place]
