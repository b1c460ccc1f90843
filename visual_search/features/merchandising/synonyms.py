"""Which words stand for which, found by the words of a question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from multilingual.analysis import Alternative, Related, analyse_query
from visual_search.features.merchandising.facts import Tokens, replaced, tokens
from visual_search.features.merchandising.kinds import Like
from visual_search.features.merchandising.rules import Synonyms
from visual_search.types import Query

SHARE = 0.9  # what a synonym counts of the word itself, so that what has the very word comes first among equals
MOST_ALTERNATIVES = 64  # of a question; each is one more term to look up


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is known of one phrase in one language."""

    language: str
    phrase: Tokens
    alternatives: tuple[Related, ...] = ()
    instead: str = ""
    apart: tuple[tuple[str, str], ...] = ()


class Thesaurus:
    """All synonyms of a shop. It never changes, so threads share it."""

    def __init__(self, sets: Iterable[Synonyms]) -> None:
        entries = [entry for one in sets for entry in _entries(one)]
        self._instead = _filed(entry for entry in entries if entry.instead)
        self._others = _filed(entry for entry in entries if not entry.instead)

    def applied(self, query: Query, language: str | None) -> Query:
        """The question with replacements made, and with what its words stand for. `language`: of the question, if known."""
        if not query.words or not (self._instead or self._others):
            return query
        words, said = query.words, tokens(query.words)
        for entry in _found(self._instead, said):
            if language in (None, entry.language):
                words = replaced(words, entry.phrase, entry.instead)
        alternatives: dict[Related, None] = {}
        apart: dict[tuple[str, str], None] = {}
        right: dict[str, None] = {}
        for entry in _found(self._others, said if words == query.words else tokens(words)):
            alternatives |= dict.fromkeys(entry.alternatives)
            right |= dict.fromkeys(entry.phrase)
            if language in (None, entry.language):
                apart |= dict.fromkeys(entry.apart)
        if words == query.words and not right:
            return query
        return replace(
            query,
            words=words,
            alternatives=_merged(query.alternatives, list(alternatives)[:MOST_ALTERNATIVES]),
            apart=_merged(query.apart, apart),
            right=_merged(query.right, right),
        )


def _filed(entries: Iterable[_Entry]) -> dict[str, list[_Entry]]:
    """The entries by the first word of their phrases, the longest first."""
    by_first: dict[str, list[_Entry]] = {}
    for entry in sorted(entries, key=lambda entry: -len(entry.phrase)):
        by_first.setdefault(entry.phrase[0], []).append(entry)
    return by_first


def _found(filed: Mapping[str, Sequence[_Entry]], words: Tokens) -> Iterator[_Entry]:
    """The entries whose phrase stands among the words."""
    for place, word in enumerate(words):
        for entry in filed.get(word, ()):
            if words[place : place + len(entry.phrase)] == entry.phrase:
                yield entry


def _merged(before: tuple[T, ...], more: Iterable[T]) -> tuple[T, ...]:
    # A question that is rewritten again stays as it is.
    return tuple(dict.fromkeys((*before, *more)))


def _entries(one: Synonyms) -> Iterator[_Entry]:
    if one.kind == Like.TWO_WAY:
        pairs = [(word, [other for other in one.words if other != word]) for word in one.words]
    else:
        pairs = [(word, list(one.others)) for word in one.words]
    for word, others in pairs:
        phrase = tokens(word)
        if not phrase:
            continue
        if one.kind == Like.REPLACE:
            yield _Entry(one.language, phrase, instead=others[0] if others else "")
        elif one.kind in (Like.TWO_WAY, Like.ONE_WAY):
            known = [each for other in others if (each := terms(other, one.language))]
            yield _Entry(one.language, phrase, tuple(_alternatives(word, known, one.language)))
    if one.kind == Like.KEEP_APART:
        for word in one.words:
            yield from _apart(one.language, word, one.others)
        for other in one.others:
            yield from _apart(one.language, other, one.words)


def _apart(language: str, word: str, others: Iterable[str]) -> Iterator[_Entry]:
    if phrase := tokens(word):
        yield _Entry(language, phrase, apart=tuple((word, other) for other in others if tokens(other) != phrase))


def _alternatives(word: str, known: Iterable[Alternative], language: str) -> Iterator[Related]:
    """Each word of the phrase may be met by all of an alternative: who has "hdd" has both words of "hard disk"."""
    for slot in analyse_query(word, language):
        if len(slot[0]) == 1:
            yield from (Related(language, slot[0][0], alternative, SHARE) for alternative in known)


def terms(text: str, language: str) -> Alternative:
    """The terms of the index that this word or phrase is."""
    return tuple(dict.fromkeys(part for slot in analyse_query(text, language) for part in slot[0]))
