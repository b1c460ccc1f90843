"""Makes products by a seeded generator, for measuring speed alone: clustered vectors, Zipfian words, a few facets."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from visual_search.types import (
    CollectionSchema,
    Document,
    FacetField,
    FacetKind,
    Matrix,
    NamedVector,
    Space,
    Text,
    unit,
)

# Figures of the made-up shop; set by judgement, but for the words (see `_vocabulary`).
CLUSTERS = 200  # kinds of goods
LATENT = 48  # dimensions in which vectors really vary; their other dimensions follow from these
VOCABULARY = 5_000  # words
# Zipf's law over the whole vocabulary: word r is 1 / r as frequent as the first. An open-ended law cut at the end would
# heap its tail on the last word and make that one the fourth most frequent of all.
_CUMULATIVE = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
_CONSONANTS, _VOWELS, _ENDS = "bcdfghjklmnprstvwz", "aeiou", "------lnrst"  # of a syllable; "-" is no letter
PICTURES = 2  # a product
FACETS = (
    FacetField("category", FacetKind.PATH),
    FacetField("brand", FacetKind.KEYWORD),
    FacetField("price", FacetKind.NUMBER),
    FacetField("in_stock", FacetKind.BOOLEAN),
)


@dataclass(frozen=True)
class Generator:
    """The same seed gives the same products and queries."""

    schema: CollectionSchema
    seed: int = 0
    pictures: int = PICTURES  # a product

    def documents(self, count: int) -> Iterator[Document]:
        random = np.random.default_rng(self.seed)
        clouds = {space.name: _Cloud(space, self.seed) for space in self.schema.spaces}
        for start in range(0, count, 1000):
            size = min(1000, count - start)
            kinds = random.integers(CLUSTERS, size=size)
            vectors = {
                name: [cloud.near(kinds, random) for _ in range(self.pictures)] for name, cloud in clouds.items()
            }
            for n in range(size):
                yield Document(
                    id=f"p{start + n:07}",
                    version=1,
                    texts={"en": Text(words(random, 5), words(random, 20))},
                    vectors={
                        name: tuple(NamedVector(str(place), matrix[n]) for place, matrix in enumerate(matrices))
                        for name, matrices in vectors.items()
                    },
                    facets={
                        "category": f"Kind {kinds[n] // 20} > Kind {kinds[n]}",
                        "brand": f"Brand {random.integers(300)}",
                        "price": float(random.integers(100, 100_000)) / 100,
                        "in_stock": bool(random.random() < 0.8),
                    },
                    codes=(f"p{start + n:07}",),
                )

    def queries(self, space: Space, count: int) -> Matrix:
        """Vectors of new objects of the same kinds, shape (count, dims)."""
        random = np.random.default_rng(self.seed + 1)
        return _Cloud(space, self.seed).near(random.integers(CLUSTERS, size=count), random)

    def phrases(self, count: int) -> list[str]:
        random = np.random.default_rng(self.seed + 2)
        return [words(random, int(random.integers(1, 4))) for _ in range(count)]

    def beginnings(self, count: int) -> list[str]:
        """Phrases whose last word isn't finished yet; it has four letters or more, if it is so long."""
        random = np.random.default_rng(self.seed + 3)
        typed = []
        for _ in range(count):
            *finished, last = words(random, int(random.integers(1, 4))).split()
            typed.append(" ".join([*finished, last[: int(random.integers(4, max(len(last), 5)))]]))
        return typed


class _Cloud:
    """Clustered, anisotropic unit vectors of one space."""

    def __init__(self, space: Space, seed: int) -> None:
        random = np.random.default_rng([seed, space.dims, *space.name.encode()])
        self.basis = random.normal(size=(LATENT, space.dims)) / (1 + np.arange(LATENT)[:, None]) ** 0.5
        self.centres = random.normal(size=(CLUSTERS, LATENT))

    def near(self, kinds: np.ndarray, random: np.random.Generator) -> Matrix:
        latent = self.centres[kinds] + 0.5 * random.normal(size=(len(kinds), LATENT))
        return unit(latent @ self.basis + 0.02 * random.normal(size=(len(kinds), self.basis.shape[1])))


def words(random: np.random.Generator, count: int) -> str:
    """Words whose frequencies follow Zipf's law, as in any language."""
    ranks = np.searchsorted(_CUMULATIVE, random.random(count) * _CUMULATIVE[-1])
    vocabulary = _vocabulary()
    return " ".join(vocabulary[int(rank)] for rank in ranks)


@cache
def _vocabulary() -> tuple[str, ...]:
    """Distinct words of two or three syllables, whose pieces of three and four characters are nearly as rare as real ones:
    the one at the median stands in one object of fifteen; in the public catalogue in one of thirty."""
    random = np.random.default_rng(0)
    vocabulary: dict[str, None] = {}
    while len(vocabulary) < VOCABULARY:
        syllables = random.integers(2, 4)
        letters = [random.choice(list(kind)) for _ in range(syllables) for kind in (_CONSONANTS, _VOWELS, _ENDS)]
        vocabulary["".join(letters).replace("-", "")] = None
    return tuple(vocabulary)


def picture(seed: int, side: int = 480) -> Image.Image:
    """A drawn scene: some shapes on a ground. Encoders take as long for it as for a photo."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), tuple(random.integers(256, size=3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, width, height = random.integers(side, size=4).tolist()
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((x, y, x + width // 2, y + height // 2), fill=tuple(random.integers(256, size=3).tolist()))
    return image


def jpeg(seed: int, side: int = 480) -> bytes:
    """The same scene as the file that a browser would send."""
    buffer = io.BytesIO()
    picture(seed, side).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
