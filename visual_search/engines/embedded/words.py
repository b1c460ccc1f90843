"""BM25 over one full-text table a language. FTS5's bm25() normalises by the whole row, so translations don't share a row."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from multilingual.analysis import analyse_query
from multilingual.languages import UNDETERMINED
from multilingual.normalising import fold
from visual_search.engines.embedded.store import text_table

# Weights of title, keywords and description: a word in the title says what the object is.
WEIGHTS = (4.0, 2.0, 1.0)
OTHER_LANGUAGE = 0.5  # The first language asked weighs 1.0: it is the shopper's.
COMMON = 0.2  # A word in more than this share of the documents tells little and costs 3 us a document.
SMALL = 1000  # Below this many documents common words cost nothing.
MAX_TERMS = 32  # A longer query is a pasted text; its first terms carry the wish.

Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]  # rids, scores


@dataclass(frozen=True, slots=True)
class Match:
    expression: str
    ranked: bool = True


def search(
    connection: sqlite3.Connection,
    *,
    text: str,
    languages: tuple[str, ...],
    known: tuple[str, ...],
    documents: int,
    k: int,
) -> Found:
    """All documents that match in any of the languages; a document's best language counts. Scores are positive."""
    best: dict[int, float] = {}
    asked = dict.fromkeys(language if language in known else UNDETERMINED for language in languages)
    for place, language in enumerate(asked):
        weight = 1.0 if place == 0 else OTHER_LANGUAGE
        for rid, score in _in_language(connection, text, language, documents, k):
            value = weight * score
            if value > best.get(rid, 0.0):
                best[rid] = value
    return np.fromiter(best.keys(), np.int64, len(best)), np.fromiter(best.values(), np.float64, len(best))


def _in_language(
    connection: sqlite3.Connection, text: str, language: str, documents: int, k: int
) -> list[tuple[int, float]]:
    terms = analyse_query(text, language)[:MAX_TERMS]
    if not terms:
        return []
    table = text_table(language)
    if documents > SMALL:
        terms, common_alone = _without_common(connection, table, terms, documents)
        if common_alone:
            return _run(connection, table, Match(_phrase(terms[0]), ranked=False), k)
    phrases = [_phrase(term) for term in terms]
    found = _run(connection, table, Match(" AND ".join(phrases)), k)
    if len(found) < k and len(phrases) > 1:
        # Too few objects have all the words. An object with more of them still scores more.
        found = _run(connection, table, Match(" OR ".join(phrases)), k)
    if not found and len(terms[-1]) == 1:
        # The last word may not be finished yet: "armch" is on its way to "armchair".
        found = _run(connection, table, Match(f"{phrases[-1]} *"), k)
    return found


def _run(connection: sqlite3.Connection, table: str, match: Match, k: int) -> list[tuple[int, float]]:
    if not match.ranked:
        rows = connection.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", (match.expression,))
        return [(rid, 1e-6) for (rid,) in rows]
    weights = ", ".join(str(weight) for weight in WEIGHTS)
    # Filters are applied to these rows in numpy: handing FTS5 a list of rowids makes it look each one up in the index.
    rows = connection.execute(
        f"SELECT rowid, -bm25({table}, {weights}) FROM {table} WHERE {table} MATCH ?",
        (match.expression,),
    )
    # BM25's idf is negative for a word in more than half of the documents; it is still a match.
    return [(rid, max(score, 1e-6)) for rid, score in rows]


def _without_common(
    connection: sqlite3.Connection, table: str, terms: list[tuple[str, ...]], documents: int
) -> tuple[list[tuple[str, ...]], bool]:
    """The terms worth ranking by, and whether one common word is all there is: then it is a filter, not an order."""
    shares = [min(_frequency(connection, table, part) for part in term) / documents for term in terms]
    rare = [term for term, share in zip(terms, shares, strict=True) if share <= COMMON]
    return (rare, False) if rare else (terms[:1], len(terms) == 1)


def _frequency(connection: sqlite3.Connection, table: str, term: str) -> int:
    row = connection.execute(f"SELECT doc FROM {table}_terms WHERE term = ?", (fold(term),)).fetchone()
    return 0 if row is None else int(row[0])


def _phrase(term: tuple[str, ...]) -> str:
    return '"' + " ".join(term) + '"'
