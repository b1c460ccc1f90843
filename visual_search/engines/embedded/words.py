"""BM25 over one full-text table a language; a document's best language counts.

FTS5 scores every row that matches (3 microseconds each) and knows no short cut to the best k. So very common words are
counted first, and only so many rows are scored as a shopper's patience allows.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from multilingual.analysis import analyse_query
from visual_search.engines.embedded.columns import Mask
from visual_search.engines.embedded.store import languages_of, table_language, text_table
from visual_search.types import CollectionSchema

# Weights of title, keywords and description: a word in the title says what the object is.
WEIGHTS = (4.0, 2.0, 1.0)
OTHER_LANGUAGE = 0.5  # The first language asked weighs 1.0: it is the shopper's.
COMMON = 0.2  # A word in more than this share of the documents doesn't tell which of them are meant.
RANKED_ROWS = 5_000  # So many rows are scored in any case (15 ms), however common the words are.
NARROW = 2_000  # Filters that leave at most so many documents are handed to FTS5, which then scores only these.
MAX_TERMS = 32  # A longer query is a pasted text; its first terms carry the wish.
UNRANKED = 1e-6  # The score of a match that says nothing, FTS5's own least score of a word.

Term = tuple[str, ...]  # parts that must follow each other
Rids = npt.NDArray[np.int64]
Found = tuple[Rids, npt.NDArray[np.float64]]  # rids, scores
_NOTHING: Found = (np.zeros(0, np.int64), np.zeros(0, np.float64))


def search(
    connection: sqlite3.Connection,
    *,
    text: str,
    languages: tuple[str, ...],
    schema: CollectionSchema,
    allowed: Mask,
    documents: int,
    k: int,
) -> Found:
    """All documents that match in any of the languages, each once, with a positive score.

    `allowed` has a flag for each rid: what passes the filters. `documents` is how many there are without filters.
    """
    existing = set(languages_of(connection))
    asked = dict.fromkeys(table_language(language, schema) for language in languages)
    narrow = json.dumps(np.flatnonzero(allowed).tolist()) if np.count_nonzero(allowed) <= NARROW else None
    found: list[Found] = []
    for place, language in enumerate(asked):
        if language in existing:
            table = _Table(connection, text_table(language), allowed, narrow, documents)
            rids, scores = _in_table(table, analyse_query(text, language)[:MAX_TERMS], k)
            found.append((rids, scores * (1.0 if place == 0 else OTHER_LANGUAGE)))
    return _best(found)


@dataclass(frozen=True, slots=True)
class _Table:
    """The full-text table of one language, seen through the filters."""

    connection: sqlite3.Connection
    name: str
    allowed: Mask
    narrow: str | None  # the allowed rids as JSON, where they are few
    documents: int

    def ranked(self, expression: str) -> Found:
        weights = ", ".join(str(weight) for weight in WEIGHTS)
        rows = self.connection.execute(
            f"SELECT rowid, -bm25({self.name}, {weights}) FROM {self.name} WHERE {self.name} MATCH ?{self._within}",
            self._values(expression),
        )
        found = np.fromiter(rows, np.dtype([("rid", np.int64), ("score", np.float64)]))
        passing = self._passing(found["rid"])
        return found["rid"][passing], found["score"][passing]

    def unranked(self, expression: str) -> Found:
        rows = self.connection.execute(
            f"SELECT rowid FROM {self.name} WHERE {self.name} MATCH ?{self._within}", self._values(expression)
        )
        rids = np.fromiter((rid for (rid,) in rows), np.int64)
        rids = rids[self._passing(rids)]
        return rids, np.full(len(rids), UNRANKED)

    def frequency(self, term: str) -> int:
        """In how many documents the term occurs."""
        row = self.connection.execute(f"SELECT doc FROM {self.name}_terms WHERE term = ?", (term,)).fetchone()
        return 0 if row is None else int(row[0])

    @property
    def _within(self) -> str:
        # Without the plus SQLite asks FTS5 for each of the rowids one by one, which is thirty times slower.
        return " AND +rowid IN (SELECT value FROM json_each(?))" if self.narrow is not None else ""

    def _values(self, expression: str) -> tuple[str, ...]:
        return (expression,) if self.narrow is None else (expression, self.narrow)

    def _passing(self, rids: Rids) -> Mask:
        passing = rids < len(self.allowed)
        passing[passing] = self.allowed[rids[passing]]
        return passing


def _in_table(table: _Table, terms: list[Term], k: int) -> Found:
    """Documents with all the terms; where those are fewer than k, also documents with some of them."""
    if not terms:
        return _NOTHING
    # Behind a narrow filter FTS5 scores few rows anyway, and what is common in the shop may be rare among them.
    limit = table.documents if table.narrow is not None else max(RANKED_ROWS, int(COMMON * table.documents))
    frequencies = [_frequency(table, term) for term in terms]
    all_of = " AND ".join(_expression(term) for term in terms)
    found = table.ranked(all_of) if min(frequencies) <= limit else _ranked_where_few(table, all_of, limit)
    if len(found[0]) < k and len(terms) > 1:
        # A document with more of the terms scores more. Common ones would bring in half of the shop.
        rare = [term for term, frequency in zip(terms, frequencies, strict=True) if frequency <= limit]
        if rare:
            found = _best([found, table.ranked(" OR ".join(_expression(term) for term in rare))])
        if not len(found[0]) and len(rare) < len(terms):
            # The rare word isn't in the shop at all (often it is mistyped), so the common ones are what is left.
            found = table.unranked(" OR ".join(_expression(term) for term in terms))
    if not len(found[0]) and len(terms[-1]) == 1:
        # The last word may not be finished yet: "armch" is on its way to "armchair".
        found = table.ranked(f"{_expression(terms[-1])} *")
    return found


def _ranked_where_few(table: _Table, expression: str, limit: int) -> Found:
    """One very common word is a filter, not an order; several of them together may still be few."""
    found = table.unranked(expression)
    return table.ranked(expression) if len(found[0]) <= limit and " AND " in expression else found


def _frequency(table: _Table, term: Term) -> int:
    """At most so many documents have the term."""
    return min(table.frequency(part) for part in term)


def _expression(term: Term) -> str:
    """In FTS5's query language. Terms hold letters, digits and marks only, so nothing needs escaping."""
    return f'"{" ".join(term)}"'


def _best(found: list[Found]) -> Found:
    """Each document once, with its best score."""
    rids = np.concatenate([_NOTHING[0], *(rids for rids, _ in found)])
    scores = np.concatenate([_NOTHING[1], *(scores for _, scores in found)])
    order = np.lexsort((-scores, rids))
    unique, first = np.unique(rids[order], return_index=True)
    return unique, scores[order][first]
