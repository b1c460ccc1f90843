"""The SQLite file of one collection: its tables, its connections and every write to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multilingual.analysis import analyse
from multilingual.languages import UNDETERMINED
from visual_search.engines.embedded import codes
from visual_search.engines.validation import plain_code, why_not
from visual_search.errors import EngineUnavailable
from visual_search.types import (
    CollectionSchema,
    Document,
    FacetField,
    FacetKind,
    Matrix,
    Rejected,
    Space,
    UpsertReport,
    Vector,
    VersionedId,
)

FORMAT = 1  # Raise it when the tables change: an older file is then refused with "run rebuild_index".
BATCH = 200  # Documents in one transaction: others wait for the lock no longer than this takes (about 40 ms).

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE doc (
    rid INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL, facets TEXT NOT NULL DEFAULT '{}',
    texts_hash BLOB, vectors_hash BLOB
);
CREATE INDEX doc_seq ON doc (seq);
CREATE TABLE vec (
    vid INTEGER PRIMARY KEY AUTOINCREMENT, rid INTEGER NOT NULL, space INTEGER NOT NULL, key TEXT NOT NULL,
    v BLOB NOT NULL, code BLOB
);
CREATE INDEX vec_rid ON vec (rid);
CREATE TABLE code (code TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (code, rid)) WITHOUT ROWID;
CREATE INDEX code_rid ON code (rid);
"""
# Splitting at everything that is no letter, digit or combining mark keeps Hindi words whole; diacritics are folded.
_TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"


def text_table(language: str) -> str:
    return f"fts_{language}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document made ready before the write lock is taken."""

    document: Document
    facets: str
    texts: dict[str, tuple[str, str, str]]  # table -> title, keywords, description, as terms
    texts_hash: bytes
    vectors: list[tuple[int, str, bytes]]  # space number, key, float16 bytes
    vectors_hash: bytes
    codes: tuple[str, ...]


