"""Turns text into index terms. All engines use these terms, for the index and for queries, so that both always agree."""

from __future__ import annotations

import functools
import itertools
import os
import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import Stemmer

from multilingual.detection import function_words
from multilingual.endings import loosely, without_ending, without_fleeting
from multilingual.irregular import regular
from multilingual.japanese import usual_writing
from multilingual.languages import LANGUAGES
from multilingual.normalising import digraphs, fold, normalise, simplified, without_number_signs
from multilingual.quantities import Quantity, Size, decimals, quantities, sizes, spelt_out
from multilingual.segmenting import bigrams, characters, loose_pairs, may_be_loose, placed_runs, without_okurigana

# Fewer pairs of characters than this are one word or name (up to four characters), so they must follow each other. More of
# them are several words, of which a document may lack some.
PHRASE_LENGTH = 4
# Words are cut after so many characters. Nobody types a longer one, and a pasted key would break an engine's limit.
LONGEST_WORD = 64
CACHED_WORDS = 20_000  # for each language, so that a word that comes again needn't be stemmed again
# "l'armoire", "dell'ufficio", "qu'une", "men's": the short part beside the apostrophe is no word to search for.
_ELISION = re.compile(r"\b[^\W\d_]{1,2}'(?=\w)|(?<=\w)'s\b|\b(?:a|[dn]e|[ds]a|su|co|que|be)ll'(?=\w)")
_NEVER = re.compile(r"(?!)")
JOINERS = frozenset("-/._·'’+&")
MOST_JOINED = 3  # words that a sign joins
LONGEST_JOINED = 24  # characters
LEAST_TOGETHER = 6  # characters of two words that are also asked as one; shorter ones meet other words
HEAD_SIGN = "^"  # before what a title is about (multilingual/heads.py)
_FORM_SIGNS = ("+", "=", HEAD_SIGN)  # no word begins with one
# Of these languages keyboards elsewhere lack letters for which people type two.
_DIGRAPHED = frozenset({"da", "nb", "no", "sv", "fi", "et", "de", "hr", "sr", "sl"})
_DOTTED = frozenset({"tr", "az"})  # In these languages "I" is the capital of "ı", and "İ" is the capital of "i".


# An alternative is what a document must have, all of it; a slot of a question is satisfied by any of its alternatives.
Alternative = tuple[str, ...]
Slot = tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """What would do in place of a term of a question in one language, and what share of it that counts.

    `whole`: who has the alternative has what the term asks for; else it is only near it.
    """

    language: str
    term: str
    alternative: Alternative
    share: float
    whole: bool = True


def is_form(term: str) -> bool:
    """Whether the term is another form of what stands in a text, such as "+usbc" of "usb-c", and makes the text no longer."""
    return term[0] in _FORM_SIGNS


def analyse(text: str, language: str) -> list[str]:
    """The terms of a text in order: words, stemmed and without diacritics, or pairs of characters.

    Behind them stand other forms of the same, which `is_form` tells: "+usbc" of "usb-c", "+cat5e" of "cat 5e", a quantity
    of "5 kg". A language without a stemmer, such as "und", gives plain words. It never raises; no term is empty or has a
    space.
    """
    read = _read(text, language)
    terms: list[str] = []
    for run in read.runs:
        terms += run.terms
        if run.unspaced:
            # Single characters come after the pairs, so that they don't separate pairs that must follow each other.
            terms += characters(run.text)
    for run in read.runs:
        terms += (f"+{term}" for term in run.unmarked)
    terms += (f"+{joined.term}" for joined in read.joined)
    terms += (measured.kept for measured in read.measured)
    return terms


