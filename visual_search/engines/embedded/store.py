"""The SQLite file of one collection: its tables, its schema, and the transactions on it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visual_search.engines.embedded.connections import Connections, connect
from visual_search.engines.embedded.postings import Postings
from visual_search.engines.schema_json import schema_from_json, schema_to_json
from visual_search.errors import EngineUnavailable
from visual_search.types import CollectionSchema, Matrix, Vector, unit

FORMAT = 4  # Raise it when the tables change: an older file is then refused with "run visual_search rebuild".

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE doc (
    rid INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL, facets TEXT NOT NULL DEFAULT '{}',
    texts_hash BLOB, vectors_hash BLOB, grams INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX doc_seq ON doc (seq);
CREATE TABLE vec (
    vid INTEGER PRIMARY KEY AUTOINCREMENT, rid INTEGER NOT NULL, space INTEGER NOT NULL, key TEXT NOT NULL,
    code BLOB, v BLOB NOT NULL
);
CREATE INDEX vec_rid ON vec (rid, space);
CREATE INDEX vec_code ON vec (space, vid, rid, code);
CREATE TABLE code (code TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (code, rid)) WITHOUT ROWID;
CREATE INDEX code_rid ON code (rid);
CREATE TABLE language (code TEXT PRIMARY KEY, documents INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE term (id INTEGER PRIMARY KEY, language TEXT NOT NULL, term TEXT NOT NULL, UNIQUE (language, term));
CREATE TABLE word (term INTEGER NOT NULL, rid INTEGER NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (term, rid))
    WITHOUT ROWID;
CREATE TABLE text (rid INTEGER PRIMARY KEY, terms BLOB NOT NULL, grams BLOB NOT NULL);
CREATE VIRTUAL TABLE gram USING fts5(
    grams, content = '', detail = none, columnsize = 0,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
);
CREATE VIRTUAL TABLE gram_terms USING fts5vocab(gram, row);
"""
# A process reads all codes of a space before its first answer: `vec_code` holds them apart from the vectors, which are eight
# times as long. Files from before have an index over the space alone, and answer alike.
# The pieces come folded, with spaces between. Splitting at everything that is no letter, digit or combining mark keeps
# Hindi words whole.


def create(path: Path, schema: CollectionSchema, *, durable: bool = True) -> None:
    """Make the tables in an empty file. With durable=False a power cut may spoil it: for files not yet in use."""
    with contextlib.closing(connect(path, durable=durable)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [("format", FORMAT), ("schema", json.dumps(schema_to_json(schema))), ("seq", 0), ("epoch", 0)],
        )
        connection.execute("COMMIT")


class Superseded(Exception):
    """The collection moved to another file before the transaction began; nothing was written."""


class Store:
    """One SQLite file. Safe for threads, and for several processes."""

    def __init__(self, path: Path, *, durable: bool = True, current: Callable[[], bool] = lambda: True) -> None:
        self.path = path
        self._connections = Connections(path, durable=durable)
        self._current = current
        self.postings = Postings()
        try:
            self.schema = self._read_schema()
        except BaseException:
            self.close()
            raise
        self.lent = self._connections.lent
        self.reading = self._connections.reading

    @property
    def longest_wait(self) -> float:
        """Seconds that a writer of this process has waited for the lock."""
        return self._connections.longest_wait

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction. Raises Superseded where the collection has moved on to another file."""
        with self._connections.writing() as connection:
            # Whoever moves the collection holds this file's write lock, so from here on it stays where it is.
            if not self._current():
                raise Superseded
            yield connection

    def close(self) -> None:
        """Give connections back; queries that are running finish first."""
        self._connections.close()

    def finish(self) -> None:
        """After a bulk fill: merge the full-text tables and write everything to the disk."""
        with self.lent() as connection:
            connection.execute("INSERT INTO gram(gram) VALUES ('optimize')")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def count_documents(self) -> int:
        with self.lent() as connection:
            return int(connection.execute("SELECT count(*) FROM doc WHERE deleted = 0").fetchone()[0])

    def count_vectors(self, number: int) -> int:
        with self.lent() as connection:
            return int(connection.execute("SELECT count(*) FROM vec WHERE space = ?", (number,)).fetchone()[0])

    def newest_vector(self) -> int:
        """How many vectors were ever written."""
        with self.lent() as connection:
            return int(connection.execute("SELECT coalesce(max(vid), 0) FROM vec").fetchone()[0])

    def set_meta(self, key: str, value: float) -> None:
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def meta(self, key: str, default: float) -> float:
        with self.lent() as connection:
            return float(meta(connection, key, default))

    def width(self, number: int) -> float:
        with self.lent() as connection:
            return width_of(connection, number)

    def set_width(self, number: int, width: float) -> None:
        self.set_meta(_width_key(number), width)

    def _read_schema(self) -> CollectionSchema:
        try:
            with self._connections.lent() as connection:
                kept = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('format', 'schema')"))
        except sqlite3.DatabaseError as error:
            raise EngineUnavailable(
                f"The index file {self.path.name} can't be read ({error}). "
                "Run `manage.py visual_search rebuild` to make a new one."
            ) from error
        if kept.get("format") != FORMAT:
            raise EngineUnavailable(
                f"The index file {self.path.name} has another format. Run `manage.py visual_search rebuild`."
            )
        return schema_from_json(json.loads(kept["schema"]))


# --- Reading what the tables hold ---------------------------------------------------------------


def meta(connection: sqlite3.Connection, key: str, default: float = 0) -> float:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return default if row is None else row[0]


def mean_of(connection: sqlite3.Connection, number: int) -> Vector | None:
    """The mean around which a space's codes were made; None where it has none yet."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (f"mean_{number}",)).fetchone()
    return None if row is None else np.frombuffer(row[0], np.float32)


def width_of(connection: sqlite3.Connection, number: int) -> float:
    """How many times the usual candidates a space compares exactly; infinite where it compares all of them."""
    return float(meta(connection, _width_key(number), 1.0))


def _width_key(number: int) -> str:
    return f"width_{number}"


def from_blobs(blobs: Sequence[bytes], dims: int) -> Matrix:
    """float32 vectors of length 1, one a row, of what is kept as float16 (whose rounding moves the length a little)."""
    return unit(np.frombuffer(b"".join(blobs), np.float16).reshape(len(blobs), dims))


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows of `vec`, ascending by vid; those that were asked for but are gone are left out. `vectors`: shape (rows, dims)."""

    vids: npt.NDArray[np.int64]
    keys: list[str]
    vectors: Matrix


def fetch(connection: sqlite3.Connection, vids: npt.NDArray[np.int64], dims: int) -> Fetched:
    rows: list[tuple[int, str, bytes]] = []
    ordered = np.sort(vids).tolist()
    for start in range(0, len(ordered), 10_000):
        rows += connection.execute(
            "SELECT vid, key, v FROM vec WHERE vid IN (SELECT value FROM json_each(?)) ORDER BY vid",
            (json.dumps(ordered[start : start + 10_000]),),
        )
    numbers = np.array([vid for vid, _, _ in rows], np.int64)
    return Fetched(numbers, [key for _, key, _ in rows], from_blobs([blob for _, _, blob in rows], dims))


def languages_of(connection: sqlite3.Connection) -> dict[str, int]:
    """The languages that hold texts, each with the number of its documents."""
    return dict(connection.execute("SELECT code, documents FROM language WHERE documents > 0").fetchall())
