"""All genuine pictures of all brands, and which of them a listing's picture shows. No Django in here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visual_search.features.brand_protection.levels import Levels
from visual_search.features.brand_protection.matching import Alike, Points, compare
from visual_search.features.brand_protection.votes import Vocabulary, Votes, Words
from visual_search.imaging.keypoint_matching import Keypoints

Floats = npt.NDArray[np.float32]

# Genuine pictures that are compared point by point, for each way round. Smooth things have few rare words, which bring them up.
CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Genuine:
    """A genuine picture as it is compared. `key`: its row. `vector`: unit length, or empty where there is none."""

    key: int
    brand: int
    item: str
    content_hash: str
    keypoints: Keypoints
    words: Words
    vector: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """A genuine picture that a listing's picture seems to show; `alike` is None where only the looks as a whole say so."""

    genuine: Genuine
    sureness: float
    alike: Alike | None
    cosine: float

    @property
    def inliers(self) -> int:
        return self.alike.inliers if self.alike else 0


class Gallery:
    """Candidates by votes of visual words and by the encoder, confirmed by keypoints that lie alike."""

    def __init__(self, genuine: Sequence[Genuine], vocabulary: Vocabulary) -> None:
        self.genuine = tuple(genuine)
        self.vocabulary = vocabulary
        self._votes = Votes(vocabulary, [one.keypoints for one in self.genuine], [one.words for one in self.genuine])
        dims = max((len(one.vector) for one in self.genuine), default=0)
        # Pictures without a vector, or with one of another encoder, are found by keypoints alone.
        rows = [one.vector if len(one.vector) == dims else np.zeros(dims, np.float32) for one in self.genuine]
        self._vectors = np.stack(rows) if rows and dims else np.empty((len(rows), 0), np.float32)

    def find(
        self,
        points: Points,
        vector: Floats | None,
        levels: Levels,
        *,
        candidates: int = CANDIDATES,
        least: float = 0.5,
        without: Collection[int] = (),
    ) -> list[Found]:
        """What is at least so sure, surest first. `without`: keys of genuine pictures that aren't looked at."""
        cosines = self._cosines(vector)
        best: dict[int, Alike] = {}
        # Where the encoder sees something near, keypoints may confirm what the votes didn't bring up.
        order = np.argsort(-cosines, kind="stable")[: candidates + len(without)].tolist() if vector is not None else []
        near = [place for place in order if self.genuine[place].key not in without][:candidates]
        for alike, place in self._alike(points, near, candidates, without):
            if place not in best or alike.inliers > best[place].inliers:
                best[place] = alike
        found = [
            Found(one, levels.sureness(alike.inliers if alike else 0, cosine), alike, cosine)
            for place in {*best, *near}
            for one, alike, cosine in [(self.genuine[place], best.get(place), float(cosines[place]))]
        ]
        return sorted(
            (one for one in found if one.sureness >= least),
            key=lambda one: (-one.sureness, -one.inliers, one.genuine.key),
        )

    def _cosines(self, vector: Floats | None) -> Floats:
        if vector is None or len(vector) != self._vectors.shape[1]:
            return np.zeros(len(self.genuine), np.float32)
        return np.asarray(self._vectors @ vector, np.float32)

    def _alike(
        self, points: Points, near: Sequence[int], candidates: int, without: Collection[int]
    ) -> Iterator[tuple[Alike, int]]:
        ways = (points, points.mirrored())
        found = self._votes.best([asked.keypoints.descriptors for asked in ways], candidates + len(without))
        for mirrored, asked, voted in zip((False, True), ways, found, strict=True):
            known = [place for place in voted if self.genuine[place].key not in without][:candidates]
            for place in dict.fromkeys([*known, *near]):
                alike = compare(asked, self.genuine[place].keypoints, mirrored=mirrored)
                if alike is not None:
                    yield alike, place