def analyse_query(text: str, language: str) -> list[Slot]:
    """What a question asks for, each once: a slot for each word, with the other forms that would do as well.

    >>> analyse_query("usb-c", "en")
    [(('usb',), ('+usb',), ('usbc',)), (('c',), ('+c',), ('usbc',))]

    Of a script without spaces a short name is one slot, whose pairs must all be there, and a longer one a slot a pair.
    """
    read = _read(text, language)
    joined = [*read.joined, *_together(read.runs, language)]
    slots: dict[Slot, None] = {}
    for place, run in enumerate(read.runs):
        others = [(each.term,) for each in joined if each.first <= place <= each.last]
        others += [(near,) for each in read.measured if each.first <= place <= each.last for near in each.asked]
        if not run.unspaced:
            forms = [(each,) for key in (run.terms[0], run.loose) for each in (key, f"+{key}")]
            forms += [(each,) for each in run.unmarked if language in _DIGRAPHED]
            slots[tuple(dict.fromkeys((*forms, *others)))] = None
        elif len(run.terms) < PHRASE_LENGTH:
            bare = [*without_okurigana(run.text), run.usual] if language == "ja" else []
            pairs = [bigrams(word) for word in bare if word]
            phrases = [form for each in pairs for form in (tuple(each), tuple(f"+{pair}" for pair in each))]
            slots[tuple(dict.fromkeys((run.terms, *phrases, *others)))] = None
        elif may_be_loose(run.text) or run.usual:
            slots.update((((pair,), (f"+{pair}",)), None) for pair in bigrams(run.usual or run.text))
        else:
            slots.update((((term,),), None) for term in run.terms)
    return list(slots)


@dataclass(frozen=True, slots=True)
class Run:
    """A word, or a piece of a script without spaces, with the terms that are kept of it."""

    text: str
    start: int
    end: int
    unspaced: bool
    terms: Alternative
    unmarked: Alternative = ()  # other stems of the word as it is typed without marks, and its loose key
    loose: str = ""  # a key that other forms of the word share
    usual: str = ""  # Japanese as dictionaries write it


@dataclass(frozen=True, slots=True)
class _Joined:
    """The runs from `first` to `last` as one word."""

    first: int
    last: int
    term: str


@dataclass(frozen=True, slots=True)
class _Measured:
    """A quantity or a size, which the runs from `first` to `last` tell; any of `asked` is asked."""

    first: int
    last: int
    kept: str
    asked: Alternative


@dataclass(frozen=True, slots=True)
class _Read:
    runs: list[Run]
    joined: list[_Joined]
    measured: list[_Measured]


def _read(text: str, language: str) -> _Read:
    text, words, runs = read_runs(text, language)
    return _Read(runs, list(_joined(words, runs, _stem_for(language))), list(_measured(text, runs)))


def read_runs(text: str, language: str) -> tuple[str, str, list[Run]]:
    """The text as it is read, the same with blanks for such as the "l'" of "l'armoire", and its words with their places."""
    if language in _DOTTED:
        text = text.replace("I", "ı").replace("İ", "i")
    text = normalise(spelt_out(without_number_signs(text)))
    if language == "zh":
        text = simplified(text)
    stem = _stem_for(language)
    runs: list[Run] = []
    # Blanks keep the places, by which quantities find the words that they are made of.
    words = _elision(language).sub(lambda match: " " * len(match.group()), text)
    for word, start, unspaced in placed_runs(words):
        end = start + len(word)
        if unspaced:
            folded = fold(word)
            pairs = bigrams(folded)
            before = runs[-1].text if runs and runs[-1].unspaced and words[runs[-1].end : start] == " " else ""
            other = loose_pairs(folded, before)
            usual = ""
            if language == "ja":
                usual = fold(usual_writing(word))
                other += [pair for bare in [*without_okurigana(folded), usual] if bare for pair in bigrams(bare)]
            unmarked = tuple(dict.fromkeys(pair for pair in other if pair not in pairs))
            runs.append(Run(folded, start, end, True, tuple(pairs), unmarked, usual=usual))
            continue
        cut = word[:LONGEST_WORD]
        term = stem(cut)
        loose = loosely(term, language)
        typed = {stem(fold(cut)), stem(digraphs(cut)) if language in _DIGRAPHED else term, loose}
        runs.append(Run(word, start, end, False, (term,), tuple(sorted(typed - {term})), loose))
    return text, words, runs


