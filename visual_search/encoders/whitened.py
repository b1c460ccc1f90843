"""Another similarity than cosine, the same on every engine: vectors are whitened before they are stored and asked.

    "ENCODER": {
        "BACKEND": "visual_search.encoders.whitened.WhitenedEncoder",
        "OPTIONS": {
            "encoder": {"BACKEND": "visual_search.encoders.neural.NeuralEncoder", "OPTIONS": {...}},
            "folder": VAR_DIR / "encoders",
            "similarity": "within",
        },
    }

The cosine of whitened vectors is the angle that the Mahalanobis metric sees from the catalogue's middle; of unit vectors,
Euclidean distance orders as cosine does. So every engine scores it exactly, in every leg and behind every filter.
`manage.py fit_similarity` learns the metric. The default encoder needs none: docs/reference/quality-and-speed.md.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders.atomic import write_once
from visual_search.encoders.augment import PhotoMaker
from visual_search.encoders.base import Encoder, Fitting, Role
from visual_search.encoders.building import built
from visual_search.errors import ConfigurationError, EncoderUnavailable
from visual_search.ranking import similarity as metrics
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space, TextVectors, unit

logger = logging.getLogger(__name__)

Doubles = npt.NDArray[np.float64]

WITHIN, CATALOGUE = "within", "mahalanobis"
SHRINKAGE = 0.7  # of the covariance towards a sphere; measured in docs/decisions/0022-whitening-by-an-encoder.md
VIEWS = 3  # made-up photos of each product, for `within`
_SEED = 7
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Whitening:
    """x -> (x - mean) W at unit length. `matrix`: W, symmetric, so that two of them can be compared; shape (dims, dims)."""

    mean: Doubles
    matrix: Doubles

    def __call__(self, rows: Matrix) -> Matrix:
        return unit((np.asarray(rows, np.float64) - self.mean) @ self.matrix)

    def undone(self, rows: Matrix) -> Matrix:
        """The unit vectors that these whitened ones were: the only points of the unit sphere in their directions."""
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
    metric = (
        metrics.within_groups(groups, shrinkage=shrinkage)
        if similarity == WITHIN
        else metrics.mahalanobis(first, shrinkage=shrinkage)
    )
    # Of all W with the same W W^T, the symmetric one turns the space least and doesn't depend on the order of directions.
    directions = metric.whitening / np.linalg.norm(metric.whitening, axis=0)
    return Whitening(first.mean(axis=0, dtype=np.float64), metric.whitening @ directions.T)


class WhitenedEncoder:
    """Implements `Encoder` and `Fitting`. `encoder`: an encoder, or a dictionary with BACKEND and OPTIONS.

    `similarity`: "within" (differences between pictures of one product count less) or "mahalanobis" (directions in which
    the whole catalogue differs count less). `shrinkage`: 0 to 1, how far the covariance is drawn to a sphere; 1 changes
    nothing but the middle. Until a metric was learned it is the inner encoder and nothing else, so that an index made by
    that one serves on; a new metric is taken up at once. Raises `EncoderUnavailable` where the metric is damaged.
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
        cross = card.cross
        if cross == card.image:
            # Words meet pictures as they were, so those are kept beside the whitened ones.
            cross = Space("cross", cross.dims, cross.fingerprint)
        return replace(
            card,
            id=f"{card.id}+{self.similarity}",
            image=Space("image", card.image.dims, hashlib.sha256(content.encode()).hexdigest()[:32]),
            cross=cross,
            description=f"{card.description} Compared by the covariance {self._said}, learned on the shop's own pictures.",
        )

    @property
    def _said(self) -> str:
        return "within products" if self.similarity == WITHIN else "of the catalogue"

    @cached_property
    def path(self) -> Path:
        """Where the metric lies; its name says which vectors it is for."""
        return self.folder / f"similarity-{self.similarity}-{self.inner.card.image.fingerprint[:16]}.npz"

    # --- Vectors ----------------------------------------------------------------------------------

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        current, seen = self._current(), self.inner.images(pictures)
        if current is None:
            return seen
        cross = seen.image if self.inner.card.cross == self.inner.card.image else seen.cross
        return ImageVectors(current(seen.image), cross)

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        current, found = self._current(), self.inner.texts(texts, role=role, language=language)
        return found if found.image is None or current is None else replace(found, image=current(found.image))

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
        """The metric of these products, one picture each; for "within" beside photos made up of them. Nothing is kept.

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
        """Use this metric in this process alone, as for a rebuild; None: the one that is kept."""
        self._adopted = other

    def keep(self, other: Whitening) -> None:
        """Put the metric in its place for all processes, which take it up with their next question."""
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
                    "No similarity was learned yet, so pictures are compared by cosine. Run manage.py fit_similarity."
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
                found = Whitening(stored["mean"], stored["matrix"])
            if found.mean.shape != (dims,) or found.matrix.shape != (dims, dims):
                raise ValueError(f"its shape is {found.matrix.shape}, not {(dims, dims)}")
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as problem:
            raise EncoderUnavailable(
                f"The similarity in '{self.path}' is damaged ({problem}). Delete it and run manage.py fit_similarity."
            ) from problem
        return found


def _batches(count: int) -> Iterator[range]:
    for start in range(0, count, _BATCH):
        yield range(start, min(start + _BATCH, count))
