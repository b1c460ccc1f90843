"""Pieces of words, for what a photo says: an FTS5 table that keeps nothing but which document has which piece."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from visual_search.engines.answers import LEAST_TEXT_SCORE, TEXT_DIGITS
from visual_search.engines.embedded.columns import Mask
from visual_search.engines.terms import read_grams, weigh_grams
from visual_search.ranking.bm25 import USUAL_GRAMS, saturation
from visual_search.types import GramsLeg


def search(
    connection: sqlite3.Connection, leg: GramsLeg, *, allowed: Mask, lengths: npt.NDArray[np.int32], documents: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """All allowed documents that share a piece, with scores in (0, 1]. `allowed` and `lengths` go by rid."""
    weights = weigh_grams(frequencies(connection, read_grams(leg.text)), documents, USUAL_GRAMS)
    scores = np.zeros(len(allowed))
    for gram, weight in weights.items():
        rows = connection.execute("SELECT rowid FROM gram WHERE gram MATCH ?", (f'"{gram}"',))
        scores[np.fromiter((rid for (rid,) in rows), np.int64)] += weight
    scores[~allowed] = 0.0
    rids = np.flatnonzero(scores)
    # Each piece counts once, so a document's length weighs on all of them alike.
    scaled = scores[rids] * saturation(1, lengths[rids], USUAL_GRAMS)
    return rids, np.clip(np.round(scaled, TEXT_DIGITS), LEAST_TEXT_SCORE, 1.0)


def frequencies(connection: sqlite3.Connection, grams: Sequence[str]) -> Mapping[str, int]:
    """In how many documents each of them stands."""
    rows = connection.execute(
        "SELECT term, doc FROM gram_terms WHERE term IN (SELECT value FROM json_each(?))", (json.dumps(grams),)
    )
    counted = dict(rows.fetchall())
    return {gram: counted.get(gram, 0) for gram in grams}
