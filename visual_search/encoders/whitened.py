"""Compares pictures by a Mahalanobis metric on every engine: vectors are whitened before they are stored or asked.

    "ENCODER": {
        "BACKEND": "visual_search.encoders.whitened.WhitenedEncoder",
        "OPTIONS": {
            "encoder": {"BACKEND": "visual_search.encoders.neural.NeuralEncoder", "OPTIONS": {...}},
            "folder": VAR_DIR / "encoders",
            "similarity": "within",
        },
    }

The cosine of whitened vectors is the cosine of their angle under the Mahalanobis metric, seen from the catalogue's mean.
So every engine scores it exactly, in every leg and behind every filter. Euclidean distance orders unit vectors as cosine
does, so it needs no encoder of its own. `manage.py visual_search fit_similarity` learns the metric. The default encoder
is whitened inside already and gains nothing: docs/reference/quality-and-speed.md.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders.atomic import write_once
from visual_search.encoders.augment import PhotoMaker
from visual_search.encoders.base import Encoder, Fitting, Role, lesson_of
from visual_search.encoders.building import built, cross_space, cross_vectors
from visual_search.errors import ConfigurationError, EncoderUnavailable
from visual_search.ranking import covariance_whitening
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space, TextVectors, unit

logger = logging.getLogger(__name__)

Doubles = npt.NDArray[np.float64]

WITHIN, CATALOGUE = "within", "mahalanobis"
SHRINKAGE = 0.7  # of the covariance towards a sphere; measured in docs/decisions/0022-whitening-by-an-encoder.md
VIEWS = (
    3  # made-up photos of each product, for `within`; docs/decisions/0022-whitening-by-an-encoder.md measured with 3
)
_SEED = 7  # any fixed number, so that the same pictures give the same metric
_BATCH_PRODUCTS = 32  # products encoded in one call, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class Whitening:
    """x -> (x - mean) W at unit length. `matrix`: W, symmetric, so that two of them can be compared; shape (dims, dims)."""

    mean: Doubles
    matrix: Doubles

    def __call__(self, rows: Matrix) -> Matrix:
        return unit((np.asarray(rows, np.float64) - self.mean) @ self.matrix)

    def undone(self, rows: Matrix) -> Matrix:
        """The unit vectors from which these rows were whitened: the only points of the unit sphere in their directions."""
        directions = np.linalg.solve(self.matrix, np.asarray(rows, np.float64).T).T
        square, along = (directions**2).sum(axis=1), directions @ self.mean
        # |mean + s v| = 1 has one positive solution, for the mean of different unit vectors lies inside the sphere.
        stretch = (np.sqrt(along**2 + square * (1 - self.mean @ self.mean)) - along) / square
        return unit(self.mean + stretch[:, None] * directions)

    def packed(self) -> bytes:
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, mean=self.mean, matrix=self.matrix)
        return buffer.getvalue()


def whitening(groups: Sequence[Matrix], similarity: str, shrinkage: float) -> Whitening:
    """From the vectors of each product's pictures, shape (pictures, dims) each; the first of each stands for it.

    Raises ValueError where they are too few to learn from.
    """
    if not groups:
        raise ValueError("There are no pictures to learn from.")
    first = np.stack([group[0] for group in groups])
    learned = (
        covariance_whitening.within_groups(groups, shrinkage=shrinkage)
        if similarity == WITHIN
        else covariance_whitening.of_catalogue(first, shrinkage=shrinkage)
    )
    # Of all W with the same W W^T, the symmetric one turns the space least and doesn't depend on the order of directions.
    directions = learned / np.linalg.norm(learned, axis=0)
    return Whitening(first.mean(axis=0, dtype=np.float64), learned @ directions.T)


class WhitenedEncoder:
    """Implements `Encoder` and `Fitting`. `encoder`: an encoder, or a dictionary with BACKEND and OPTIONS.

    `similarity`: "within" (differences between pictures of one product count less) or "mahalanobis" (directions in which
    the whole catalogue differs count less). `shrinkage`: 0 to 1, how far the covariance is drawn to a sphere; 1 changes
    nothing but the middle. Until a metric was learned, it gives the inner encoder's vectors and card, so an index made by
    the inner encoder stays in use. A new metric counts from the next call on.

    Raises `EncoderUnavailable` where the metric is damaged.
    """

    def __init__(
        self,
        encoder: Encoder | Mapping[str, Any],
        folder: Path | str,
        *,
        similarity: str = WITHIN,
        shrinkage: float = SHRINKAGE,
    ) -> None:
        if similarity not in (WITHIN, CATALOGUE):
            raise ConfigurationError(
                f"similarity is '{similarity}'; known are '{WITHIN}' and '{CATALOGUE}'. For cosine, and for Euclidean "
                "distance, which orders unit vectors alike, name the inner encoder alone."
            )
        if not 0 <= shrinkage <= 1:
            raise ConfigurationError(f"shrinkage is {shrinkage}; it must lie between 0 and 1.")
        self.inner = built("encoder", encoder)
        self.folder, self.similarity, self.shrinkage = Path(folder), similarity, shrinkage
        self._warned = False
        self._adopted: Whitening | None = None
        self._read: tuple[tuple[int, int], Whitening] | None = None
        self._carded: tuple[Whitening, EncoderCard] | None = None

    # --- What it is -------------------------------------------------------------------------------

    @property
    def card(self) -> EncoderCard:
        current = self._current()
        if current is None:
            return self.inner.card
        known = self._carded
        if known is None or known[0] is not current:
            known = self._carded = (current, self._card_of(current))
        return known[1]

    def _card_of(self, current: Whitening) -> EncoderCard:
        card = self.inner.card
        content = f"{card.image.fingerprint}\0{hashlib.sha256(current.packed()).hexdigest()}"
        return replace(
            card,
            id=f"{card.id}+{self.similarity}",
            image=Space("image", card.image.dims, hashlib.sha256(content.encode()).hexdigest()[:32]),
            cross=cross_space(card),
            description=f"{card.description} Compared by the covariance {self._said}, learned on the shop's own pictures.",
        )

    @property
    def _said(self) -> str:
        return "within products" if self.similarity == WITHIN else "of the catalogue"

    @cached_property
    def path(self) -> Path:
        """The file of the metric; its name says for which vectors it was learned."""
        return self.folder / f"similarity-{self.similarity}-{self.inner.card.image.fingerprint[:16]}.npz"

    # --- Vectors ----------------------------------------------------------------------------------

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        current, vectors = self._current(), self.inner.images(pictures)
        if current is None:
            return vectors
        return ImageVectors(current(vectors.image), cross_vectors(self.inner.card, vectors))

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        current, vectors = self._current(), self.inner.texts(texts, role=role, language=language)
        return vectors if vectors.image is None or current is None else replace(vectors, image=current(vectors.image))

    @property
    def fitted(self) -> Hashable | None:
        """What the inner encoder learned last. The metric is named by the card."""
        return lesson_of(self.inner)

    def fit(self, pictures: Matrix, titles: Sequence[str], languages: Sequence[str]) -> None:
        if isinstance(self.inner, Fitting):
            current = self._current()
            self.inner.fit(pictures if current is None else current.undone(pictures), titles, languages)

    def canary(self) -> None:
        self._current()
        self.inner.canary()

    # --- The metric -------------------------------------------------------------------------------

    def learn(
        self, pictures: Sequence[Image.Image], *, advanced: Callable[[int], object] = lambda _: None
    ) -> Whitening:
        """The metric of these products, from one picture each; for "within" also from photos made of it. Stores nothing.

        `advanced(n)` is called after n products. Raises ValueError where there are too few.
        """
        maker = PhotoMaker(list(pictures), _SEED) if self.similarity == WITHIN else None
        groups: list[Matrix] = []
        for numbers in _batches(len(pictures)):
            shown = [
                image
                for number in numbers
                for image in (pictures[number], *(maker.photo(number) for _ in range(VIEWS) if maker))
            ]
            rows = self.inner.images(shown).image
            groups += np.split(rows, len(numbers))
            advanced(len(numbers))
        return whitening(groups, self.similarity, self.shrinkage)

    def agreement(self, other: Whitening, pictures: Sequence[Image.Image]) -> float | None:
        """The mean cosine of these pictures' vectors under the metric in use and under another; None before the first."""
        current = self._current()
        if current is None:
            return None
        rows = self.inner.images(pictures).image
        return float((current(rows) * other(rows)).sum(axis=1).mean())

    def adopt(self, other: Whitening | None) -> None:
        """Use this metric in this process alone, as a rebuild does; None: use the stored one again."""
        self._adopted = other

    def keep(self, other: Whitening) -> None:
        """Store the metric for all processes; each uses it from its next question on."""
        write_once(self.path, other.packed())
        self._adopted = None

    def _current(self) -> Whitening | None:
        if self._adopted is not None:
            return self._adopted
        try:
            status = self.path.stat()
        except FileNotFoundError:
            if not self._warned:
                self._warned = True
                logger.warning(
                    "No similarity was learned yet, so pictures are compared by cosine. "
                    "Run manage.py visual_search fit_similarity."
                )
            return None
        stamp = (status.st_mtime_ns, status.st_ino)
        known = self._read
        if known is None or known[0] != stamp:
            known = self._read = (stamp, self._from_file())
        return known[1]

    def _from_file(self) -> Whitening:
        dims = self.inner.card.image.dims
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                metric = Whitening(stored["mean"], stored["matrix"])
            if metric.mean.shape != (dims,) or metric.matrix.shape != (dims, dims):
                raise ValueError(f"its shape is {metric.matrix.shape}, not {(dims, dims)}")
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as problem:
            raise EncoderUnavailable(
                f"The similarity in '{self.path}' is damaged ({problem}). Delete it and run "
                "manage.py visual_search fit_similarity."
            ) from problem
        return metric


def _batches(count: int) -> Iterator[range]:
    for start in range(0, count, _BATCH_PRODUCTS):
        yield range(start, min(start + _BATCH_PRODUCTS, count))
