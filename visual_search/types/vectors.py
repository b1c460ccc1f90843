"""Vectors, the spaces they live in, and what an encoder gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]  # shape (dims,), unit length
Matrix = npt.NDArray[np.float32]  # shape (rows, dims), rows of unit length


@dataclass(frozen=True, slots=True)
class Space:
    """A vector space: vectors of one space are comparable with each other and with no others.

    `fingerprint` covers weights, preprocessing and projection: equal fingerprints mean equal vectors.
    """

    name: str
    dims: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class NamedVector:
    """`key` says what the vector stands for: a picture's id, or a text's language."""

    key: str
    vector: Vector
    weight: float = 1.0  # beside others of its kind, in a question; an index keeps none


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """A model card as data. `cross` may be the same space as `image` (CLIP and its kin)."""

    id: str
    image: Space
    cross: Space | None  # pictures comparable with words
    text: Space | None
    languages: frozenset[str]
    licence: str
    description: str = ""

    @property
    def spaces(self) -> tuple[Space, ...]:
        by_name = {space.name: space for space in (self.image, self.cross, self.text) if space is not None}
        return tuple(by_name.values())


@dataclass(frozen=True, slots=True)
class ImageVectors:
    """Row i belongs to picture i. `cross` is None where the card's cross space is the image space."""

    image: Matrix
    cross: Matrix | None = None


@dataclass(frozen=True, slots=True)
class TextVectors:
    """Row i belongs to text i. `image` is a learned guess of the picture that the words ask for."""

    text: Matrix | None = None
    cross: Matrix | None = None
    image: Matrix | None = None


def unit(vectors: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The same vectors at length 1, along the last axis; a zero vector stays zero."""
    array = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(array, axis=-1, keepdims=True)
    return np.asarray(array / np.where(length > 0, length, 1.0), dtype=np.float32)
