"""The embedded engine: the Engine protocol over SQLite files and numpy."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visual_search.engines.base import Ability
from visual_search.engines.embedded import codes, words
from visual_search.engines.embedded.columns import Mask, mask_of
from visual_search.engines.embedded.generations import Generation, Generations, remove
from visual_search.engines.embedded.snapshot import RowsView, Snapshot, View
from visual_search.engines.embedded.store import Store
from visual_search.engines.validation import check_query, known_field, plain_code
from visual_search.errors import EngineUnavailable, IndexMissing, SchemaMismatch
from visual_search.types import (
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    Document,
    EngineAnswer,
    EngineQuery,
    FacetAnswer,
    Health,
    Leg,
    LegAnswer,
    LegHit,
    RebuildReport,
    UpsertReport,
    Vector,
    VectorLeg,
    VersionedId,
    WordsLeg,
)

RECALL_WANTED = 0.98
VECTORS_FOR_A_SERVER = 300_000
DOCUMENTS_FOR_A_SERVER = 300_000


@dataclass
class _Open:
    """A collection as this process has it open."""

    stamp: tuple[int, int]
    generation: Generation
    store: Store
    lock: threading.Lock
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """What one query works on."""

    connection: sqlite3.Connection
    schema: CollectionSchema
    view: View
    mask: Mask
    widths: dict[str, float]


class EmbeddedEngine:
    """Keeps each collection in one SQLite file below `folder`.

    Up to `exact_below` vectors of a space are kept in memory and compared exactly (8,000 x 512 float32 = 16 MB);
    beyond that 1-bit codes find candidates, which are scored exactly from the file. One host only: SQLite's log
    needs shared memory.
    """

    abilities = frozenset({Ability.EXACT_KNN})

    def __init__(self, folder: Path | str, *, exact_below: int = 8_000) -> None:
        self.generations = Generations(Path(folder))
        self.exact_below = exact_below
        self._open: dict[str, _Open] = {}
        self._lock = threading.RLock()

    # --- The life of a collection ---------------------------------------------------------------

    def ensure(self, collection: str, schema: CollectionSchema) -> None:
        if self.generations.stamp(collection) is None:
            path = self.generations.reserve(collection)
            Store.create(path, schema).close()
            if not self.generations.publish(collection, path, None, only_if_new=True):
                remove(path)  # Another process made the collection at the same moment.
        found = self._opened(collection).store.schema
        if not same_schema(found, schema):
            raise SchemaMismatch(
                f"The index of '{collection}' was made for {_named(found)}, but the settings now ask for {_named(schema)}. "
                "Run `manage.py rebuild_index`."
            )

    def drop(self, collection: str) -> None:
        with self._lock:
            self._forget(collection)
            self.generations.pointer(collection).unlink(missing_ok=True)
            self.generations.remove_others(collection, ())

    def close(self) -> None:
        with self._lock:
            for collection in list(self._open):
                self._forget(collection)

    def refresh(self, collection: str) -> None:
        """Nothing to do: what is committed is visible to the next query of any process."""

    # --- Writing --------------------------------------------------------------------------------

    def upsert(self, collection: str, documents: Iterable[Document]) -> UpsertReport:
        return self._write(collection, documents)

    def delete(self, collection: str, ids: Sequence[VersionedId]) -> UpsertReport:
        return self._write(collection, ids)

    def _write(self, collection: str, changes: Iterable[Document | VersionedId]) -> UpsertReport:
        with _readable_errors(collection):
            store = self._opened(collection).store
            report = store.write(changes)
            self._train_where_needed(store)
            return report

    def _train_where_needed(self, store: Store) -> None:
        (newest,) = store.connection.execute("SELECT coalesce(max(vid), 0) FROM vec").fetchone()
        # Counting is a scan, so it is done only once in a while: when a sixteenth of the threshold has been added.
        if newest < self.exact_below or newest - store.meta("counted_at", 0) < self.exact_below / 16:
            return
        store.set_meta("counted_at", newest)
        for number in range(len(store.schema.spaces)):
            if store.count_vectors(number) >= self.exact_below:
                store.train(number)

    # --- Reading --------------------------------------------------------------------------------

    def search(self, collection: str, query: EngineQuery) -> EngineAnswer:
        with self._state(collection, query) as state:
            return EngineAnswer(tuple(_answer(state, leg) for leg in query.legs))

    def facets(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> tuple[FacetAnswer, ...]:
        with _readable_errors(collection):
            opened = self._opened(collection)
            columns = [known_field(name, opened.store.schema).name for name in fields]
            with opened.store.reading() as connection:
                snapshot, view = self._caught_up(opened, connection)
            slots = view.slots_of(ids, snapshot.slot_by_id)
            return tuple(view.columns[name].count(slots) for name in columns)

    def versions(self, collection: str) -> Iterator[VersionedId]:
        store = self._opened(collection).store
        last = ""
        while True:
            with _readable_errors(collection):
                rows = store.connection.execute(
                    "SELECT id, version FROM doc WHERE id > ? AND deleted = 0 ORDER BY id LIMIT 5000", (last,)
                ).fetchall()
            if not rows:
                return
            yield from (VersionedId(id, version) for id, version in rows)
            last = rows[-1][0]

    def health(self) -> Health:
        counts: dict[str, int] = {}
        advice: list[str] = []
        try:
            for collection in self.generations.collections():
                store = self._opened(collection).store
                with store.reading() as connection:
                    counts[collection] = connection.execute("SELECT count(*) FROM doc WHERE deleted = 0").fetchone()[0]
                    (vectors,) = connection.execute("SELECT coalesce(max(vid), 0) FROM vec").fetchone()
                if vectors > VECTORS_FOR_A_SERVER or counts[collection] > DOCUMENTS_FOR_A_SERVER:
                    advice.append(
                        f"'{collection}' has {counts[collection]:,} documents and up to {vectors:,} vectors: "
                        "time for Elasticsearch (docs/how-to/elasticsearch.md)."
                    )
        except (EngineUnavailable, sqlite3.Error, OSError) as error:
            return Health(False, "embedded", str(error), counts, tuple(advice))
        return Health(True, "embedded", f"SQLite {sqlite3.sqlite_version}", counts, tuple(advice))

    # --- Rebuilding -----------------------------------------------------------------------------

    def rebuild(
        self, collection: str, schema: CollectionSchema, documents: Iterable[Document | VersionedId]
    ) -> RebuildReport:
        begin = time.perf_counter()
        old = self.generations.read(collection)
        path = self.generations.reserve(collection)
        store: Store | None = None
        try:
            store = Store.create(path, schema)
            # A half-made file is thrown away after a crash, so it need not survive one.
            store.connection.execute("PRAGMA synchronous = OFF")
            report = store.write(documents)
            for number in range(len(schema.spaces)):
                if store.count_vectors(number) >= self.exact_below:
                    store.train(number)
            store.finish()
            (count,) = store.connection.execute("SELECT count(*) FROM doc WHERE deleted = 0").fetchone()
            store.close()
            _sync(path)
        except BaseException:
            if store is not None:
                store.close()
            remove(path)
            raise
        self.generations.publish(collection, path, old.current if old else None)
        with self._lock:
            self._forget(collection)
        self.generations.remove_others(collection, (path, old.current if old else None))
        self._tune(collection)
        return RebuildReport(
            documents=count,
            rejected=report.rejected,
            seconds=time.perf_counter() - begin,
            index=path.stem,
            previous=old.current.stem if old else None,
        )

    def rollback(self, collection: str) -> str:
        found = self.generations.read(collection)
        if found is None or found.previous is None:
            raise IndexMissing(
                f"There is no earlier index of '{collection}' to go back to. Run `manage.py rebuild_index`."
            )
        self.generations.publish(collection, found.previous, found.current)
        return found.previous.stem

    # --- Recall ---------------------------------------------------------------------------------

    def recall(self, collection: str, space: str, *, sample: int = 20, k: int = 10) -> float:
        """Recall@k of the quick way against the exact one, over `sample` stored vectors; 1.0 where all is exact."""
        vectors = self._sample(collection, space, sample)
        if not vectors:
            return 1.0
        right = 0.0
        for vector in vectors:
            query = EngineQuery(
                (VectorLeg("quick", space, vector, k), VectorLeg("exact", space, vector, k, exact=True))
            )
            answer = self.search(collection, query)
            exact = {hit.id for hit in answer.leg("exact").hits}
            right += len(exact & {hit.id for hit in answer.leg("quick").hits}) / max(len(exact), 1)
        return right / len(vectors)

    def _sample(self, collection: str, space: str, size: int) -> list[Vector]:
        store = self._opened(collection).store
        number = [known.name for known in store.schema.spaces].index(space)
        rows = store.connection.execute("SELECT vid FROM vec WHERE space = ?", (number,)).fetchall()
        if not rows:
            return []
        chosen = np.random.default_rng(0).choice(len(rows), min(size, len(rows)), replace=False)
        vectors = fetch(store.connection, [rows[place][0] for place in chosen], store.schema.spaces[number].dims)[1]
        return [vector / np.linalg.norm(vector) for vector in vectors]

    def _tune(self, collection: str) -> None:
        """Score more candidates exactly where the codes alone lose neighbours; keep what was found in the file."""
        store = self._opened(collection).store
        for number, space in enumerate(store.schema.spaces):
            if store.count_vectors(number) < self.exact_below:
                continue
            for width in (1.0, 2.0, 4.0, 8.0, float("inf")):
                store.set_meta(f"width_{number}", width)
                if self.recall(collection, space.name) >= RECALL_WANTED:
                    break

    # --- Opening --------------------------------------------------------------------------------

    def _opened(self, collection: str) -> _Open:
        stamp = self.generations.stamp(collection)
        opened = self._open.get(collection)
        if opened is not None and opened.stamp == stamp:
            return opened
        with self._lock:
            stamp = self.generations.stamp(collection)
            generation = self.generations.read(collection)
            if stamp is None or generation is None or not generation.current.exists():
                raise IndexMissing(f"There is no index of '{collection}' yet. Run `manage.py rebuild_index`.")
            opened = self._open.get(collection)
            if opened is None or opened.stamp != stamp:
                # The old store isn't closed here: another thread may be in the middle of a query on it. Its connections
                # close when their threads end or let go of it.
                opened = _Open(stamp, generation, Store(generation.current), threading.Lock())
                self._open[collection] = opened
            return opened

    def _forget(self, collection: str) -> None:
        opened = self._open.pop(collection, None)
        if opened is not None:
            opened.store.close()

    def _caught_up(self, opened: _Open, connection: sqlite3.Connection) -> tuple[Snapshot, View]:
        with opened.lock:
            if opened.snapshot is None or opened.snapshot.is_stale(connection):
                opened.snapshot = Snapshot(connection, opened.store.schema)
            else:
                opened.snapshot.catch_up(connection)
            return opened.snapshot, opened.snapshot.view()

    @contextlib.contextmanager
    def _state(self, collection: str, query: EngineQuery) -> Iterator[_State]:
        with _readable_errors(collection):
            opened = self._opened(collection)
            schema = opened.store.schema
            check_query(query, schema)
            with opened.store.reading() as connection:
                snapshot, view = self._caught_up(opened, connection)
                mask = mask_of(view.columns, query.filters, view.alive)
                mask[view.slots_of(query.exclude, snapshot.slot_by_id)] = False
                if query.only is not None:
                    allowed = np.zeros_like(mask)
                    allowed[view.slots_of(query.only, snapshot.slot_by_id)] = True
                    mask &= allowed
                widths = {
                    space.name: opened.store.meta(f"width_{number}", 1.0) for number, space in enumerate(schema.spaces)
                }
                yield _State(connection, schema, view, mask, widths)


# --- Legs ---------------------------------------------------------------------------------------


def _vector_leg(state: _State, leg: VectorLeg) -> LegAnswer:
    rows = state.view.rows[leg.space]
    chosen = np.flatnonzero(state.mask[rows.slots])
    vector = np.asarray(leg.vector, np.float32)
    if rows.mean is None:
        scores = np.asarray(rows.data, np.float32)[chosen] @ vector
    else:
        chosen = _candidates(rows, chosen, vector, leg, state.widths[leg.space])
        order = np.argsort(rows.vids[chosen])
        chosen = chosen[order]
        kept, vectors = fetch(state.connection, rows.vids[chosen].tolist(), len(vector))
        chosen = chosen[np.isin(rows.vids[chosen], kept)]
        scores = vectors @ vector
    return _ranked_rows(state.view, rows, chosen, scores, leg)


def _candidates(
    rows: RowsView, chosen: npt.NDArray[np.intp], vector: Vector, leg: VectorLeg, width: float
) -> npt.NDArray[np.intp]:
    wanted = codes.candidates_for(len(chosen), leg.k) * width
    if leg.exact or wanted >= len(chosen) or rows.mean is None:
        return chosen
    data = np.asarray(rows.data, np.uint64)
    found = codes.distances(data if len(chosen) == len(data) else data[chosen], codes.encode(vector[None], rows.mean))
    return chosen[np.argpartition(found, int(wanted) - 1)[: int(wanted)]]


def fetch(connection: sqlite3.Connection, vids: list[int], dims: int) -> tuple[list[int], npt.NDArray[np.float32]]:
    """Vectors by vid, ascending; those that another process has removed meanwhile are left out."""
    found: list[tuple[int, bytes]] = []
    for start in range(0, len(vids), 10_000):
        found += connection.execute(
            "SELECT vid, v FROM vec WHERE vid IN (SELECT value FROM json_each(?)) ORDER BY vid",
            (json.dumps(sorted(vids[start : start + 10_000])),),
        )
    matrix = np.frombuffer(b"".join(blob for _, blob in found), np.float16).reshape(len(found), dims)
    return [vid for vid, _ in found], matrix.astype(np.float32)


def _ranked_rows(
    view: View, rows: RowsView, chosen: npt.NDArray[np.intp], scores: npt.NDArray[np.float32], leg: VectorLeg
) -> LegAnswer:
    """One hit a document: its best vector counts."""
    rounded = np.asarray(np.round(np.clip(scores, -1.0, 1.0).astype(np.float64), 6), np.float64)
    slots = rows.slots[chosen]
    order = np.lexsort((rows.vids[chosen], -rounded))
    unique, first = np.unique(slots[order], return_index=True)
    best = order[first]
    hits = top(view.ids, unique, rounded[best], leg.k, keys=[rows.keys[chosen[place]] for place in best])
    return LegAnswer(leg.name, hits, len(unique), "eq" if len(unique) <= leg.k else "gte")


def _words_leg(state: _State, leg: WordsLeg) -> LegAnswer:
    rids, scores = words.search(
        state.connection,
        text=leg.text,
        languages=leg.languages,
        known=state.schema.languages,
        documents=int(state.view.alive.sum()),
        k=leg.k,
    )
    known = rids < len(state.view.slot_by_rid)
    slots, scores = state.view.slot_by_rid[rids[known]], scores[known]
    kept = (slots >= 0) & (slots < len(state.mask))
    slots, scores = slots[kept], scores[kept]
    passing = state.mask[slots]
    slots, scores = slots[passing], scores[passing]
    return LegAnswer(leg.name, top(state.view.ids, slots, np.round(scores, 6).astype(np.float64), leg.k), len(slots))


def _code_leg(state: _State, leg: CodeLeg) -> LegAnswer:
    wanted = sorted({plain for code in leg.codes if (plain := plain_code(code))})
    rows = state.connection.execute(
        "SELECT DISTINCT rid FROM code WHERE code IN (SELECT value FROM json_each(?))", (json.dumps(wanted),)
    ).fetchall()
    slots = state.view.slot_by_rid[np.array([rid for (rid,) in rows if rid < len(state.view.slot_by_rid)], np.int64)]
    slots = slots[(slots >= 0) & (slots < len(state.mask))]
    slots = slots[state.mask[slots]]
    return LegAnswer(leg.name, top(state.view.ids, slots, np.ones(len(slots)), leg.k), len(slots))


def _browse_leg(state: _State, leg: BrowseLeg) -> LegAnswer:
    slots = np.flatnonzero(state.mask).astype(np.int32)
    if leg.order_by is None:
        order = np.zeros(len(slots), np.float64)
    else:
        order = state.view.columns[leg.order_by].numbers.view[slots]
        order = order if leg.descending else -order
        order = np.where(np.isnan(order), -np.inf, order)  # Objects without the number come last either way.
    ordered = top(state.view.ids, slots, order, leg.k)
    return LegAnswer(leg.name, tuple(LegHit(hit.id, 1.0) for hit in ordered), len(slots))


def _answer(state: _State, leg: Leg) -> LegAnswer:
    match leg:
        case VectorLeg():
            return _vector_leg(state, leg)
        case WordsLeg():
            return _words_leg(state, leg)
        case CodeLeg():
            return _code_leg(state, leg)
        case BrowseLeg():
            return _browse_leg(state, leg)


def top(
    ids: list[str],
    slots: npt.NDArray[np.int32],
    scores: npt.NDArray[np.float64],
    k: int,
    *,
    keys: list[str] | None = None,
) -> tuple[LegHit, ...]:
    """The k best, best first, ties by id."""
    places = np.arange(len(scores))
    if len(scores) > k > 0:
        # Everything that ties with the k-th stays in, so that the ids decide between equals.
        places = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
    ordered = sorted(places.tolist(), key=lambda place: (-scores[place], ids[slots[place]]))[:k]
    return tuple(LegHit(ids[slots[place]], float(scores[place]), keys[place] if keys else "") for place in ordered)


def same_schema(one: CollectionSchema, other: CollectionSchema) -> bool:
    """Labels may change; spaces, facets and languages may not."""
    return (
        one.spaces == other.spaces
        and one.languages == other.languages
        and [(field.name, field.kind) for field in one.facets] == [(field.name, field.kind) for field in other.facets]
    )


def _named(schema: CollectionSchema) -> str:
    spaces = ", ".join(f"{space.name}[{space.dims}] {space.fingerprint[:12]}" for space in schema.spaces)
    facets = ", ".join(f"{field.name}:{field.kind}" for field in schema.facets)
    return f"spaces ({spaces}), facets ({facets}), languages ({', '.join(schema.languages)})"


@contextlib.contextmanager
def _readable_errors(collection: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise EngineUnavailable(f"The index of '{collection}' is busy or its disk is full: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise EngineUnavailable(
            f"The index of '{collection}' can't be read: {error}. Run `manage.py rebuild_index`.", retry_after=60
        ) from error


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
