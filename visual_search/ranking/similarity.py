"""How near two vectors are: cosine, Euclidean, Mahalanobis. `encoders/whitened.py` brings the last to every engine.

- On vectors of unit length, |a - b|^2 = 2 - 2 cos(a, b): Euclidean distance orders exactly as cosine does. It is here
  because shops ask for it, and for encoders whose lengths mean something.
- Mahalanobis (1936): d^2 = (a - b)^T S^-1 (a - b). With S the catalogue's covariance, directions in which all goods differ count
  less. With S the covariance *within* products, directions count less in which pictures of one product differ
  (WCCN; Hatch and Stolcke 2006): the whitening inside the offline encoder is this one.
- S is shrunk towards a sphere, by Ledoit and Wolf's amount (J. Multivariate Analysis 88, 2004) or a given one: a sample
  covariance of 512 dimensions from a thousand products is singular or near it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from visual_search.types import Matrix, Vector, unit

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
NAMES = ("cosine", "euclidean", "mahalanobis")


class Similarity(Protocol):
    """Larger is nearer. Values of one similarity are comparable with each other, not with another's."""

    def scores(self, query: Vector, rows: Matrix) -> Floats:
        """Shape (n,) for rows of shape (n, dims)."""


@dataclass(frozen=True, slots=True)
class Cosine:
    """In [-1, 1]."""

    def scores(self, query: Vector, rows: Matrix) -> Floats:
        return np.asarray(unit(rows) @ unit(query), np.float32)


@dataclass(frozen=True, slots=True)
class Euclidean:
    """The distance, negated: at most 0."""

    def scores(self, query: Vector, rows: Matrix) -> Floats:
        return np.asarray(-np.linalg.norm(np.asarray(rows, np.float64) - query, axis=1), np.float32)


@dataclass(frozen=True, slots=True)
class Mahalanobis:
    """The distance, negated: at most 0. `whitening`: W with W W^T = S^-1, shape (dims, dims), so that d = |(a - b) W|."""

    whitening: Doubles
    shrinkage: float  # the share of the sphere in S, 0 to 1

    def scores(self, query: Vector, rows: Matrix) -> Floats:
        between = (np.asarray(rows, np.float64) - query) @ self.whitening
        return np.asarray(-np.linalg.norm(between, axis=1), np.float32)


def mahalanobis(rows: Matrix, *, shrinkage: float | None = None) -> Mahalanobis:
    """The metric of a catalogue's covariance; `rows` of shape (n, dims). Raises ValueError for fewer than two rows."""
    values = np.asarray(rows, np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"A covariance needs at least two rows of vectors; got an array of shape {values.shape}.")
    return _metric(values - values.mean(axis=0), shrinkage)


def within_groups(groups: Sequence[Matrix], *, shrinkage: float | None = None) -> Mahalanobis:
    """The metric of the covariance within groups, each of shape (views of one product, dims); lone views teach nothing.

    Raises ValueError where no group has two.
    """
    several = [np.asarray(group, np.float64) for group in groups if len(group) > 1]
    if not several:
        raise ValueError("No product has two pictures, so nothing is known of how pictures of one product differ.")
    return _metric(np.concatenate([group - group.mean(axis=0) for group in several]), shrinkage)


def _metric(centred: Doubles, shrinkage: float | None) -> Mahalanobis:
    covariance = centred.T @ centred / len(centred)
    share = ledoit_wolf(centred, covariance) if shrinkage is None else shrinkage
    if not 0 <= share <= 1:
        raise ValueError(f"The shrinkage is {share}; it must lie between 0 and 1.")
    sphere = np.trace(covariance) / len(covariance)
    if sphere <= 0:
        raise ValueError("All vectors are the same, so no direction tells them apart.")
    values, vectors = np.linalg.eigh((1 - share) * covariance + share * sphere * np.eye(len(covariance)))
    # Without shrinkage, directions that no vector takes have no variance; they must not count without end.
    return Mahalanobis(vectors / np.sqrt(np.maximum(values, 1e-9 * sphere)), float(share))


def ledoit_wolf(centred: Doubles, covariance: Doubles) -> float:
    """The share of the sphere that comes closest to the true covariance on average (their lemma 3.2 to 3.4)."""
    count, dims = centred.shape
    sphere = np.trace(covariance) / dims
    apart = float(((covariance - sphere * np.eye(dims)) ** 2).sum())
    # The mean of |x x^T - S|^2 is the mean of |x|^4 less |S|^2.
    noise = (float(((centred**2).sum(axis=1) ** 2).mean()) - float((covariance**2).sum())) / count
    return min(1.0, max(0.0, noise / apart)) if apart > 0 else 1.0
