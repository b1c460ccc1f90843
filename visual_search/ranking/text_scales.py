"""Learns the scale of cosines between words and titles, and between words and pictures, in this shop.

Cosines differ from encoder to encoder. Some words of an object's title are asked as a shopper would type them
(`visual_search/learning/calibrating.py`), and of every hit it is known whether it is of the object's category.
docs/decisions/0027-scales-of-words.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visual_search.ranking.curves import LEAST_PROBES, Probe, equal_kinds, reached, rising, share_wrong
from visual_search.types import LegKind

LEGS = {  # What the legs of each kind compare.
    LegKind.MEANING: "words beside titles",
    LegKind.DEPICTED: "words beside pictures",
    LegKind.LIKE_TEXT: "titles beside titles",
}
# How likely a hit must be of the category that was asked for, to belong to the results by this leg alone. 0 is what chance
# gives, which is much in a shop of five categories, and 1 is certain. Chosen on names of a public set, where it makes the
# fewest errors of "nothing close" (docs/decisions/0027-scales-of-words.md).
ADMITTED_KIND = 0.15
# The scale's ends as quantiles: `_LOW` of all cosines, where things are unrelated, `_HIGH` of the best cosine of each
# answer, where things are as equal as they get.
_LOW, _HIGH = 0.1, 0.9
_LEAST_SPAN = 0.05  # between the ends, for an encoder whose cosines are all alike (set by judgement)


@dataclass(frozen=True, slots=True)
class TextScale:
    """Cosines of one leg: `low` counts nothing, `high` in full, from `admits` on a hit belongs to the result set.

    `wrong`: the share of hits so admitted that were of another kind, in questions that it wasn't learned from; None where
    no hit was. `space`: the fingerprint of the vectors that were compared.
    """

    low: float
    high: float
    admits: float
    wrong: float | None = None
    probes: int = 0
    space: str = ""

    def said(self) -> str:
        """For the owner: from which cosine on hits belong to the results by it alone, and how often wrongly."""
        asked = f"{self.probes} questions"
        if self.wrong is None:
            return f"never enough by itself ({asked})"
        return f"enough from cosine {self.admits:.2f}; {self.wrong:.0%} of those hits are of another kind ({asked})"


def fit_text_scales(probes: Sequence[Probe]) -> dict[str, TextScale]:
    """A scale for each kind of leg that was asked at least `LEAST_PROBES` times in more than one category."""
    scales: dict[str, TextScale] = {}
    for leg in LEGS:
        answered = [probe for probe in probes if probe.picture == leg and probe.hits and probe.kind]
        if len(answered) >= LEAST_PROBES and len({probe.kind for probe in answered}) > 1:
            scales[leg] = _fit(answered)
    return scales


def _fit(probes: Sequence[Probe]) -> TextScale:
    chance = 1 / len({probe.kind for probe in probes})  # Every category counts the same.
    wanted = chance + (1 - chance) * ADMITTED_KIND
    cosines = np.array([hit.cosine for probe in probes for hit in probe.hits])
    best = [max(hit.cosine for hit in probe.hits) for probe in probes]
    low = float(np.quantile(cosines, _LOW))
    return TextScale(
        low=round(low, 4),
        high=round(max(low + _LEAST_SPAN, float(np.quantile(best, _HIGH))), 4),
        admits=_limit(probes, wanted),
        wrong=_wrong(probes, wanted),
        probes=len(probes),
    )


def _limit(probes: Sequence[Probe], wanted: float) -> float:
    hits = [
        (hit.cosine, probe.is_kin(hit), weight)
        for probe, weight in zip(probes, equal_kinds(probes), strict=True)
        for hit in probe.hits
    ]
    cosines, right, weights = (np.array(column, np.float64) for column in zip(*hits, strict=True))
    return reached(rising(cosines, right, weights), wanted)


def _wrong(probes: Sequence[Probe], wanted: float) -> float | None:
    """Each half is judged by the limit that the other half taught."""
    right = []
    for judged, taught in ((probes[::2], probes[1::2]), (probes[1::2], probes[::2])):
        limit = _limit(taught, wanted)
        right += [probe.is_kin(hit) for probe in judged for hit in probe.hits if hit.cosine >= limit]
    return share_wrong(right)