def _joined(text: str, runs: list[Run], stem: Callable[[str], str]) -> Iterator[_Joined]:
    """'usb-c' as 'usbc', 'cat 5e' as 'cat5e': two or three words that a sign joins, and neighbours of letters and digits.

    Numbers that a sign parts stay apart: 2.1 isn't 21.
    """
    first = 0  # of the words that signs join
    for place, (run, after) in enumerate(itertools.pairwise(runs)):
        between = text[run.end : after.start]
        spaced = not (run.unspaced or after.unspaced)
        if spaced and between in JOINERS:
            begin = first
        else:
            begin = first = place + 1
            if spaced and between == " " and run.text[-1].isdigit() != after.text[0].isdigit():
                begin = place
        if begin <= place < begin + MOST_JOINED - 1:
            whole = "".join(one.text for one in runs[begin : place + 2])
            if len(whole) <= LONGEST_JOINED and not whole.isdigit():
                for term in sorted({stem(whole), stem(fold(whole))}):
                    yield _Joined(begin, place + 1, term)


def _together(runs: list[Run], language: str) -> Iterator[_Joined]:
    """'book case' as 'bookcase', which only questions ask: documents would keep every pair of neighbours."""
    for place, (first, second) in enumerate(itertools.pairwise(runs)):
        whole = first.text + second.text
        words = all(run.text.isalpha() and len(run.text) > 1 and not run.unspaced for run in (first, second))
        if words and LEAST_TOGETHER <= len(whole) <= LONGEST_JOINED:
            yield _Joined(place, place + 1, _stem_for(language)(whole))


def _measured(text: str, runs: list[Run]) -> Iterator[_Measured]:
    """Quantities and sizes, each in place of the number and the unit of which it is made."""
    starts, ends = [run.start for run in runs], [run.end for run in runs]
    measures: Iterable[Quantity | Size] = itertools.chain(quantities(text), decimals(text), sizes(text))
    for found in measures:
        first, last = bisect_right(ends, found.start), bisect_left(starts, found.end) - 1
        if first <= last:
            yield _Measured(first, last, found.term, found.near)


def stem_of(word: str, language: str) -> str:
    """The term of one word that is normalised."""
    return _stem_for(language)(word)


@functools.cache
def function_terms(language: str) -> frozenset[str]:
    """The terms of words that say how others hang together: "for", "the", "mit"."""
    stem = _stem_for(language)
    return frozenset(stem(word) for word in function_words(language))


@functools.cache
def _elision(language: str) -> re.Pattern[str]:
    return _ELISION if LANGUAGES.get(language, LANGUAGES["en"]).script == "Latin" else _NEVER


@functools.cache
def _stem_for(language: str) -> Callable[[str], str]:
    known = LANGUAGES.get(language)
    if known is None:
        return fold
    stemmer = Stemmer.Stemmer(known.stemmer, 0) if known.stemmer else None
    lock = threading.Lock()

    @functools.lru_cache(maxsize=CACHED_WORDS)
    def stem(word: str) -> str:
        one = regular(word, language)
        if stemmer is None:
            stemmed = without_ending(one, language)
        else:
            with lock:  # Snowball's C objects mustn't be used by two threads at once.
                stemmed = stemmer.stemWord(one)
        # A stemmer may remove a whole short word; then the word itself is the term.
        return without_fleeting(fold(stemmed), language) or fold(word) or word

    return stem


if hasattr(os, "register_at_fork"):
    # At the moment of the fork another thread may hold a stemmer's lock, and nobody would release it in the child.
    os.register_at_fork(after_in_child=_stem_for.cache_clear)
