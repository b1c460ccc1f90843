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


@dataclass
class Rows:
    """The vectors of one space. Without a mean they are whole in memory; with one, only their codes are."""

    mean: Vector | None
    data: Growing
    vids: Growing = field(default_factory=lambda: Growing(np.int64))
    slots: Growing = field(default_factory=lambda: Growing(np.int32))
    keys: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RowsView:
    mean: Vector | None
    data: npt.NDArray[np.generic]  # float32 vectors, or uint64 codes
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
            data = Growing(np.float32, space.dims) if mean is None else Growing(np.uint64, -(-space.dims // 64))
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
        rows = connection.execute(
            "SELECT rid, id, facets, deleted, grams FROM doc WHERE seq > ? ORDER BY rid", (self.seq,)
        ).fetchall()
        present = [(rid, id, facets) for rid, id, facets, deleted, _ in rows if not deleted]
        if rows:
            self._grow_rids(rows[-1][0])
        for rid, id, _, _, grams in rows:
            self.grams_by_rid.view[rid] = grams
            if (slot := self.slot_by_id.pop(id, None)) is not None:
                self.alive.view[slot] = False
                self.slot_by_rid.view[rid] = -1
                self.dead += 1
        start = len(self.ids)
        self.ids.extend(id for _, id, _ in present)
        for slot, (rid, id, _) in enumerate(present, start):
            self.slot_by_id[id] = slot
            self.slot_by_rid.view[rid] = slot
        values = [json.loads(facets) for _, _, facets in present]
        for name, column in self.columns.items():
            column.append(start, [_value(row.get(name)) for row in values])
        self._append_vectors(connection, None if first else [rid for rid, _, _ in present])
        self.alive.append(np.ones(len(present), np.bool_))
        self.seq = seq

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
            column = "v" if rows.mean is None else "code"
            query = f"SELECT vid, rid, key, {column} FROM vec WHERE space = ?"
            if rids is None:
                added = connection.execute(query + " ORDER BY vid", (number,)).fetchall()
            else:
                # The plus keeps SQLite from walking the whole space in the order of vid to save itself a small sort.
                query += " AND rid IN (SELECT value FROM json_each(?)) ORDER BY +vid"
                added = connection.execute(query, (number, json.dumps(rids))).fetchall()
            if not added:
                continue
            vids, of_rids, keys, blobs = zip(*added, strict=True)
            rows.vids.append(vids)
            rows.slots.append(self.slot_by_rid.view[list(of_rids)])
            rows.keys.extend(keys)
            if rows.mean is None:
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
