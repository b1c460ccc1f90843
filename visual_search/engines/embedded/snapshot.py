"""What a process keeps in memory of one collection: ids, facet columns, and codes or vectors. It catches up by sequence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from visual_search.engines.embedded.columns import Column, ColumnView, Growing, Mask
from visual_search.engines.embedded.store import from_blobs, mean_of, meta
from visual_search.types import CollectionSchema, FacetValue, Vector

Slots = npt.NDArray[np.int32]
_BATCH = 10_000  # documents read at once, so that a process's first answer needs little more memory than later ones


@dataclass
class Rows:
    """The vectors of one space. Without a mean they are whole in memory; with one, only their codes are."""

    mean: Vector | None
    data: Growing
    vids: Growing = field(default_factory=lambda: Growing(np.int64))
    slots: Growing = field(default_factory=lambda: Growing(np.int32))
    keys: list[str] = field(default_factory=list)  # of whole vectors; those of codes are read with the vectors


@dataclass(frozen=True, slots=True)
class RowsView:
    mean: Vector | None
    data: npt.NDArray[np.generic]  # float32 vectors, a row each, or uint64 codes, a column each
    vids: npt.NDArray[np.int64]
    slots: Slots
    keys: list[str]


@dataclass(frozen=True, slots=True)
class View:
    """One state for one query: appending goes on behind it, and deaths after it don't reach it."""

    ids: list[str]
    alive: Mask
    columns: Mapping[str, ColumnView]
    rows: Mapping[str, RowsView]
    slot_by_rid: Slots  # -1 where the row isn't alive
    grams_by_rid: Slots  # how many pieces of words the document has


class Snapshot:
    """Not thread-safe: the engine holds a lock around `catch_up`, `view` and `slots_of`."""

    def __init__(self, connection: sqlite3.Connection, schema: CollectionSchema) -> None:
        self.schema = schema
        self.seq = -1
        self.epoch = meta(connection, "epoch")
        self.ids: list[str] = []
        self.slot_by_id: dict[str, int] = {}
        self.alive = Growing(np.bool_)
        self.slot_by_rid = Growing(np.int32)
        self.grams_by_rid = Growing(np.int32)
        self.columns = {facet.name: Column(facet) for facet in schema.facets}
        self.rows: list[Rows] = []
        for number, space in enumerate(schema.spaces):
            mean = mean_of(connection, number)
            codes = mean is not None
            data = Growing(np.uint64, -(-space.dims // 64), across=True) if codes else Growing(np.float32, space.dims)
            self.rows.append(Rows(mean, data))
        self.dead = 0
        self.catch_up(connection)

    def is_stale(self, connection: sqlite3.Connection) -> bool:
        """Whether catching up isn't enough: codes were made meanwhile, or half of the slots are dead."""
        return self.epoch != meta(connection, "epoch") or (self.dead > 1000 and self.dead * 2 > len(self.ids))

    def catch_up(self, connection: sqlite3.Connection) -> None:
        seq = int(meta(connection, "seq"))
        if seq <= self.seq:
            return
        first = self.seq < 0
        changed = connection.execute(
            "SELECT rid, id, facets, deleted, grams FROM doc WHERE seq > ? ORDER BY rid", (self.seq,)
        )
        present: list[int] = []
        while rows := changed.fetchmany(_BATCH):
            present += self._append(rows)
        self._append_vectors(connection, None if first else present)
        self.seq = seq

    def _append(self, rows: list[tuple[int, str, str, int, int]]) -> list[int]:
        """Give these documents new slots; returns the rids of those that aren't deleted."""
        self._grow_rids(rows[-1][0])
        self.grams_by_rid.view[[row[0] for row in rows]] = [row[4] for row in rows]
        for rid, id, *_ in rows:
            if (slot := self.slot_by_id.pop(id, None)) is not None:
                self.alive.view[slot] = False
                self.slot_by_rid.view[rid] = -1
                self.dead += 1
        present = [(rid, id, facets) for rid, id, facets, deleted, _ in rows if not deleted]
        start = len(self.ids)
        self.ids.extend(id for _, id, _ in present)
        self.slot_by_id.update((id, slot) for slot, (_, id, _) in enumerate(present, start))
        rids = [rid for rid, _, _ in present]
        self.slot_by_rid.view[rids] = np.arange(start, start + len(present))
        # One text of all is read in half the time of one by one.
        values = json.loads(f"[{','.join(facets for _, _, facets in present)}]")
        for name, column in self.columns.items():
            column.append(start, [_value(row.get(name)) for row in values])
        self.alive.append(np.ones(len(present), np.bool_))
        return rids

    def view(self) -> View:
        return View(
            ids=self.ids,
            alive=self.alive.view.copy(),
            columns={name: column.view() for name, column in self.columns.items()},
            rows={
                space.name: RowsView(rows.mean, rows.data.view, rows.vids.view, rows.slots.view, rows.keys)
                for space, rows in zip(self.schema.spaces, self.rows, strict=True)
            },
            slot_by_rid=self.slot_by_rid.view.copy(),
            grams_by_rid=self.grams_by_rid.view.copy(),
        )

    def slots_of(self, ids: Iterable[str]) -> Slots:
        """The slots of those ids that are alive, each once, ascending."""
        slots = {slot for id in ids if (slot := self.slot_by_id.get(id)) is not None}
        return np.array(sorted(slots), np.int32)

    def _append_vectors(self, connection: sqlite3.Connection, rids: list[int] | None) -> None:
        for number, rows in enumerate(self.rows):
            whole = rows.mean is None
            query = f"SELECT vid, rid, {'v, key' if whole else 'code'} FROM vec WHERE "
            if rids is None:
                added = connection.execute(query + "space = ? ORDER BY vid", (number,)).fetchall()
            else:
                # The pluses keep SQLite from walking the whole space instead of looking up these few rows.
                query += "+space = ? AND rid IN (SELECT value FROM json_each(?)) ORDER BY +vid"
                added = connection.execute(query, (number, json.dumps(rids))).fetchall()
            if not added:
                continue
            vids, of_rids, blobs, *keys = zip(*added, strict=True)
            rows.vids.append(vids)
            rows.slots.append(self.slot_by_rid.view[list(of_rids)])
            if whole:
                rows.keys.extend(*keys)
                rows.data.append(from_blobs(blobs, self.schema.spaces[number].dims))
            else:
                rows.data.append(np.frombuffer(b"".join(blobs), np.uint64).reshape(len(added), -1))

    def _grow_rids(self, rid: int) -> None:
        missing = rid + 1 - self.slot_by_rid.length
        if missing > 0:
            self.slot_by_rid.append(np.full(missing, -1, np.int32))
            self.grams_by_rid.append(np.zeros(missing, np.int32))


def _value(value: object) -> FacetValue:
    return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value]
