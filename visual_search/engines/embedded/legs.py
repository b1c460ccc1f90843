"""Answers one leg from one state of a collection: masks first, then scores."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visual_search.engines.answers import COSINE_DIGITS, ids_answer
from visual_search.engines.embedded import codes, grams, words
from visual_search.engines.embedded.columns import Mask
from visual_search.engines.embedded.postings import Postings
from visual_search.engines.embedded.snapshot import RowsView, Slots, View
from visual_search.engines.embedded.store import fetch
from visual_search.engines.validation import plain_codes
from visual_search.types import (
    ALL_WORDS,
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    GramsLeg,
    IdsLeg,
    Leg,
    LegAnswer,
    LegHit,
    Vector,
    VectorLeg,
    WordsLeg,
    unit,
)

Scores = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]  # of rows in a RowsView


@dataclass(frozen=True, slots=True)
class State:
    """What one query works on. `mask`: the slots that pass all filters; `widths`: see training.tune.

    `slots_of_ids`: of the ids of each IdsLeg, the slots of those that are alive.
    """

    connection: sqlite3.Connection
    schema: CollectionSchema
    view: View
    mask: Mask
    widths: Mapping[str, float]
    slots_of_ids: Mapping[tuple[str, ...], Slots]
    postings: Postings

    def passing(self, rids: npt.NDArray[np.int64]) -> tuple[Slots, npt.NDArray[np.bool_]]:
        """Of these rows of `doc`, the slots of those that pass the filters, and which they are."""
        kept = rids < len(self.view.slot_by_rid)
        slots = self.view.slot_by_rid[rids[kept]]
        passes = self._passes(slots)
        kept[kept] = passes
        return slots[passes], kept

    def allowed(self) -> Mask:
        """The mask by rid instead of by slot."""
        return self._passes(self.view.slot_by_rid)

    def _passes(self, slots: Slots) -> Mask:
        # A row that isn't alive has the slot -1: it reads the last flag, which is the one behind those of all slots.
        flags: Mask = np.append(self.mask, np.False_)
        return flags[slots]


def answer(state: State, leg: Leg) -> LegAnswer:
    match leg:
        case VectorLeg():
            return _vector(state, leg)
        case WordsLeg():
            return _words(state, leg)
        case GramsLeg():
            return _grams(state, leg)
        case CodeLeg():
            return _code(state, leg)
        case IdsLeg():
            return _ids(state, leg)
        case BrowseLeg():
            return _browse(state, leg)


# --- Vectors --------------------------------------------------------------------------------------


def _vector(state: State, leg: VectorLeg) -> LegAnswer:
    rows = state.view.rows[leg.space]
    every = bool(state.mask.all())
    passing = np.arange(len(rows.slots)) if every else np.flatnonzero(state.mask[rows.slots])
    vector = unit(leg.vector)
    if rows.mean is None:
        scores = np.asarray(rows.data, np.float32)[passing] @ vector
        return _ranked(state.view, rows, passing, scores, leg, key=lambda n: rows.keys[passing[n]])
    width = state.widths[leg.space]
    distances = None
    while True:
        compared = codes.compared_for(leg.k) * width
        if leg.exact or compared >= len(passing):
            return _scored(state, rows, passing, vector, leg)
        data = np.asarray(rows.data, np.uint64)
        if distances is None:
            query = codes.encode(vector[None], rows.mean)
            distances = codes.distances(data if every else np.take(data, passing, axis=1), query)
        candidates = passing
        if (most := int(codes.candidates_for(len(passing), leg.k) * width)) < len(passing):
            candidates = passing[codes.nearest(distances, most)]
        projections = codes.projections(np.take(data, candidates, axis=1), vector)
        scored = _scored(state, rows, candidates[_greatest(projections, int(compared))], vector, leg)
        # An object with hundreds of pictures may take all the places; then more are looked at.
        if len(scored.hits) >= leg.k:
            return scored
        width *= 4


def _greatest(numbers: npt.NDArray[np.float32], count: int) -> Places:
    return np.argpartition(-numbers, count - 1)[:count] if count < len(numbers) else np.arange(len(numbers))


def _scored(state: State, rows: RowsView, places: Places, vector: Vector, leg: VectorLeg) -> LegAnswer:
    """These candidates with their exact cosines. The vectors come from the file, of the state that the view shows."""
    places = places[np.argsort(rows.vids[places])]
    found = fetch(state.connection, rows.vids[places], len(vector))
    if len(found.vids) < len(places):
        places = places[np.isin(rows.vids[places], found.vids)]
    return _ranked(state.view, rows, places, found.vectors @ vector, leg, key=found.keys.__getitem__)


def _ranked(
    view: View,
    rows: RowsView,
    places: Places,
    scores: npt.NDArray[np.float32],
    leg: VectorLeg,
    *,
    key: Callable[[int], str],
) -> LegAnswer:
    """One hit a document: its best vector counts. `key(n)`: what the vector at the n-th of the places stands for."""
    # Rounded, because a matrix product gives the last bits by the size of the matrix, and ties are to be seen as ties.
    rounded = np.asarray(np.round(np.clip(scores.astype(np.float64), -1.0, 1.0), COSINE_DIGITS), np.float64)
    slots = rows.slots[places]
    order = np.lexsort((rows.vids[places], -rounded))
    unique, first = np.unique(slots[order], return_index=True)
    best = order[first]
    hits = top(view.ids, unique, rounded[best], leg.k, key=lambda n: key(int(best[n])), named=leg.named)
    return LegAnswer(leg.name, hits, len(unique), "eq" if len(unique) <= leg.k else "gte")


# --- Words, codes, ids, browsing ------------------------------------------------------------------


def _words(state: State, leg: WordsLeg) -> LegAnswer:
    rids, scores, whole = words.search(
        state.connection, leg, schema=state.schema, allowed=state.allowed(), postings=state.postings
    )
    slots = state.view.slot_by_rid[rids]
    hits = top(state.view.ids, slots, scores, leg.k, key=lambda place: ALL_WORDS if whole[place] else "")
    return LegAnswer(leg.name, hits, len(rids))


def _grams(state: State, leg: GramsLeg) -> LegAnswer:
    rids, scores = grams.search(
        state.connection,
        leg,
        allowed=state.allowed(),
        lengths=state.view.grams_by_rid,
        documents=int(np.count_nonzero(state.view.alive)),
    )
    hits = top(state.view.ids, state.view.slot_by_rid[rids], scores, leg.k)
    return LegAnswer(leg.name, hits, len(rids))


def _code(state: State, leg: CodeLeg) -> LegAnswer:
    rows = state.connection.execute(
        "SELECT DISTINCT rid FROM code WHERE code IN (SELECT value FROM json_each(?))",
        (json.dumps(plain_codes(leg.codes)),),
    ).fetchall()
    slots, _ = state.passing(np.array([rid for (rid,) in rows], np.int64))
    return LegAnswer(leg.name, top(state.view.ids, slots, np.ones(len(slots)), leg.k), len(slots))


def _ids(state: State, leg: IdsLeg) -> LegAnswer:
    slots = state.slots_of_ids[leg.ids]
    return ids_answer(leg, {state.view.ids[slot] for slot in slots[state.mask[slots]].tolist()})


def _browse(state: State, leg: BrowseLeg) -> LegAnswer:
    slots = np.flatnonzero(state.mask).astype(np.int32)
    if leg.order_by is None:
        order = np.zeros(len(slots), np.float64)
    else:
        order = state.view.columns[leg.order_by].numbers[slots]
        order = order if leg.descending else -order
        order = np.where(np.isnan(order), -np.inf, order)  # Objects without the number come last either way.
    ordered = top(state.view.ids, slots, order, leg.k)
    return LegAnswer(leg.name, tuple(LegHit(hit.id, 1.0) for hit in ordered), len(slots))


def top(
    ids: Sequence[str],
    slots: Slots,
    scores: Scores,
    k: int,
    *,
    key: Callable[[int], str] | None = None,
    named: int | None = None,
) -> tuple[LegHit, ...]:
    """The k best, best first, ties by id; the first `named` of them, or all, have their key."""
    places: Places = np.arange(len(scores))
    if len(scores) > k:
        # Everything that ties with the k-th stays in, so that the ids decide between equals.
        places = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
    ranked = (
        (-score, ids[slot], place)
        for score, slot, place in zip(scores[places].tolist(), slots[places].tolist(), places.tolist(), strict=True)
    )
    # Not a whole sort: behind one very common word all documents tie.
    best = heapq.nsmallest(k, ranked)
    having = 0 if key is None else len(best) if named is None else named
    return tuple(
        LegHit(id, -score, key(place) if key and rank < having else "") for rank, (score, id, place) in enumerate(best)
    )
