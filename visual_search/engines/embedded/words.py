"""Words: which documents have which terms, from a plain table, scored in numpy by the formula that all engines share.

SQLite's own full-text ranking takes 3 microseconds a row, counts lengths in its own way and keeps every text a second time.
A table of (term, document, count) is read ten times as fast.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from visual_search.engines.answers import LEAST_TEXT_SCORE, TEXT_DIGITS
from visual_search.engines.embedded.columns import Mask
from visual_search.engines.embedded.store import languages_of
from visual_search.engines.terms import Asked, Clause, Counted, Wanted, asked_in, is_begun, plan
from visual_search.ranking.bm25 import USUAL_WORDS, saturation
from visual_search.types import CollectionSchema, WordsLeg

Rids = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Postings = tuple[Rids, Scores]  # documents that have a term, and what its weight is multiplied with in each

# Length and count share one number in the table: its low bits are the count, at most the sum of all part weights.
COUNT_BITS = 3


def search(
    connection: sqlite3.Connection, leg: WordsLeg, *, schema: CollectionSchema, allowed: Mask
) -> tuple[Rids, Scores]:
    """All documents that match, each once, with a positive score. `allowed` has a flag for each rid."""
    held = languages_of(connection)
    asked = asked_in(leg, schema, held)
    table = _Table(connection, len(allowed))
    counted = {query.language: table.counted(query, held[query.language]) for query in asked}
    begun = is_begun(asked, counted)
    enough = _has_enough(table, asked, counted, begun=begun, allowed=allowed, k=leg.k)
    best = np.zeros(len(allowed))
    for wanted in plan(asked, counted, begun=begun, enough=enough):
        np.maximum(best, _scores(table, wanted), out=best)
    best[~allowed] = 0.0
    rids = np.flatnonzero(best)
    # Rounded, so that the last bits of a sum don't decide between equals.
    return rids, np.maximum(np.round(best[rids], TEXT_DIGITS), LEAST_TEXT_SCORE)


def _has_enough(
    table: _Table, asked: Iterable[Asked], counted: Mapping[str, Counted], *, begun: bool, allowed: Mask, k: int
) -> bool:
    """Whether at least k of the allowed documents have all terms of the query in one of its languages."""
    sources = [_rarest_first(query, counted[query.language], begun) for query in asked]
    # A document has all terms in no more cases than it has the rarest one: then no list need be read.
    if sum(parts[0][0] for parts in sources) < k:
        return False
    having = np.zeros(len(allowed), np.bool_)
    for query, parts in zip(asked, sources, strict=True):
        in_language = allowed.copy()
        for frequency, word, is_beginning in parts:
            has = np.zeros(len(allowed), np.bool_)
            if frequency:
                rids = table.beginning(query.language, word) if is_beginning else table.having(query.language, word)[0]
                has[rids] = True
            in_language &= has
            if not in_language.any():
                break
        having |= in_language
    return int(np.count_nonzero(having)) >= k


def _rarest_first(query: Asked, counted: Counted, begun: bool) -> list[tuple[int, str, bool]]:
    """In how many documents each part is, the part, and whether it is the beginning of a word."""
    terms = query.terms[:-1] if begun and query.beginning else query.terms
    parts = [(counted.frequencies[part], part, False) for term in terms for part in term]
    if begun and query.beginning:
        parts.append((counted.begun, query.beginning, True))
    return sorted(parts)


def _scores(table: _Table, wanted: Wanted) -> Scores:
    """The sum of the clauses that each document has, by rid; 0 where it doesn't match."""
    total = np.zeros(table.length)
    matched = np.zeros(table.length, np.int32)
    for clause in wanted.clauses:
        scores, has = _clause(table, wanted.language, clause)
        total += np.where(has, scores, 0.0)
        matched += has
    total[matched < (len(wanted.clauses) if wanted.all_of else 1)] = 0.0
    return total


def _clause(table: _Table, language: str, clause: Clause) -> tuple[Scores, Mask]:
    scores = np.zeros(table.length)
    if clause.beginning is not None:
        word, weight = clause.beginning
        scores[table.beginning(language, word)] = weight
        return scores, scores > 0
    matched = np.zeros(table.length, np.int32)
    for part, weight in clause.parts:
        rids, saturated = table.having(language, part)
        scores[rids] += weight * saturated
        matched[rids] += 1
    return scores, matched == len(clause.parts)


@dataclass
class _Table:
    """The words of one state of the collection; what was read of them stays for the rest of the query."""

    connection: sqlite3.Connection
    length: int  # one more than the greatest rid
    _terms: dict[tuple[str, str], Postings] = field(default_factory=dict)
    _beginnings: dict[tuple[str, str], Rids] = field(default_factory=dict)

    def counted(self, query: Asked, documents: int) -> Counted:
        frequencies = {part: self._frequency(query.language, part) for part in query.parts}
        # It is needed only where the word itself is in no text, which other languages decide, too.
        unknown = query.beginning is not None and not frequencies.get(query.beginning)
        begun = len(self.beginning(query.language, query.beginning)) if unknown and query.beginning else 0
        return Counted(documents, frequencies, begun)

    def _frequency(self, language: str, term: str) -> int:
        # SQLite counts thirty times as fast as Python reads, and of common words the list often isn't needed.
        (count,) = self.connection.execute(
            "SELECT count(*) FROM word WHERE term = (SELECT id FROM term WHERE language = ? AND term = ?)",
            (language, term),
        ).fetchone()
        return int(count)

    def having(self, language: str, term: str) -> Postings:
        key = language, term
        if key not in self._terms:
            rows = self.connection.execute(
                "SELECT rid, value FROM word WHERE term = (SELECT id FROM term WHERE language = ? AND term = ?)", key
            )
            postings = np.fromiter(rows, np.dtype([("rid", np.int64), ("value", np.int64)]))
            counts, lengths = postings["value"] & ((1 << COUNT_BITS) - 1), postings["value"] >> COUNT_BITS
            self._terms[key] = postings["rid"], saturation(counts, lengths, USUAL_WORDS)
        return self._terms[key]

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
