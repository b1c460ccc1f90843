"""Every write to a collection's file: documents are made ready first, and written in one short transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from multilingual.analysis import analyse
from visual_search.engines.embedded import codes
from visual_search.engines.embedded.store import (
    Store,
    add_language,
    from_blobs,
    languages_of,
    mean_of,
    table_language,
    text_table,
)
from visual_search.engines.validation import plain_code, why_not
from visual_search.types import CollectionSchema, Document, Rejected, UpsertReport, VersionedId, unit

BATCH = 200  # Documents in one transaction: others wait for the lock no longer than this takes (about 40 ms).


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document made ready before the write lock is taken."""

    id: str
    version: int
    facets: str
    texts: dict[str, tuple[str, str, str]]  # language -> title, keywords, description, as terms
    texts_hash: bytes
    vectors: list[tuple[int, str, bytes]]  # space number, key, float16 bytes
    vectors_hash: bytes
    codes: tuple[str, ...]


def write(store: Store, changes: Iterable[Document | VersionedId]) -> UpsertReport:
    """Store and delete in the order given, in one transaction. Raises Superseded, and then nothing was written."""
    ready: list[Prepared | VersionedId] = []
    rejected: list[Rejected] = []
    for change in changes:
        if isinstance(change, VersionedId):
            ready.append(change)
        elif fault := why_not(change, store.schema):
            rejected.append(Rejected(change.id, fault))
        else:
            ready.append(prepare(change, store.schema))
    stored: list[str] = []
    skipped: list[str] = []
    if ready:
        with store.writing() as connection:
            writer = _Writer(connection, store.schema)
            for item in ready:
                done = writer.delete(item) if isinstance(item, VersionedId) else writer.upsert(item)
                (stored if done else skipped).append(item.id)
    return UpsertReport(tuple(stored), tuple(skipped), tuple(rejected))


def prepare(document: Document, schema: CollectionSchema) -> Prepared:
    texts: dict[str, list[tuple[str, str, str]]] = {}
    for language, text in document.texts.items():
        known = table_language(language, schema)
        parts = (text.title, " . ".join(text.keywords), text.description)
        title, keywords, description = (" ".join(analyse(part, known)) for part in parts)
        texts.setdefault(known, []).append((title, keywords, description))
    # Several languages without a table of their own share one row, since a document has one row in each table.
    rows = {language: _joined(found) for language, found in texts.items()}
    vectors = [
        # Scaled to length 1 here, so that a dot product is the cosine and float16 can't overflow.
        (number, item.key, unit(item.vector).astype(np.float16).tobytes())
        for number, space in enumerate(schema.spaces)
        for item in document.vectors.get(space.name, ())
    ]
    return Prepared(
        id=document.id,
        version=document.version,
        facets=json.dumps({name: value for name, value in document.facets.items() if value is not None}),
        texts=rows,
        texts_hash=hashlib.sha256(repr(sorted(rows.items())).encode()).digest(),
        vectors=vectors,
        vectors_hash=hashlib.sha256(repr(vectors).encode()).digest(),
        codes=tuple(dict.fromkeys(plain for code in document.codes if (plain := plain_code(code)))),
    )


class _Writer:
    """Writes within one transaction; every change gets the same next sequence number, by which readers catch up."""

    def __init__(self, connection: sqlite3.Connection, schema: CollectionSchema) -> None:
        self.connection = connection
        self.languages = languages_of(connection)
        self.spaces = schema.spaces
        (self.seq,) = connection.execute(
            "UPDATE meta SET value = value + 1 WHERE key = 'seq' RETURNING value"
        ).fetchone()
        self.means = [mean_of(connection, number) for number in range(len(schema.spaces))]

    def upsert(self, item: Prepared) -> bool:
        old = self.connection.execute("SELECT texts_hash, vectors_hash FROM doc WHERE id = ?", (item.id,)).fetchone()
        rid = self._claim(item.id, item.version, deleted=0)
        if rid is None:
            return False
        self.connection.execute(
            "UPDATE doc SET facets = ?, texts_hash = ?, vectors_hash = ? WHERE rid = ?",
            (item.facets, item.texts_hash, item.vectors_hash, rid),
        )
        old_texts, old_vectors = old or (None, None)
        # A price change costs no work on texts and vectors.
        if old_texts != item.texts_hash:
            if old is not None:
                self._remove_texts(rid)
            self._add_texts(rid, item.texts)
        if old_vectors != item.vectors_hash:
            self._replace_vectors(rid, item.vectors)
        self.connection.execute("DELETE FROM code WHERE rid = ?", (rid,))
        self.connection.executemany("INSERT INTO code VALUES (?, ?)", [(code, rid) for code in item.codes])
        return True

    def delete(self, item: VersionedId) -> bool:
        """Leaves a row without content: its version decides about whatever comes late."""
        rid = self._claim(item.id, item.version, deleted=1)
        if rid is None:
            return False
        self._remove_texts(rid)
        self.connection.execute("DELETE FROM vec WHERE rid = ?", (rid,))
        self.connection.execute("DELETE FROM code WHERE rid = ?", (rid,))
        self.connection.execute(
            "UPDATE doc SET facets = '{}', texts_hash = NULL, vectors_hash = NULL WHERE rid = ?", (rid,)
        )
        return True

    def _claim(self, id: str, version: int, *, deleted: int) -> int | None:
        """The document's row, now at this version; None where the row has this version or a newer one."""
        row = self.connection.execute(
            "INSERT INTO doc (id, version, deleted, seq) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "version = excluded.version, deleted = excluded.deleted, seq = excluded.seq "
            "WHERE excluded.version > doc.version RETURNING rid",
            (id, version, deleted, self.seq),
        ).fetchone()
        return None if row is None else int(row[0])

    def _add_texts(self, rid: int, texts: dict[str, tuple[str, str, str]]) -> None:
        for language, row in texts.items():
            if language not in self.languages:
                add_language(self.connection, language)
                self.languages.append(language)
            self.connection.execute(
                f"INSERT INTO {text_table(language)}(rowid, title, keywords, description) VALUES (?, ?, ?, ?)",
                (rid, *row),
            )

    def _remove_texts(self, rid: int) -> None:
        for language in self.languages:
            self.connection.execute(f"DELETE FROM {text_table(language)} WHERE rowid = ?", (rid,))

    def _replace_vectors(self, rid: int, vectors: Sequence[tuple[int, str, bytes]]) -> None:
        self.connection.execute("DELETE FROM vec WHERE rid = ?", (rid,))
        for number, key, blob in vectors:
            mean = self.means[number]
            code = None
            if mean is not None:
                code = codes.encode(from_blobs([blob], self.spaces[number].dims), mean).tobytes()
            self.connection.execute(
                "INSERT INTO vec (rid, space, key, code, v) VALUES (?, ?, ?, ?, ?)", (rid, number, key, code, blob)
            )


def _joined(rows: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    title, keywords, description = (" ".join(parts) for parts in zip(*rows, strict=True))
    return title, keywords, description
