"""Visual words, and which genuine pictures share rare ones with a picture: candidates among thousands in milliseconds.

Bag of visual words with an inverted index: Sivic and Zisserman, ICCV 2003. No Django in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from visual_search.imaging.keypoint_matching import Keypoints

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint16]  # the visual word of each keypoint, shape (points,)

MOST_WORDS = 4_096
_POINTS_A_WORD = 8  # fewer make words of single keypoints, which no second picture shares
_SAMPLED = 40_000  # keypoints that words are learned from; more cost time and change no figure
_ROUNDS = 8
_SEED = 7  # any fixed number, so that the same pictures give the same words
_NEAREST, _VOTED_FOR = 16, 8  # keypoints of a word that are nearest to an asked one, and pictures that it votes for
_AT_ONCE = 4_096  # descriptors compared with all words at once: 64 MB


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`centres`: (words, 128), means of RootSIFT descriptors x 512."""

    centres: Floats

    def words(self, descriptors: npt.NDArray[np.uint8]) -> Words:
        """The nearest word of each descriptor: shape (n,)."""
        half = (self.centres**2).sum(axis=1) / 2
        parts = [
            (descriptors[start : start + _AT_ONCE].astype(np.float32) @ self.centres.T - half).argmax(axis=1)
            for start in range(0, len(descriptors), _AT_ONCE)
        ]
        return np.concatenate([np.empty(0, np.uint16), *parts]).astype(np.uint16)

    def two_words(self, descriptors: npt.NDArray[np.uint8]) -> tuple[Places, Places]:
        """The nearest and the second nearest word of each descriptor: a keypoint near an edge may fall on either side."""
        near = descriptors.astype(np.float32) @ self.centres.T - (self.centres**2).sum(axis=1) / 2
        first = near.argmax(axis=1)
        near[np.arange(len(near)), first] = -np.inf
        return first, near.argmax(axis=1)

    def pack(self) -> bytes:
        return self.centres.astype("<f2").tobytes()


def unpack(data: bytes) -> Vocabulary:
    """The reverse of `Vocabulary.pack`."""
    return Vocabulary(np.frombuffer(data, "<f2").reshape(-1, 128).astype(np.float32))


