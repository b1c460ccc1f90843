"""One-bit codes of vectors: 1/32 of the memory, scanned by popcount, good enough to find candidates for exact scoring.

All codes are compared with the code of the question, the nearest with the question itself, and of those the nearest are
scored exactly, from their vectors.

Signs of raw components fail on real features (most are positive, many are zero), so vectors are centred and turned by
one fixed random rotation first; then every bit carries the same share. Compare "Binary quantization" and RaBitQ
(Gao and Long, SIGMOD 2024, https://arxiv.org/abs/2405.12497).
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from visual_search.types import Matrix, Vector

Codes = npt.NDArray[np.uint64]  # shape (rows, words): 64 bits a word
# Shape (words, rows): a scan goes through them in a fifth of the time, because numpy then adds whole columns.
CodesAcross = npt.NDArray[np.uint64]
_BLOCK = 8_192  # rows whose distances are taken at once: what comes between stays in the processor's cache


@functools.cache
def rotation(dims: int) -> Matrix:
    """The same random orthogonal matrix (dims x dims) in every process: Q of a seeded Gaussian matrix."""
    gaussian = np.random.default_rng(20_24).normal(size=(dims, dims))
    return np.linalg.qr(gaussian)[0].astype(np.float32)


def encode(vectors: Matrix, mean: Vector) -> Codes:
    """Codes of unit vectors, shape (rows, ceil(dims / 64))."""
    rows, dims = vectors.shape
    bits = (vectors - mean) @ rotation(dims) > 0
    packed = np.zeros((rows, -(-dims // 64) * 8), np.uint8)
    packed[:, : -(-dims // 8)] = np.packbits(bits, axis=1)
    return packed.view(np.uint64)


def distances(codes: CodesAcross, query: Codes) -> npt.NDArray[np.uint16]:
    """Hamming distance of each row to the one row of `query`."""
    total = np.empty(codes.shape[1], np.uint16)
    for start in range(0, len(total), _BLOCK):
        part = np.bitwise_count(codes[:, start : start + _BLOCK] ^ query[0][:, None])
        part.sum(axis=0, dtype=np.uint16, out=total[start : start + _BLOCK])
    return total


def nearest(distances: npt.NDArray[np.uint16], count: int) -> npt.NDArray[np.intp]:
    """The places of the `count` least distances, ascending; among equal ones the first. There are few distances to count."""
    up_to = np.cumsum(np.bincount(distances))
    last = int(np.searchsorted(up_to, count))
    below = np.flatnonzero(distances < last)
    at = np.flatnonzero(distances == last)[: count - len(below)]
    return np.sort(np.concatenate([below, at]))


def projections(codes: CodesAcross, vector: Vector) -> npt.NDArray[np.float32]:
    """How near each row is to a unit vector, which stays whole: the sum of its turned numbers with the signs of the code.

    It orders better than distances do, since great numbers count more (RaBitQ's estimator without its factor for each row),
    and costs too much for all rows: 1,800 take .4 ms.
    """
    dims = len(vector)
    bits = np.unpackbits(np.ascontiguousarray(codes.T).view(np.uint8), axis=1, count=dims)
    turned = vector @ rotation(dims)
    return np.asarray(2 * (bits.astype(np.float32) @ turned) - turned.sum(), np.float32)


# On 43,826 titles and 12,713 pictures (200 questions each), recall@10 / @24 / @200 is 1.000 / 1.000 / .985 or more with these
# two numbers. Without projections it took 1,200 vectors where 300 and 800 are enough, and vectors are read from the file.
def candidates_for(rows: int, k: int) -> int:
    """How many of the nearest codes are looked at more closely, by their projections."""
    return max(1_200, int(4 * rows**0.5), 8 * k)


def compared_for(k: int) -> int:
    """How many of those are then scored exactly."""
    return max(300, 4 * k)
