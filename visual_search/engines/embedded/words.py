"""Words: which documents have which terms, from a plain table, scored in numpy by the formula that all engines share.

SQLite's own full-text ranking takes 3 microseconds a row, counts lengths in its own way and keeps every text a second time.
A table of (term, document, count) is read ten times as fast.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from multilingual.analysis import Alternative, Slot
from visual_search.engines.answers import LEAST_TEXT_SCORE, TEXT_DIGITS
from visual_search.engines.embedded.columns import Mask
from visual_search.engines.embedded.postings import Posting, Postings, Rids, Scores
from visual_search.engines.embedded.store import languages_of, meta
from visual_search.engines.terms import Asked, Clause, Counted, Wanted, asked_in, is_begun, plan
from visual_search.types import CollectionSchema, WordsLeg

Numbers = npt.NDArray[np.int16]


def search(
    connection: sqlite3.Connection,
    leg: WordsLeg,
    *,
    schema: CollectionSchema,
    allowed: Mask,
    postings: Postings | None = None,
) -> tuple[Rids, Scores, Mask]:
    """All documents that match, each once, with a positive score, and which of them have what was asked for.

    `allowed` has a flag for each rid. `postings`: what this process has read of the file.
    """
    held = languages_of(connection)
    asked = asked_in(leg, schema, held)
    table = _Table(connection, len(allowed), postings or Postings(), int(meta(connection, "seq")))
    counted = {query.language: table.counted(query, held[query.language]) for query in asked}
    begun = is_begun(asked, counted)
    enough = _has_enough(table, asked, counted, begun=begun, allowed=allowed, k=leg.k)
    best = np.zeros(len(allowed))
    whole = np.zeros(len(allowed), np.bool_)
    for wanted in plan(asked, counted, begun=begun, enough=enough):
        scores = _scores(table, wanted)
        has_all = scores > 0 if wanted.all_of else _has_least(table, wanted)
        if wanted.bonus:
            scores[has_all & table.satisfying(wanted.language, [(head,) for head in wanted.heads])] += wanted.bonus
        np.maximum(best, scores, out=best)
        whole |= has_all
    best[~allowed] = 0.0
    rids = np.flatnonzero(best)
    # Rounded, so that the last bits of a sum don't decide between equals.
    return rids, np.maximum(np.round(best[rids], TEXT_DIGITS), LEAST_TEXT_SCORE), whole[rids]


def _has_enough(
    table: _Table, asked: Iterable[Asked], counted: Mapping[str, Counted], *, begun: bool, allowed: Mask, k: int
) -> bool:
    """Whether at least k of the allowed documents have all terms of the query in one of its languages."""
    sources = [_rarest_first(query, counted[query.language], begun) for query in asked]
    # A document has all terms in no more cases than it has the rarest one: then no list need be read.
    if sum(slots[0][0] for slots in sources) < k:
        return False
    having = np.zeros(len(allowed), np.bool_)
    for query, slots in zip(asked, sources, strict=True):
        in_language = allowed.copy()
        for frequency, slot in slots:
            has = np.zeros(len(allowed), np.bool_)
            if frequency:
                has = table.satisfying(query.language, slot) if slot else table.begun(query)
            in_language &= has
            if not in_language.any():
                break
        having |= in_language
    return int(np.count_nonzero(having)) >= k


def _rarest_first(query: Asked, counted: Counted, begun: bool) -> list[tuple[int, Slot]]:
    """In how many documents each slot is at most, and the slot; an empty one stands for the beginning of a word."""
    slots = query.slots[:-1] if begun and query.beginning else query.slots
    # What nobody has is left out, so that it isn't read.
    parts = [(counted.of(slot), tuple(each for each in slot if counted.of_alternative(each))) for slot in slots]
    if begun and query.beginning:
        parts.append((counted.begun, ()))
    return sorted(parts)


def _scores(table: _Table, wanted: Wanted) -> Scores:
    """The sum of the clauses that each document has, by rid; 0 where it doesn't match."""
    total = np.zeros(table.length)
    for clause in wanted.clauses:
        rids, scores = table.scored(wanted.language, clause)
        total[rids] += scores
    if wanted.all_of and len(wanted.clauses) > 1:
        total[table.having_of(wanted.language, wanted.clauses) < len(wanted.clauses)] = 0.0
    return total


