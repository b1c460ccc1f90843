"""Every write to a collection's file: documents are made ready first, and written in one short transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from multilingual.analysis import is_form
from visual_search.engines.embedded import codes
from visual_search.engines.embedded.postings import COUNT_BITS
from visual_search.engines.embedded.store import (
    Store,
    from_blobs,
    mean_of,
)
from visual_search.engines.terms import gram_text, kept_grams, term_counts
from visual_search.engines.validation import half_precision, plain_codes, why_not
from visual_search.ranking.bm25 import USUAL_WORDS, kept_length
from visual_search.types import CollectionSchema, Document, Rejected, UpsertReport, VersionedId

BATCH_DOCUMENTS = 200  # In one transaction: others wait for the lock no longer than this takes (about 40 ms).


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document made ready before the write lock is taken."""

    id: str
    version: int
    facets: str
    texts: dict[str, dict[str, int]]  # language -> term -> count
    gram_text: str
    grams: tuple[str, ...]  # pieces of it
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
    texts = term_counts(document, schema)
    text = gram_text(document)
    vectors = [
        (number, item.key, half_precision(item.vector).tobytes())
        for number, space in enumerate(schema.spaces)
        for item in document.vectors.get(space.name, ())
    ]
    return Prepared(
        id=document.id,
        version=document.version,
        facets=json.dumps({name: value for name, value in document.facets.items() if value is not None}),
        texts=texts,
        gram_text=text,
        grams=tuple(kept_grams(text)),
        texts_hash=hashlib.sha256(json.dumps([texts, text], sort_keys=True).encode()).digest(),
        vectors=vectors,
        vectors_hash=hashlib.sha256(repr(vectors).encode()).digest(),
        codes=tuple(plain_codes(document.codes)),
    )


class _Writer:
    """Writes within one transaction; every change gets the same next sequence number, by which readers catch up."""

    def __init__(self, connection: sqlite3.Connection, schema: CollectionSchema) -> None:
        self.connection = connection
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
            self._add_texts(rid, item)
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

    def _add_texts(self, rid: int, item: Prepared) -> None:
        kept: list[int] = []
        for language, counts in item.texts.items():
            self.connection.execute(
                "INSERT INTO language VALUES (?, 1) ON CONFLICT (code) DO UPDATE SET documents = documents + 1",
                (language,),
            )
            length = kept_length(sum(count for term, count in counts.items() if not is_form(term)))
            terms = [self._term(language, term) for term in counts]
            # Another form of a word makes no text longer, and counts as in one of usual length.
            values = (
                ((USUAL_WORDS if is_form(term) else length) << COUNT_BITS) | count for term, count in counts.items()
            )
            self.connection.executemany(
                "INSERT INTO word VALUES (?, ?, ?)",
                ((term, rid, value) for term, value in zip(terms, values, strict=True)),
            )
            kept += terms
        if item.grams:
            self.connection.execute("INSERT INTO gram(rowid, grams) VALUES (?, ?)", (rid, " ".join(item.grams)))
        if kept or item.grams:
            # What was written is kept, because it has to be named to be removed.
            self.connection.execute(
                "INSERT INTO text VALUES (?, ?, ?)",
                (rid, np.array(kept, np.int64).tobytes(), zlib.compress(item.gram_text.encode())),
            )
        self.connection.execute("UPDATE doc SET grams = ? WHERE rid = ?", (kept_length(len(item.grams)), rid))

    def _term(self, language: str, term: str) -> int:
        row = self.connection.execute(
            "SELECT id FROM term WHERE language = ? AND term = ?", (language, term)
        ).fetchone()
        if row is None:
            row = self.connection.execute(
                "INSERT INTO term (language, term) VALUES (?, ?) RETURNING id", (language, term)
            ).fetchone()
        return int(row[0])

    def _remove_texts(self, rid: int) -> None:
        row = self.connection.execute("DELETE FROM text WHERE rid = ? RETURNING terms, grams", (rid,)).fetchone()
        if row is None:
            return
        terms = np.frombuffer(row[0], np.int64).tolist()
        self.connection.executemany("DELETE FROM word WHERE term = ? AND rid = ?", ((term, rid) for term in terms))
        self.connection.execute(
            "UPDATE language SET documents = documents - 1 WHERE code IN "
            "(SELECT DISTINCT language FROM term WHERE id IN (SELECT value FROM json_each(?)))",
            (json.dumps(terms),),
        )
        if grams := kept_grams(zlib.decompress(row[1]).decode()):
            self.connection.execute(
                "INSERT INTO gram(gram, rowid, grams) VALUES ('delete', ?, ?)", (rid, " ".join(grams))
            )

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
