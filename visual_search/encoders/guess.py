"""A learned guess of the picture that words ask for, from the shop's own pictures and titles.

Ridge regression from text vectors to picture vectors. Stored vectors never change: only how a question is asked does,
so a new fit needs no re-indexing. Beside the label names of the network this more than doubles what words find among
pictures whose titles are hidden (docs/decisions/0004-offline-encoder.md).
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
LAMBDA = 0.2  # times the mean eigenvalue of the text covariance
LEAST_PAIRS = 30  # Fewer titles than this teach nothing.
MOST_PAIRS = 4000  # More change little, and e5 takes 16 ms for each.


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
        """In one step: a process that reads meanwhile sees the old map or the new one."""
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
    gram[np.diag_indices_from(gram)] += LAMBDA * np.trace(gram) / len(gram) + 1e-9
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
