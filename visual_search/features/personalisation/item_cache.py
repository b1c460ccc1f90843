"""Hands out hundreds of item vectors in one array. Each process keeps a shelf for each collection, filled by its questions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connections
from django.db.models import QuerySet

from visual_search.features.personalisation.models import ItemSpread, ItemVector
from visual_search.models import chunks
from visual_search.types import EncoderCard, Matrix, unit

SHELF_BYTES = 64 * 2**20  # for each process and collection: 11,900 vectors of 1408 dimensions
LOOK_SECONDS = 30.0  # After so long a process asks the table again whether vectors were made anew.
SHELF_SECONDS = 3600.0  # A shelf is dropped after so long, in case a refresh died before it wrote a new stamp.
MOST_STRANGERS = 20_000  # ids without a row that a shelf remembers, so that made-up ids can't fill the memory

_Row = tuple[str, bytes | memoryview]  # category, float16 little endian


@dataclass(frozen=True, slots=True)
class Items:
    """Row n of `vectors`, shape (ids, dims), belongs to `ids[n]`; zeros where there is no vector.

    `categories` has only those ids that have a row in the table.
    """

    ids: tuple[str, ...]
    vectors: Matrix
    categories: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _State:
    """What the row of the spread says. A refresh that makes or drops a vector writes a new `stamp`."""

    looked: float  # when this process read it, on its monotonic clock
    spread: float
    stamp: UUID | None


class _Shelf:
    """One array with a place for each id. When it is full, the ids leave that were unused for the longest time.

    Not thread-safe.
    """

    def __init__(self, dims: int, now: float) -> None:
        self.made = now
        rows = max(SHELF_BYTES // (4 * dims), 1)
        self._vectors = np.empty((rows, dims), dtype=np.float32)  # The system gives the memory as rows are filled.
        self._used = np.zeros(rows, dtype=np.int64)
        self._ids: list[str] = []  # by place
        self._categories: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._strangers: set[str] = set()
        self._tick = 0

    def missing(self, ids: Iterable[str]) -> list[str]:
        """The ids of which the shelf doesn't know yet whether the table has a row."""
        return [id for id in ids if id not in self._places and id not in self._strangers]

    def put(self, rows: Mapping[str, _Row], asked: Sequence[str]) -> None:
        """Keep these rows. An id of `asked` that has no row is remembered as a stranger."""
        new = [id for id in rows if id not in self._places][: len(self._used)]
        self._make_room(len(new))
        first = len(self._ids)
        self._vectors[first : first + len(new)] = _unpacked([rows[id][1] for id in new], self._vectors.shape[1])
        self._tick += 1
        self._used[first : first + len(new)] = self._tick
        for place, id in enumerate(new, start=first):
            self._places[id] = place
            self._categories[id] = rows[id][0]
        self._ids += new
        # A device may remember ids that the table doesn't have. Without this set each question would ask for them again.
        if len(self._strangers) > MOST_STRANGERS:
            self._strangers.clear()
        self._strangers.update(id for id in asked if id not in rows)

    def take(self, ids: Sequence[str]) -> Items:
        """The items of these ids, in this order; zeros where the shelf has no vector."""
        places = np.array([self._places.get(id, -1) for id in ids], dtype=np.intp)
        known = places >= 0
        self._tick += 1
        self._used[places[known]] = self._tick
        vectors = self._vectors[places]
        vectors[~known] = 0.0
        categories = {id: category for id in ids if (category := self._categories.get(id)) is not None}
        return Items(tuple(ids), vectors, categories)

    def _make_room(self, count: int) -> None:
        room = len(self._used) - len(self._ids)
        if count <= room:
            return
        # A quarter leaves at once, so that this is rarely needed.
        kept_count = max(min(len(self._ids) * 3 // 4, len(self._used) - count), 0)
        by_use = np.argsort(self._used[: len(self._ids)], kind="stable")
        kept = np.sort(by_use[len(self._ids) - kept_count :])
        for place in by_use[: len(self._ids) - kept_count].tolist():
            del self._places[self._ids[place]], self._categories[self._ids[place]]
        self._vectors[: len(kept)] = self._vectors[kept]
        self._used[: len(kept)] = self._used[kept]
        self._ids = [self._ids[place] for place in kept.tolist()]
        self._places = {id: place for place, id in enumerate(self._ids)}


class ItemCache:
    """Item vectors and spreads as the table has them, at most LOOK_SECONDS late. Thread-safe."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._shelves: dict[str, tuple[str, _Shelf]] = {}  # by collection, with the encoder's mark
        self._states: dict[tuple[str, str], _State] = {}

    def items(self, collection: str, card: EncoderCard, ids: Iterable[str]) -> Items:
        """The items of these ids, each once, in the order in which they are first named. One query reads all that are missing."""
        mark, wanted = fingerprint(card), list(dict.fromkeys(ids))
        self._state(collection, mark)
        with self._lock:
            shelf = self._shelf(collection, mark, dims_of(card))
            missing = shelf.missing(wanted)
            if not missing:
                return shelf.take(wanted)
        rows = _read(collection, mark, missing)
        with self._lock:
            shelf.put(rows, missing)
            return shelf.take(wanted)

    def spread(self, collection: str, card: EncoderCard) -> float:
        """How far unrelated things of this collection lie apart, measured when their vectors were made; 0 if unknown."""
        return self._state(collection, fingerprint(card)).spread

    def forget(self) -> None:
        """Drop all shelves, so that the next question reads the table."""
        with self._lock:
            self._shelves.clear()
            self._states.clear()

    def _state(self, collection: str, mark: str) -> _State:
        now, known = self._clock(), self._states.get((collection, mark))
        if known is not None and now - known.looked <= LOOK_SECONDS:
            return known
        rows = ItemSpread.objects.filter(collection=collection, fingerprint=mark)
        spread, stamp = rows.values_list("spread", "stamp").first() or (0.0, None)
        with self._lock:
            if known is not None and known.stamp != stamp:
                self._shelves.pop(collection, None)
            self._states[collection, mark] = state = _State(now, spread, stamp)
        return state

    def _shelf(self, collection: str, mark: str, dims: int) -> _Shelf:
        now = self._clock()
        shelf_mark, shelf = self._shelves.get(collection, ("", None))
        if shelf is None or shelf_mark != mark or now - shelf.made > SHELF_SECONDS:
            shelf = _Shelf(dims, now)
            self._shelves[collection] = (mark, shelf)
        return shelf


def fingerprint(card: EncoderCard) -> str:
    """Stands for the encoder's spaces that item vectors are made of: vectors of two encoders can't be compared."""
    text = card.text.fingerprint if card.text is not None else "none"
    return f"{card.image.fingerprint[:19]}-{text[:19]}"


def dims_of(card: EncoderCard) -> int:
    """The dimensions of an item vector."""
    return card.image.dims + (card.text.dims if card.text is not None else 0)


def _read(collection: str, mark: str, ids: Sequence[str]) -> dict[str, _Row]:
    rows: dict[str, _Row] = {}
    for batch in chunks(ids):
        those = ItemVector.objects.filter(collection=collection, fingerprint=mark, object_id__in=batch)
        rows |= {id: (category, vector) for id, category, vector in _quietly(those)}
    return rows


def _quietly(rows: QuerySet[ItemVector]) -> list[tuple[str, str, bytes | memoryview]]:
    """Ids, categories and vectors. The statement names what a device remembers, so it runs on a cursor whose statements
    Django doesn't record (as it does under DEBUG).
    """
    connection = connections[rows.db]
    statement, values = rows.values_list("object_id", "category", "vector").query.sql_with_params()
    connection.ensure_connection()
    with connection.make_cursor(connection.create_cursor()) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _unpacked(packed: Sequence[bytes | memoryview], dims: int) -> npt.NDArray[np.float32]:
    """Shape (rows, dims). A row without a vector, or with a vector of another size, becomes zeros."""
    nothing = bytes(2 * dims)
    whole = b"".join(bytes(row) if len(row) == len(nothing) else nothing for row in packed)
    return unit(np.frombuffer(whole, dtype="<f2").reshape(len(packed), dims))


cache = ItemCache()
