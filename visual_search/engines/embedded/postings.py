"""Postings of words in a process's memory: which documents have a term, and what its weight is multiplied with in each.

Reading them row by row takes ten times as long as all the rest of a question. What was read of a term stays, with the sequence
number of the state that it shows; for a later state only the documents that were changed since are read.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visual_search.ranking.bm25 import USUAL_WORDS, saturation

# Length and count share one number in the table: its low bits are the count, at most the sum of all part weights.
COUNT_BITS = 4
KEPT_BYTES = 64 * 2**20  # of one collection in a process: 5 million postings, all of 100,000 usual products
MOST_CHANGED = 2_000  # documents; after more changes a term is read whole
_VALUE_BITS = 20  # in the text that SQLite makes of a row: a value has fewer

Rids = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Posting:
    """The documents that have a term, ascending, and the saturation of its count in each; at one state of the file."""

    seq: int
    rids: Rids
    saturated: Scores

    @property
    def bytes(self) -> int:
        return self.rids.nbytes + self.saturated.nbytes


class Postings:
    """Those of one file. Thread-safe; the least used go when there are too many."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, str], Posting] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def count(self, connection: sqlite3.Connection, seq: int, language: str, term: str) -> int:
        """In how many documents the term stands. SQLite counts faster than it reads, and often the list isn't needed."""
        with self._lock:
            kept = self._kept.get((language, term))
        if kept is not None and kept.seq == seq:
            return len(kept.rids)
        (count,) = connection.execute(f"SELECT count(*) FROM word WHERE {_OF_TERM}", (language, term)).fetchone()
        return int(count)

    def read(self, connection: sqlite3.Connection, seq: int, language: str, term: str) -> Posting:
        """The posting at the state that this connection sees, whose sequence number is `seq`."""
        key = language, term
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
        if kept is not None and kept.seq == seq:
            return kept
        posting = _caught_up(connection, kept, seq, key) if kept is not None and kept.seq < seq else None
        posting = posting or _read(connection, seq, key)
        # A question that began before a save sees an older state, which is of no use to others.
        if kept is None or kept.seq < seq:
            self._keep(key, posting)
        return posting

    def _keep(self, key: tuple[str, str], posting: Posting) -> None:
        with self._lock:
            if (former := self._kept.pop(key, None)) is not None:
                self._bytes -= former.bytes
            self._kept[key] = posting
            self._bytes += posting.bytes
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= gone.bytes


_OF_TERM = "term = (SELECT id FROM term WHERE language = ? AND term = ?)"


def _read(connection: sqlite3.Connection, seq: int, key: tuple[str, str], *, only: list[int] | None = None) -> Posting:
    among = "" if only is None else " AND rid IN (SELECT value FROM json_each(?))"
    values = key if only is None else (*key, json.dumps(only))
    # One text of all rows is read five times as fast as the rows one by one.
    (text,) = connection.execute(
        f"SELECT group_concat(rid * {1 << _VALUE_BITS} + value) FROM word WHERE {_OF_TERM}{among}", values
    ).fetchone()
    packed = np.fromstring(text, np.int64, sep=",") if text else np.zeros(0, np.int64)
    packed.sort()
    found = packed & ((1 << _VALUE_BITS) - 1)
    counts, lengths = found & ((1 << COUNT_BITS) - 1), found >> COUNT_BITS
    return Posting(seq, packed >> _VALUE_BITS, saturation(counts, lengths, USUAL_WORDS))


def _caught_up(connection: sqlite3.Connection, kept: Posting, seq: int, key: tuple[str, str]) -> Posting | None:
    """The posting with what was changed since it was read; None where that is too much."""
    rows = connection.execute("SELECT rid FROM doc WHERE seq > ? LIMIT ?", (kept.seq, MOST_CHANGED + 1)).fetchall()
    if len(rows) > MOST_CHANGED:
        return None
    changed = [rid for (rid,) in rows]
    new = _read(connection, seq, key, only=changed)
    stays = ~np.isin(kept.rids, changed)
    rids = np.concatenate([kept.rids[stays], new.rids])
    order = np.argsort(rids, kind="stable")
    return Posting(seq, rids[order], np.concatenate([kept.saturated[stays], new.saturated])[order])
