"""The embedded engine: the Engine protocol over SQLite files and numpy."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from visual_search.engines.base import VERSIONS_PAGE, Ability, Approval
from visual_search.engines.embedded import health, legs, training, writing
from visual_search.engines.embedded.columns import mask_of
from visual_search.engines.embedded.errors import readable
from visual_search.engines.embedded.gauges import Gauges
from visual_search.engines.embedded.generations import Generation, Generations, remove
from visual_search.engines.embedded.snapshot import Slots, Snapshot, View
from visual_search.engines.embedded.store import Store, Superseded, create, width_of
from visual_search.engines.recall import Check
from visual_search.engines.refusals import no_earlier_index, no_index, refuse_other_schema
from visual_search.engines.validation import check_query, known_field
from visual_search.errors import BadInput, EngineUnavailable, said
from visual_search.types import (
    CollectionSchema,
    Document,
    EngineAnswer,
    EngineQuery,
    FacetAnswer,
    FacetValues,
    Health,
    IdsLeg,
    RebuildReport,
    Rejected,
    UpsertReport,
    Vector,
    VectorLeg,
    VersionedId,
)

Change = Document | VersionedId


@dataclass
class _Open:
    """A collection as this process has it open."""

    stamp: tuple[int, int]
    generation: Generation
    store: Store
    lock: threading.Lock = field(default_factory=threading.Lock)
    snapshot: Snapshot | None = None


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
        self.gauges = Gauges()
        self._open: dict[str, _Open] = {}
        self._lock = threading.RLock()

    # --- The life of a collection ---------------------------------------------------------------

    def ensure(self, collection: str, schema: CollectionSchema) -> bool:
        made = False
        with readable(collection):
            if self.generations.stamp(collection) is None:
                path = self.generations.reserve(collection)
                create(path, schema)
                made = self.generations.publish(collection, path, None, only_if_new=True)
                if not made:
                    remove(path)  # Another process made the collection at the same moment.
            indexed = self.schema(collection)
        refuse_other_schema(collection, indexed=indexed, wanted=schema)
        return made

    def schema(self, collection: str) -> CollectionSchema:
        with readable(collection):
            return self._opened(collection).store.schema

    def drop(self, collection: str) -> None:
        if not self.generations.folder.is_dir():
            return
        with readable(collection), self.generations.alone(collection):
            self.generations.pointer(collection).unlink(missing_ok=True)
            self._forget(collection)
            self.generations.remove_others(collection, ())

    def close(self) -> None:
        for collection in list(self._open):
            self._forget(collection)

    def refresh(self, collection: str) -> None:
        """Nothing to do: what is committed is visible to the next query of any process."""

    # --- Writing --------------------------------------------------------------------------------

    def upsert(self, collection: str, documents: Iterable[Document]) -> UpsertReport:
        return self._write(collection, documents)

    def delete(self, collection: str, ids: Sequence[VersionedId]) -> UpsertReport:
        return self._write(collection, ids)

    def _write(self, collection: str, changes: Iterable[Change]) -> UpsertReport:
        self._opened(collection)  # A collection that is missing is said so even where there is nothing to write.
        reports = [self._write_batch(collection, batch) for batch in _batches(changes)]
        return _joined(reports)

    def _write_batch(self, collection: str, batch: list[Change]) -> UpsertReport:
        with readable(collection):
            while True:
                store = self._opened(collection).store
                try:
                    report = writing.write(store, batch)
                    self._train_where_needed(collection, store)
                except Superseded:
                    continue  # A rebuild was swapped in meanwhile: these documents belong into the new file.
                return report

    def _train_where_needed(self, collection: str, store: Store) -> None:
        newest = store.newest_vector()
        # Counting takes a while, so it is done only when a sixteenth of what there was has been added.
        if newest < self.exact_below or newest < store.meta("counted_at", 0) * 17 / 16:
            return
        store.set_meta("counted_at", newest)
        for number in range(len(store.schema.spaces)):
            count = store.count_vectors(number)
            if count >= self.exact_below and count >= 2 * store.meta(f"tuned_at_{number}", 0):
                self._train(collection, store, number, count)

    def _train(self, collection: str, store: Store, number: int, count: int) -> None:
        """Give a space that has so many vectors its codes, and find out how many candidates they take."""
        store.set_meta(f"tuned_at_{number}", count)
        training.train(store, number)
        training.tune(store, number, self._quick(collection, store, number))

    # --- Reading --------------------------------------------------------------------------------

    def search(self, collection: str, query: EngineQuery) -> EngineAnswer:
        with readable(collection):
            return self._search(self._opened(collection), query)

    def _search(self, opened: _Open, query: EngineQuery) -> EngineAnswer:
        schema = opened.store.schema
        check_query(query, schema)
        with opened.store.reading() as connection:
            named = [leg.ids for leg in query.legs if isinstance(leg, IdsLeg)]
            view, (excluded, only, *slots) = self._caught_up(
                opened, connection, query.exclude, query.only or (), *named
            )
            mask = mask_of(view.columns, query.filters, view.alive)
            mask[excluded] = False
            if query.only is not None:
                allowed = np.zeros_like(mask)
                allowed[only] = True
                mask &= allowed
            widths = {space.name: width_of(connection, number) for number, space in enumerate(schema.spaces)}
            ids = dict(zip(named, slots, strict=True))
            state = legs.State(connection, schema, view, mask, widths, ids, opened.store.postings)
            answers = []
            for leg in query.legs:
                with self.gauges.timed(type(leg).__name__):
                    answers.append(legs.answer(state, leg))
        return EngineAnswer(tuple(answers))

    def facets(
        self, collection: str, ids: Sequence[str], fields: Sequence[str], *, each: str | None = None
    ) -> tuple[FacetAnswer, ...]:
        view, slots = self._columns(collection, ids, [*fields, *([each] if each else [])])
        groups = view.columns[each].groups(len(view.alive)) if each else None
        return tuple(view.columns[name].count(slots, groups) for name in fields)

    def values(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, FacetValues]:
        view, slots = self._columns(collection, ids, fields)
        by_field = {name: view.columns[name].values_of(slots) for name in fields}
        return {
            view.ids[slot]: {name: found[slot] for name, found in by_field.items() if slot in found}
            for slot in slots.tolist()
        }

    def _columns(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> tuple[View, Slots]:
        """The facets as they are now, and the slots of these documents. BadInput for a facet that there isn't."""
        with readable(collection):
            opened = self._opened(collection)
            for name in fields:
                known_field(name, opened.store.schema)
            with opened.store.reading() as connection:
                view, (slots,) = self._caught_up(opened, connection, ids)
            return view, slots

    def versions(self, collection: str) -> Iterator[VersionedId]:
        store = self._opened(collection).store
        last = ""
        while True:
            with readable(collection), store.lent() as connection:
                rows = connection.execute(
                    "SELECT id, version FROM doc WHERE id > ? AND deleted = 0 ORDER BY id LIMIT ?",
                    (last, VERSIONS_PAGE),
                ).fetchall()
            if not rows:
                return
            yield from (VersionedId(id, version) for id, version in rows)
            last = rows[-1][0]

    def health(self) -> Health:
        counts: dict[str, int] = {}
        advice: list[str] = health.slow_legs(self.gauges.p95())
        try:
            for collection in self.generations.collections():
                with readable(collection):
                    finding = health.examine(collection, self._opened(collection).store, self.exact_below)
                counts[collection] = finding.documents
                advice += finding.advice
        except (EngineUnavailable, OSError) as error:
            return Health(False, health.NAME, str(error), counts, tuple(advice))
        return Health(True, health.NAME, f"SQLite {sqlite3.sqlite_version}", counts, tuple(advice))

    # --- Rebuilding -----------------------------------------------------------------------------

    def rebuild(
        self,
        collection: str,
        schema: CollectionSchema,
        documents: Iterable[Change],
        approve: Approval | None = None,
    ) -> RebuildReport:
        begin = time.perf_counter()
        with contextlib.ExitStack() as stack:
            with readable(collection):
                stack.enter_context(self.generations.alone(collection))
                path = self.generations.reserve(collection)
            try:
                count, rejected = self._fill(collection, path, schema, documents)
                if approve is not None:
                    approve(count, rejected)
                with readable(collection):
                    old = self.generations.read(collection)
                    previous = old.current if old else None
                    self._swap(collection, path, previous)
            except BaseException:
                remove(path)
                raise
            with contextlib.suppress(OSError):  # What can't be removed now is removed by the next rebuild.
                self.generations.remove_others(collection, (path, previous))
        return RebuildReport(
            documents=count,
            rejected=rejected,
            seconds=time.perf_counter() - begin,
            index=path.stem,
            previous=previous.stem if previous else None,
        )

    def _fill(
        self, collection: str, path: Path, schema: CollectionSchema, documents: Iterable[Change]
    ) -> tuple[int, tuple[Rejected, ...]]:
        """Write a whole file that nobody uses yet; how many documents it has, and what was rejected."""
        with readable(collection):
            create(path, schema, durable=False)
            store = Store(path, durable=False)
        try:
            rejected: list[Rejected] = []
            for batch in _batches(documents):
                with readable(collection):
                    rejected += writing.write(store, batch).rejected
            with readable(collection):
                for number in range(len(schema.spaces)):
                    count = store.count_vectors(number)
                    if count >= self.exact_below:
                        self._train(collection, store, number, count)
                store.set_meta("counted_at", store.newest_vector())
                store.finish()
                documents_count = store.count_documents()
        finally:
            store.close()
        with readable(collection):
            _sync(path)
        return documents_count, tuple(rejected)

    def rollback(self, collection: str) -> str:
        with readable(collection):
            if self.generations.stamp(collection) is None:
                raise no_earlier_index(collection)
            with self.generations.alone(collection):
                generation = self.generations.read(collection)
                if generation is None or generation.previous is None:
                    raise no_earlier_index(collection)
                self._swap(collection, generation.previous, generation.current)
                return generation.previous.stem

    def _swap(self, collection: str, current: Path, previous: Path | None) -> None:
        """Point to `current`. Writers to the file before are waited for, and find out before their next transaction."""
        with contextlib.ExitStack() as stack:
            if previous is not None:
                # A spoilt file must not stand in the way of the one that replaces it.
                with contextlib.suppress(sqlite3.DatabaseError, EngineUnavailable):
                    store = Store(previous)
                    stack.callback(store.close)
                    stack.enter_context(store.writing())
            self.generations.publish(collection, current, previous)

    # --- Recall ---------------------------------------------------------------------------------

    def recall(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> float:
        """Recall@10 of the quick way against exact search; 1.0 where all is exact. Its own vectors are the queries."""
        with readable(collection):
            store = self._opened(collection).store
            number = self._number(store, space)
            return training.check(store, number, self._quick(collection, store, number))

    def tune(self, collection: str, space: str, queries: Iterable[Vector] = ()) -> Check:
        """Score so many candidates exactly that the recall is at least .98, or all of them; for all processes."""
        with readable(collection):
            store = self._opened(collection).store
            number = self._number(store, space)
            return training.tune(store, number, self._quick(collection, store, number))

    def _quick(self, collection: str, store: Store, number: int) -> Callable[[Vector, int], list[float]]:
        """Search in this very file, which may not be the collection's current one yet."""
        space = store.schema.spaces[number].name
        known = self._open.get(collection)
        opened = (
            known if known is not None and known.store is store else _Open((0, 0), Generation(store.path, None), store)
        )

        def quick(vector: Vector, k: int) -> list[float]:
            answer = self._search(opened, EngineQuery((VectorLeg("quick", space, vector, k, named=0),)))
            return [hit.score for hit in answer.leg("quick").hits]

        return quick

    def _number(self, store: Store, space: str) -> int:
        names = [known.name for known in store.schema.spaces]
        if space not in names:
            raise BadInput(
                said("There is no space '%(space)s'. Known: %(known)s.", space=space, known=", ".join(names)),
                field="space",
            )
        return names.index(space)

    # --- Opening --------------------------------------------------------------------------------

    def _opened(self, collection: str) -> _Open:
        stamp = self.generations.stamp(collection)
        opened = self._open.get(collection)
        if opened is not None and opened.stamp == stamp:
            return opened
        with self._lock:
            while True:
                stamp = self.generations.stamp(collection)
                opened = self._open.get(collection)
                if opened is not None and opened.stamp == stamp:
                    return opened
                generation = self.generations.read(collection)
                if stamp is None or generation is None:
                    raise no_index(collection)
                try:
                    store = Store(generation.current, current=partial(self._is_at, collection, stamp))
                except EngineUnavailable:
                    if self.generations.stamp(collection) == stamp:
                        raise
                    continue  # Two rebuilds in a row have removed the file between our two looks.
                self._forget(collection)
                self._open[collection] = _Open(stamp, generation, store)

    def _is_at(self, collection: str, stamp: tuple[int, int]) -> bool:
        return self.generations.stamp(collection) == stamp

    def _forget(self, collection: str) -> None:
        with self._lock:
            opened = self._open.pop(collection, None)
        if opened is not None:
            opened.store.close()

    def _caught_up(
        self, opened: _Open, connection: sqlite3.Connection, *wanted: Iterable[str]
    ) -> tuple[View, list[Slots]]:
        """The state that this connection's transaction sees, and the slots of each group of ids in it."""
        # The transaction's first read happens under this lock. So a later one never sees less than the snapshot holds.
        with opened.lock:
            snapshot, opened.snapshot = opened.snapshot, None  # One that failed halfway is never used again.
            if snapshot is None or snapshot.is_stale(connection):
                snapshot = Snapshot(connection, opened.store.schema)
            else:
                snapshot.catch_up(connection)
            opened.snapshot = snapshot
            return snapshot.view(), [snapshot.slots_of(ids) for ids in wanted]


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    iterator = iter(changes)
    while batch := list(itertools.islice(iterator, writing.BATCH_DOCUMENTS)):
        yield batch


def _joined(reports: Iterable[UpsertReport]) -> UpsertReport:
    stored: list[str] = []
    skipped: list[str] = []
    rejected: list[Rejected] = []
    for report in reports:
        stored += report.stored
        skipped += report.skipped
        rejected += report.rejected
    return UpsertReport(tuple(stored), tuple(skipped), tuple(rejected))


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