def learn(pictures: Sequence[Keypoints]) -> Vocabulary:
    """Words for these pictures, by k-means; as many as their keypoints can tell apart, 4,096 at most, 1 at least."""
    everything = np.concatenate([np.empty((0, 128), np.uint8), *(one.descriptors for one in pictures)])
    rng = np.random.default_rng(_SEED)
    sample = everything[rng.permutation(len(everything))[:_SAMPLED]].astype(np.float32)
    count = max(1, min(MOST_WORDS, len(everything) // _POINTS_A_WORD))
    if len(sample) < count or not len(sample):
        return Vocabulary(np.zeros((1, 128), np.float32))
    centres = sample[rng.permutation(len(sample))[:count]]
    for _ in range(_ROUNDS):
        nearest = Vocabulary(centres).words(np.asarray(sample, np.uint8)).astype(np.int64)
        counts = np.bincount(nearest, minlength=count)
        order = np.argsort(nearest, kind="stable")
        filled = np.flatnonzero(counts)
        starts = np.concatenate([[0], np.cumsum(counts[filled])[:-1]])
        centres = centres.copy()
        # A word that nothing is nearest to stays where it is: a later picture may have it.
        centres[filled] = np.add.reduceat(sample[order], starts, axis=0) / counts[filled, None]
    return unpack(Vocabulary(centres).pack())


class Votes:
    """The inverted index: for each visual word, the keypoints of genuine pictures that have it.

    A keypoint votes for the few pictures whose keypoints it resembles most, by how much more than the next one's: so a part of a
    picture isn't outvoted by all that stands around it (local naive Bayes nearest neighbour, McCann and Lowe, CVPR 2012).
    """

    def __init__(self, vocabulary: Vocabulary, pictures: Sequence[Keypoints], words: Sequence[Words]) -> None:
        self.vocabulary = vocabulary
        self.size = len(pictures)
        everything = np.concatenate([np.empty(0, np.uint16), *words])
        order = np.argsort(everything, kind="stable")
        holders = np.repeat(np.arange(self.size, dtype=np.int64), [len(one) for one in words])
        self._pictures = holders[order]
        self._descriptors = np.concatenate([np.empty((0, 128), np.uint8), *(one.descriptors for one in pictures)])[
            order
        ]
        self._starts = np.searchsorted(everything[order], np.arange(len(vocabulary.centres) + 1)).tolist()
        # A picture full of keypoints would resemble everything.
        self._weight = 1 / np.sqrt(np.maximum(50, [len(one) for one in words] or [1]))

    def scores(self, sides: Sequence[npt.NDArray[np.uint8]]) -> list[Floats]:
        """How much each genuine picture shares with each side of a picture, as it is and mirrored: shapes (pictures,).

        `sides`: the descriptors of each, (points, 128). Both are asked at once, since most words are asked by both.
        """
        descriptors = np.concatenate([np.empty((0, 128), np.uint8), *sides])
        asked = descriptors.astype(np.float32)
        words = np.concatenate(self.vocabulary.two_words(descriptors))
        askers = np.tile(np.arange(len(asked)), 2)
        order = np.argsort(words, kind="stable")
        words, askers = words[order], askers[order]
        points, pictures, alike = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        start = 0
        for end in (np.flatnonzero(np.diff(words, append=-1)) + 1).tolist():
            word, some, start = words[start], askers[start:end], end
            begin, stop = self._starts[word], self._starts[word + 1]
            near = asked[some] @ self._descriptors[begin:stop].T.astype(np.float32)
            if stop - begin > _NEAREST:
                places = np.argpartition(near, -_NEAREST, axis=1)[:, -_NEAREST:]
                near = near[np.arange(len(some))[:, None], places]
            else:
                places = np.broadcast_to(np.arange(stop - begin), near.shape)
            points.append(np.repeat(some, places.shape[1]))
            pictures.append(self._pictures[begin:stop][places.ravel()])
            alike.append(near.ravel())
        pairs = np.concatenate(points), np.concatenate(pictures), np.concatenate(alike)
        ends = np.cumsum([0, *map(len, sides)])
        return [
            self._counted(*(each[(pairs[0] >= first) & (pairs[0] < last)] for each in pairs))
            for first, last in pairwise(ends.tolist())
        ]

    def _counted(self, points: Places, pictures: Places, alike: Floats) -> Floats:
        """The votes of pairs of an asked point and a picture, each with its likeness."""
        order = np.lexsort((-alike, points))
        pairs = points[order] * max(1, self.size) + pictures[order]
        # The best of a picture's points alone counts for it.
        kept = np.sort(np.unique(pairs, return_index=True)[1])
        order = order[kept]
        points, pictures, alike = points[order], pictures[order], alike[order]
        starts = np.flatnonzero(np.diff(points, prepend=-1))
        counts = np.diff(starts, append=len(points))
        rank = np.arange(len(points)) - np.repeat(starts, counts)
        # The next one behind those that count, or the last one where there are so few.
        beyond = alike[starts + np.minimum(_VOTED_FOR, counts - 1)] if len(starts) else alike
        counted = rank < _VOTED_FOR
        weights = (alike - np.repeat(beyond, counts))[counted]
        votes = np.bincount(pictures[counted], weights=weights, minlength=max(1, self.size))
        return np.asarray(votes * self._weight, np.float32)[: self.size]

    def best(self, sides: Sequence[npt.NDArray[np.uint8]], count: int) -> list[list[int]]:
        """By side the places of the pictures with most votes, best first. In a small gallery those without a vote, too."""
        return [np.argsort(-scores, kind="stable")[:count].tolist() for scores in self.scores(sides)]
