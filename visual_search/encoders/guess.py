"""Learns a map from words to pictures on the shop's own titles, so that words find pictures by what they show.

The map is a ridge regression from text vectors to picture vectors. It changes how a question is asked and no stored
vector, so a new fit needs no new index. Together with the class names of the network it more than doubles what words
find among pictures whose titles are hidden (docs/decisions/0004-offline-encoder.md).
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visual_search.encoders.atomic import write_once
from visual_search.errors import SchemaMismatch
from visual_search.types import unit

Floats = npt.NDArray[np.float32]

VERSION = 1
# The ridge's l, in units of the mean eigenvalue of the text covariance; the decision's figures were measured with it.
RIDGE = 0.2
LEAST_PAIRS = 30  # titles with a picture; fewer teach nothing (set by judgement)
MOST_PAIRS = 4000  # titles with a picture; more change the map little, and e5 takes 16 ms for each


@dataclass(frozen=True, slots=True)
class PictureGuess:
    """`fingerprint` names the text and the image space between which the map goes."""

    fingerprint: str
    text_mean: Floats
    matrix: Floats  # (text dims, image dims)

    def __call__(self, texts: Floats) -> Floats:
        """Unit vectors of the image space, shape (n, image dims).

        The mean picture is left out: it is equally near to all queries and would pull them towards the average.
        """
        return unit((texts - self.text_mean) @ self.matrix)

    def save(self, path: Path) -> None:
        """Write the file in one step, so that a process that reads meanwhile gets the old map or the new one."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            version=np.int64(VERSION),
            fingerprint=np.array(self.fingerprint),
            text_mean=self.text_mean,
            matrix=self.matrix.astype(np.float16),
        )
        write_once(path, buffer.getvalue())


def learn(texts: Floats, pictures: Floats, fingerprint: str) -> PictureGuess:
    """The ridge map B = (X'X + l I)^-1 X'Y over centred rows; row i of `texts` belongs to row i of `pictures`."""
    text_mean = texts.mean(axis=0)
    x = (texts - text_mean).astype(np.float64)
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram) + 1e-9
    matrix = np.linalg.solve(gram, x.T @ (pictures - pictures.mean(axis=0)))
    # Only the direction of a guess matters; scaling keeps the numbers inside half precision.
    matrix /= max(float(np.abs(matrix).max()), 1e-12)
    return PictureGuess(fingerprint, text_mean.astype(np.float32), matrix.astype(np.float32))


def read(path: Path, fingerprint: str) -> PictureGuess:
    """The map that `save` wrote. Raises `SchemaMismatch` where it is damaged or made for other vectors."""
    try:
        # Read whole first: numpy leaves a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            made_for = str(stored["fingerprint"])
            version = int(stored["version"])
            guess = PictureGuess(made_for, stored["text_mean"], stored["matrix"].astype(np.float32))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as problem:
        raise SchemaMismatch(
            f"The learned map '{path.name}' can't be read ({problem}). Delete it; the next rebuild learns it anew."
        ) from problem
    if version != VERSION or made_for != fingerprint:
        raise SchemaMismatch(
            f"The learned map '{path.name}' was made for other vectors ({made_for}, version {version}; expected "
            f"{fingerprint}, version {VERSION}). Delete it; the next rebuild learns it anew."
        )
    return guess
