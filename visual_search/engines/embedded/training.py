"""When a space gets its 1-bit codes, and how many candidates must be scored exactly so that no neighbour is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from visual_search.engines.embedded import codes
from visual_search.engines.embedded.store import Store, fetch, from_blobs, mean_of
from visual_search.engines.recall import RECALL_DEPTH, SAMPLE, Check, share_found, widen
from visual_search.types import Matrix, Vector, unit

WIDTHS = (1.0, 2.0, 4.0, 8.0, float("inf"))  # How many times the usual candidates; inf scores all of them exactly.

Scores = Callable[[Vector, int], Sequence[float]]  # query, k -> the quick way's scores, best first


def train(store: Store, number: int) -> bool:
    """Give every vector of a space its 1-bit code, around the mean of all of them; readers reload. False if done before."""
    dims = store.schema.spaces[number].dims
    with store.writing() as connection:
        if mean_of(connection, number) is not None:
            return False
        total, count = np.zeros(dims, np.float64), 0
        for _, _, vectors in chunks(connection, number, dims):
            total += vectors.sum(axis=0, dtype=np.float64)
            count += len(vectors)
        if not count:
            return False
        mean = (total / count).astype(np.float32)
        for vids, _, vectors in chunks(connection, number, dims):
            connection.executemany(
                "UPDATE vec SET code = ? WHERE vid = ?",
                [(row.tobytes(), vid) for row, vid in zip(codes.encode(vectors, mean), vids.tolist(), strict=True)],
            )
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"mean_{number}", mean.tobytes()))
        connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
    return True


def check(store: Store, number: int, quick: Scores) -> float:
    """Recall@10 of the quick way against exact search, over stored vectors as queries. One pass over the vectors."""
    dims = store.schema.spaces[number].dims
    with store.reading() as connection:
        queries = _sample(connection, number, dims)
        if not len(queries):
            return 1.0
        truth = _nearest(connection, number, dims, queries)
    return share_found((exact, quick(query, len(exact))) for query, exact in zip(queries, truth, strict=True))


def tune(store: Store, number: int, quick: Scores) -> Check:
    """Score more candidates exactly, until the recall is as wanted; what was found is kept in the file for all processes."""

    def recall_at(width: float) -> float:
        store.set_width(number, width)
        return check(store, number, quick)

    return widen(recall_at, WIDTHS)


def chunks(
    connection: sqlite3.Connection, number: int, dims: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Matrix]]:
    """All vectors of a space with their vids and rids, 4,096 at a time."""
    last = 0
    while rows := connection.execute(
        "SELECT vid, rid, v FROM vec WHERE vid > ? AND space = ? ORDER BY vid LIMIT 4096", (last, number)
    ).fetchall():
        last = rows[-1][0]
        vids, rids, blobs = zip(*rows, strict=True)
        yield np.array(vids, np.int64), np.array(rids, np.int64), from_blobs(blobs, dims)


def _sample(connection: sqlite3.Connection, number: int, dims: int) -> Matrix:
    vids = [vid for (vid,) in connection.execute("SELECT vid FROM vec WHERE space = ? ORDER BY vid", (number,))]
    chosen = np.random.default_rng(0).permutation(len(vids))[:SAMPLE].tolist()
    return unit(fetch(connection, np.array([vids[place] for place in chosen], np.int64), dims).vectors)


def _nearest(connection: sqlite3.Connection, number: int, dims: int, queries: Matrix) -> list[list[float]]:
    """For each query the cosines of the 10 nearest documents, best first; a document's best vector counts."""
    parts = [(rids, queries @ vectors.T) for _, rids, vectors in chunks(connection, number, dims)]
    rids = np.concatenate([rids for rids, _ in parts])
    _, document = np.unique(rids, return_inverse=True)
    truth = []
    for scores in np.concatenate([scores for _, scores in parts], axis=1):
        best = np.full(int(document.max()) + 1, -2.0, np.float32)
        np.maximum.at(best, document, scores)
        truth.append(np.sort(best)[::-1][:RECALL_DEPTH].tolist())
    return truth
