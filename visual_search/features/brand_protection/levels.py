"""From which figures on a picture counts as found, and how they are chosen. No Django in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_FALSE = 0.01  # share of altered strangers that may be found
_SHARES = (0.0, 0.25, 0.5, 0.75)  # of these, how many the looks as a whole may bring
_MOST_INLIERS = 64

# What was seen of one altered picture: points that lie alike, and the cosine.
Seen = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Levels:
    """From which figures on a picture counts as found: about one altered stranger in a hundred reaches one of them.

    The defaults were learned from the pictures of the demo's catalogue (docs/reference/quality-and-speed.md).
    """

    inliers: int = 7
    cosine: float = 0.75

    def sureness(self, inliers: int, cosine: float) -> float:
        """0 to 1; 0.5 at the level of either figure."""
        by_points = inliers / (inliers + self.inliers)
        above = (cosine - self.cosine) / (1 - self.cosine)
        by_looks = 0.5 + 0.5 * above if above >= 0 else max(0.0, 0.5 + 2 * above)
        return float(min(1.0, max(by_points, by_looks)))


@dataclass(frozen=True, slots=True)
class Learned:
    """Levels, with what they give on the pictures that they were learned from; shares from 0 to 1."""

    levels: Levels
    recall: float
    false_alarms: float
    pictures: int


def choose(right: Sequence[Seen], strangers: Sequence[Seen], pictures: int, most: float = MOST_FALSE) -> Learned:
    """The levels that find most of the right pictures with at most this share of false alarms.

    `right`: what was seen of the right genuine picture, for each altered one. `strangers`: the most that was seen of any other.
    """
    points, looks = (np.array([one[part] for one in right], np.float64) for part in (0, 1))
    wrong_points, wrong_looks = (np.array([one[part] for one in strangers], np.float64) for part in (0, 1))
    best: Learned | None = None
    for share in _SHARES:
        # Just above the cosine that this share of the strangers reaches.
        cosine = float(np.quantile(wrong_looks, 1 - share * most, method="higher")) + 1e-4
        for inliers in range(4, _MOST_INLIERS + 1):
            false = float(((wrong_points >= inliers) | (wrong_looks >= cosine)).mean())
            if false <= most:
                recall = float(((points >= inliers) | (looks >= cosine)).mean())
                if best is None or recall > best.recall:
                    best = Learned(Levels(inliers, min(cosine, 0.999)), recall, false, pictures)
                break
    return best or Learned(Levels(_MOST_INLIERS, 0.999), 0.0, 0.0, pictures)
