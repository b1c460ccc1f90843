"""Whitening matrices from covariances of vectors, with which `encoders/whitened.py` brings a Mahalanobis metric to engines.

- Mahalanobis (1936): d^2 = (a - b)^T S^-1 (a - b). With W W^T = S^-1, this is |(a - b) W|^2, so Euclidean distance and
  cosine of vectors times W follow the metric.
- With S the catalogue's covariance, directions in which all goods differ count less. With S the covariance *within*
  products, directions count less in which pictures of one product differ (WCCN; Hatch and Stolcke 2006).
- S is drawn towards a sphere by a given share, since a sample covariance of 512 dimensions from a thousand products is
  singular or nearly so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from visual_search.types import Matrix

Doubles = npt.NDArray[np.float64]


def of_catalogue(rows: Matrix, *, shrinkage: float) -> Doubles:
    """W, shape (dims, dims), of the covariance of `rows`, shape (n, dims). `shrinkage`: the share of the sphere, 0 to 1.

    Raises ValueError for fewer than two rows.
    """
    values = np.asarray(rows, np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"A covariance needs at least two rows of vectors; got an array of shape {values.shape}.")
    return _whitening(values - values.mean(axis=0), shrinkage)


def within_groups(groups: Sequence[Matrix], *, shrinkage: float) -> Doubles:
    """W of the covariance within groups, each of shape (views of one product, dims); a group of one view is left out.

    Raises ValueError where no group has two.
    """
    several = [np.asarray(group, np.float64) for group in groups if len(group) > 1]
    if not several:
        raise ValueError("No product has two pictures, so nothing is known of how pictures of one product differ.")
    return _whitening(np.concatenate([group - group.mean(axis=0) for group in several]), shrinkage)


def _whitening(centred: Doubles, shrinkage: float) -> Doubles:
    if not 0 <= shrinkage <= 1:
        raise ValueError(f"The shrinkage is {shrinkage}; it must lie between 0 and 1.")
    covariance = centred.T @ centred / len(centred)
    sphere = np.trace(covariance) / len(covariance)
    if sphere <= 0:
        raise ValueError("All vectors are the same, so no direction tells them apart.")
    values, vectors = np.linalg.eigh((1 - shrinkage) * covariance + shrinkage * sphere * np.eye(len(covariance)))
    # Without shrinkage, directions that no vector takes have no variance; they must not count without end.
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-9 * sphere)))