def _has_least(table: _Table, wanted: Wanted) -> Mask:
    if not wanted.telling:
        return np.zeros(table.length, np.bool_)
    return np.asarray(table.having_of(wanted.language, wanted.telling) >= wanted.least)


@dataclass
class _Table:
    """The words of one state of the collection; what was read of them stays for the rest of the query."""

    connection: sqlite3.Connection
    length: int  # one more than the greatest rid
    postings: Postings
    seq: int  # of the state
    _scored: dict[tuple[str, Clause], tuple[Rids, Scores]] = field(default_factory=dict)
    _beginnings: dict[tuple[str, str], Rids] = field(default_factory=dict)

    def counted(self, query: Asked, documents: int) -> Counted:
        frequencies = {
            part: self.postings.count(self.connection, self.seq, query.language, part) for part in query.parts
        }
        # It is needed only where the word itself is in no text, which other languages decide, too.
        unknown = query.beginning is not None and not Counted(documents, frequencies).of(query.slots[-1])
        begun = len(self.beginning(query.language, query.beginning)) if unknown and query.beginning else 0
        return Counted(documents, frequencies, begun)

    def scored(self, language: str, clause: Clause) -> tuple[Rids, Scores]:
        """The documents that have the clause, ascending, and its score in each."""
        key = language, clause
        if key not in self._scored:
            if clause.beginning is not None:
                word, weight = clause.beginning
                rids = self.beginning(language, word)
                self._scored[key] = rids, np.full(len(rids), weight)
            else:
                self._scored[key] = self._best_of([self._alternative(language, each) for each in clause.alternatives])
        return self._scored[key]

    def _best_of(self, found: Sequence[tuple[Rids, Scores]]) -> tuple[Rids, Scores]:
        """Each document once, with its best score."""
        if len(found) == 1:
            return found[0]
        # Each has a document once, so marking them one after the other is right; it takes a fifth of the time of sorting.
        best, has = np.zeros(self.length), np.zeros(self.length, np.bool_)
        for rids, scores in found:
            best[rids] = np.maximum(best[rids], scores)
            has[rids] = True
        rids = np.flatnonzero(has)
        return rids, best[rids]

    def _alternative(self, language: str, parts: Sequence[tuple[str, float]]) -> tuple[Rids, Scores]:
        """The documents that have all parts, with the sum of their scores."""
        (first, weight), *others = parts
        posting = self.having(language, first)
        rids, scores = posting.rids, weight * posting.saturated
        for part, part_weight in others:
            posting = self.having(language, part)
            rids, mine, theirs = np.intersect1d(rids, posting.rids, assume_unique=True, return_indices=True)
            scores = scores[mine] + part_weight * posting.saturated[theirs]
        return rids, scores

    def having_of(self, language: str, clauses: Iterable[Clause]) -> Numbers:
        """How many of the clauses each document has, by rid."""
        matched = np.zeros(self.length, np.int16)
        for clause in clauses:
            matched[self.scored(language, clause)[0]] += 1
        return matched

    def satisfying(self, language: str, slot: Iterable[Alternative]) -> Mask:
        """Which documents have all of one of the slot's alternatives."""
        has = np.zeros(self.length, np.bool_)
        for first, *others in slot:
            rids = self.having(language, first).rids
            for part in others:
                rids = np.intersect1d(rids, self.having(language, part).rids, assume_unique=True)
            has[rids] = True
        return has

    def begun(self, query: Asked) -> Mask:
        has = np.zeros(self.length, np.bool_)
        has[self.beginning(query.language, query.beginning or "")] = True
        return has

    def having(self, language: str, term: str) -> Posting:
        return self.postings.read(self.connection, self.seq, language, term)

    def beginning(self, language: str, word: str) -> Rids:
        key = language, word
        if key not in self._beginnings:
            rows = self.connection.execute(
                # No character comes after the last code point, so this is every term that begins so.
                "SELECT DISTINCT rid FROM word WHERE term IN "
                "(SELECT id FROM term WHERE language = ? AND term >= ? AND term < ? || char(1114111))",
                (language, word, word),
            )
            self._beginnings[key] = np.fromiter((rid for (rid,) in rows), np.int64)
        return self._beginnings[key]
