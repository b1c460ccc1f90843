"""One-bit codes of vectors: 1/32 of the memory, scanned by popcount, good enough to find candidates for exact scoring.

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


def distances(codes: Codes, query: Codes) -> npt.NDArray[np.int64]:
    """Hamming distance of each row to the one row of `query`."""
    return np.asarray(np.bitwise_count(codes ^ query).sum(axis=1, dtype=np.int64))


def candidates_for(rows: int, k: int) -> int:
    """How many of the nearest codes are scored exactly: max(400, 4 sqrt(n)) gave recall@10 of .99 on real features."""
    return max(400, int(4 * rows**0.5), 6 * k)