class Store:
    """One open SQLite file. Each thread has its own connection, made in the process that uses it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self.schema = self._read_schema()
        self._tables = {language: text_table(language) for language in (*self.schema.languages, UNDETERMINED)}

    @classmethod
    def create(cls, path: Path, schema: CollectionSchema) -> Store:
        """Make the tables in an empty file."""
        connection = connect(path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            for language in dict.fromkeys((*schema.languages, UNDETERMINED)):
                table = text_table(language)
                connection.execute(
                    f'CREATE VIRTUAL TABLE {table} USING fts5(title, keywords, description, tokenize="{_TOKENIZER}")'
                )
                connection.execute(f"CREATE VIRTUAL TABLE {table}_terms USING fts5vocab({table}, row)")
            connection.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [("format", FORMAT), ("schema", _schema_to_json(schema)), ("seq", 0), ("epoch", 0)],
            )
            connection.execute("COMMIT")
        finally:
            connection.close()
        return cls(path)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection. One inherited through fork is left alone: closing it would drop the parent's locks."""
        if getattr(self._local, "process", None) != os.getpid():
            connection = connect(self.path)
            self._local.connection, self._local.process = connection, os.getpid()
            with self._lock:
                self._opened.append(connection)
        found: sqlite3.Connection = self._local.connection
        return found

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the file for several queries."""
        connection = self.connection
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
        self._local = threading.local()

    # --- Writing --------------------------------------------------------------------------------

    def write(self, changes: Iterable[Document | VersionedId]) -> UpsertReport:
        """Store and delete in the order given, in transactions of BATCH."""
        stored: list[str] = []
        skipped: list[str] = []
        rejected: list[Rejected] = []
        batch: list[Prepared | VersionedId] = []

        def flush() -> None:
            with self.writing() as connection:
                writer = _Writer(connection, self.schema)
                for change in batch:
                    done = writer.delete(change) if isinstance(change, VersionedId) else writer.upsert(change)
                    (stored if done else skipped).append(
                        change.id if isinstance(change, VersionedId) else change.document.id
                    )
            batch.clear()

        for change in changes:
            if isinstance(change, Document):
                if fault := why_not(change, self.schema):
                    rejected.append(Rejected(change.id, fault))
                    continue
                batch.append(self.prepare(change))
            else:
                batch.append(change)
            if len(batch) >= BATCH:
                flush()
        if batch:
            flush()
        return UpsertReport(tuple(stored), tuple(skipped), tuple(rejected))

    def prepare(self, document: Document) -> Prepared:
        texts: dict[str, list[tuple[str, str, str]]] = {}
        for language, text in document.texts.items():
            known = language if language in self._tables else UNDETERMINED
            texts.setdefault(self._tables[known], []).append(
                (
                    " ".join(analyse(text.title, known)),
                    " ".join(analyse(" . ".join(text.keywords), known)),
                    " ".join(analyse(text.description, known)),
                )
            )
        # Several languages without a table of their own share one row, since a document has one row in each table.
        rows = {table: _joined(found) for table, found in texts.items()}
        vectors = [
            (number, item.key, item.vector.astype(np.float16).tobytes())
            for number, space in enumerate(self.schema.spaces)
            for item in document.vectors.get(space.name, ())
        ]
        return Prepared(
            document=document,
            facets=json.dumps({name: value for name, value in document.facets.items() if value is not None}),
            texts=rows,
            texts_hash=hashlib.sha256(repr(sorted(rows.items())).encode()).digest(),
            vectors=vectors,
            vectors_hash=hashlib.sha256(repr(vectors).encode()).digest(),
            codes=tuple(dict.fromkeys(plain for code in document.codes if (plain := plain_code(code)))),
        )

    # --- Codes ----------------------------------------------------------------------------------

    def train(self, number: int) -> None:
        """Give every vector of a space its 1-bit code, around the mean of all of them; readers reload."""
        space = self.schema.spaces[number]
        with self.writing() as connection:
            if mean_of(connection, number) is not None:
                return  # Another process was first.
            total, count = np.zeros(space.dims, np.float64), 0
            for _, vectors in _chunks(connection, number, space.dims):
                total += vectors.sum(axis=0, dtype=np.float64)
                count += len(vectors)
            if not count:
                return
            mean = (total / count).astype(np.float32)
            for vids, vectors in _chunks(connection, number, space.dims):
                connection.executemany(
                    "UPDATE vec SET code = ? WHERE vid = ?",
                    [(row.tobytes(), vid) for row, vid in zip(codes.encode(vectors, mean), vids, strict=True)],
                )
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"mean_{number}", mean.tobytes()))
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")

    def count_vectors(self, number: int) -> int:
        return int(self.connection.execute("SELECT count(*) FROM vec WHERE space = ?", (number,)).fetchone()[0])

    def set_meta(self, key: str, value: float) -> None:
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def meta(self, key: str, default: float) -> float:
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else float(row[0])

    def finish(self) -> None:
        """After a bulk fill: merge the full-text tables and write everything to the disk."""
        connection = self.connection
        for table in self._tables.values():
            connection.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _read_schema(self) -> CollectionSchema:
        try:
            meta = dict(self.connection.execute("SELECT key, value FROM meta WHERE key IN ('format', 'schema')"))
        except sqlite3.DatabaseError as error:
            raise EngineUnavailable(
                f"The index file {self.path.name} can't be read ({error}). Run rebuild_index to make a new one."
            ) from error
        if meta.get("format") != FORMAT:
            raise EngineUnavailable(f"The index file {self.path.name} has another format. Run rebuild_index.")
        return _schema_from_json(meta["schema"])


class _Writer:
    """Writes within one transaction; every change gets the same next sequence number, by which readers catch up."""

    def __init__(self, connection: sqlite3.Connection, schema: CollectionSchema) -> None:
        self.connection = connection
        self.tables = [text_table(language) for language in dict.fromkeys((*schema.languages, UNDETERMINED))]
        self.dims = [space.dims for space in schema.spaces]
        self.seq = connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'seq' RETURNING value").fetchone()[
            0
        ]
        self.means = [mean_of(connection, number) for number in range(len(schema.spaces))]

    def upsert(self, prepared: Prepared) -> bool:
        old = self._row(prepared.document.id)
        rid = self._claim(prepared.document.id, prepared.document.version, deleted=0)
        if rid is None:
            return False
        self.connection.execute(
            "UPDATE doc SET facets = ?, texts_hash = ?, vectors_hash = ? WHERE rid = ?",
            (prepared.facets, prepared.texts_hash, prepared.vectors_hash, rid),
        )
        old_texts, old_vectors = old or (None, None)
        # A price change costs no work on texts and vectors.
        if old_texts != prepared.texts_hash:
            self._remove_texts(rid, known=old is not None)
            for table, row in prepared.texts.items():
                self.connection.execute(
                    f"INSERT INTO {table}(rowid, title, keywords, description) VALUES (?, ?, ?, ?)",
                    (rid, *row),
                )
        if old_vectors != prepared.vectors_hash:
            self._replace_vectors(rid, prepared.vectors)
        self.connection.execute("DELETE FROM code WHERE rid = ?", (rid,))
        self.connection.executemany("INSERT INTO code VALUES (?, ?)", [(code, rid) for code in prepared.codes])
        return True

    def delete(self, item: VersionedId) -> bool:
        rid = self._claim(item.id, item.version, deleted=1)
        if rid is None:
            return False
        self._remove_texts(rid, known=True)
        self.connection.execute("DELETE FROM vec WHERE rid = ?", (rid,))
        self.connection.execute("DELETE FROM code WHERE rid = ?", (rid,))
        self.connection.execute(
            "UPDATE doc SET facets = '{}', texts_hash = NULL, vectors_hash = NULL WHERE rid = ?", (rid,)
        )
        return True

    def _row(self, id: str) -> tuple[bytes | None, bytes | None] | None:
        found: tuple[bytes | None, bytes | None] | None = self.connection.execute(
            "SELECT texts_hash, vectors_hash FROM doc WHERE id = ?", (id,)
        ).fetchone()
        return found

    def _claim(self, id: str, version: int, *, deleted: int) -> int | None:
        """The document's row, now at this version; None where the row has this version or a newer one."""
        row = self.connection.execute(
            "INSERT INTO doc (id, version, deleted, seq) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "version = excluded.version, deleted = excluded.deleted, seq = excluded.seq "
            "WHERE excluded.version > doc.version RETURNING rid",
            (id, version, deleted, self.seq),
        ).fetchone()
        return None if row is None else int(row[0])

    def _remove_texts(self, rid: int, *, known: bool) -> None:
        if known:
            for table in self.tables:
                self.connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (rid,))

    def _replace_vectors(self, rid: int, vectors: Sequence[tuple[int, str, bytes]]) -> None:
        self.connection.execute("DELETE FROM vec WHERE rid = ?", (rid,))
        for number, key, blob in vectors:
            mean = self.means[number]
            code = None
            if mean is not None:
                code = codes.encode(from_blob(blob)[None], mean).tobytes()
            self.connection.execute(
                "INSERT INTO vec (rid, space, key, v, code) VALUES (?, ?, ?, ?, ?)", (rid, number, key, blob, code)
            )


def connect(path: Path) -> sqlite3.Connection:
    # Transactions are opened by hand, and `close` may be called from another thread than the one that opened it.
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # A commit that was acknowledged survives a power cut.
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def from_blob(blob: bytes) -> Vector:
    return np.frombuffer(blob, np.float16).astype(np.float32)


def mean_of(connection: sqlite3.Connection, number: int) -> Vector | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (f"mean_{number}",)).fetchone()
    return None if row is None else np.frombuffer(row[0], np.float32)


def _chunks(connection: sqlite3.Connection, number: int, dims: int) -> Iterator[tuple[list[int], Matrix]]:
    """All vectors of a space with their vids, 4,096 at a time."""
    last = 0
    while rows := connection.execute(
        "SELECT vid, v FROM vec WHERE vid > ? AND space = ? ORDER BY vid LIMIT 4096", (last, number)
    ).fetchall():
        last = rows[-1][0]
        matrix = np.frombuffer(b"".join(row[1] for row in rows), np.float16).reshape(len(rows), dims)
        yield [row[0] for row in rows], matrix.astype(np.float32)


def _joined(rows: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    title, keywords, description = (" ".join(parts) for parts in zip(*rows, strict=True))
    return title, keywords, description


def _schema_to_json(schema: CollectionSchema) -> str:
    return json.dumps(
        {
            "spaces": [[space.name, space.dims, space.fingerprint] for space in schema.spaces],
            "facets": [[field.name, field.kind.value] for field in schema.facets],
            "languages": list(schema.languages),
        }
    )


def _schema_from_json(text: str) -> CollectionSchema:
    data = json.loads(text)
    return CollectionSchema(
        spaces=tuple(Space(name, dims, fingerprint) for name, dims, fingerprint in data["spaces"]),
        facets=tuple(FacetField(name, FacetKind(kind)) for name, kind in data["facets"]),
        languages=tuple(data["languages"]),
    )
