"""Learns from which cosines on a hit is the same item or similar in this shop, and when nothing is close.

The shop's own pictures teach it without any labels: synthetic photos of some objects are asked of the index
(`visual_search/learning/calibrating.py`), and of every hit it is known whether it is the very object or of its category.
docs/decisions/0025-honest-grades.md has the figures.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from visual_search.ranking.by_category import fit_offsets, least_needed, levels, shifted
from visual_search.ranking.curves import (
    LEAST_PROBES,
    Floats,
    Probe,
    equal_kinds,
    probability_at,
    reached,
    rising,
    share_wrong,
)
from visual_search.ranking.text_scales import TextScale, fit_text_scales
from visual_search.types import Grade

TEXTS = "texts"  # the key of the scales of texts, beside the kinds of picture, in the stored JSON
PHOTO, STUDIO = "photo", "studio"  # kinds of picture: before a background, or on white as a shop shows its goods

# The least probability for each grade; docs/decisions/0025-honest-grades.md has how often grades are wrong
# with these.
SAME_OWN = 0.8  # of being the very object, for "same item"
VERY_SIMILAR_OWN = 0.35  # of being the very object, for "very similar"
SIMILAR_KIND = 0.2  # of being of its category, for "similar style"
# The share of synthetic pictures that count as showing nothing close. Synthetic photos are harder to recognise than real
# ones, synthetic studio pictures as easy; so "nothing close" was wrong for 4 to 5 in 100 real ones. Chosen on public photos
# of groceries and clothes, and on other views of garments and furniture (docs/decisions/0025-honest-grades.md).
LEFT_OUT = {PHOTO: 0.12, STUDIO: 0.04}
_BOOTSTRAP_DRAWS = 100  # samples over which that limit is averaged, since one sample's limit depends on single photos
# Kappa of the density kernel, times the spread of the nearest cosines, which differs between encoders. Chosen on the same
# photos.
_KERNEL = 0.66
LEAST_JUDGED = 20  # probes of a category; the share of fewer would be chance
JUDGED = 10  # first hits of each answer whose grades are fitted and judged: what a shopper sees without scrolling

# How surely keypoints must agree for a grade, best first. In 567 photos keypoints agreed with 716 products: from .9 on,
# .88 of them were the very product, and from .7 on, .82 were of its kind. In 275 photos of clothes they agreed with none.
_BY_KEYPOINTS = ((0.9, Grade.SAME), (0.7, Grade.VERY_SIMILAR))

# Least cosine for each grade where nothing was calibrated: of the offline encoder, read off 725 public photos.
_UNCALIBRATED = (0.90, 0.60, 0.28)


@dataclass(frozen=True, slots=True)
class Rates:
    """How often the grades are wrong, on probes that the limits were not learned from. None: the grade was never given.

    A wrong "same item" is another object, a wrong "very similar" or "similar style" is of another category.
    """

    probes: int
    same_wrong: float | None
    very_similar_wrong: float | None
    similar_wrong: float | None
    nothing_wrong: float  # "nothing close" was said of a photo of something in the shop
    nothing_right: float | None  # it was said where the shop didn't have that department

    def wrong_in_more_than(self, share: float) -> tuple[Grade, ...]:
        """Which of the two best grades are wrong more often than that."""
        rates = ((Grade.SAME, self.same_wrong), (Grade.VERY_SIMILAR, self.very_similar_wrong))
        return tuple(grade for grade, wrong in rates if wrong is not None and wrong > share)


@dataclass(frozen=True, slots=True)
class Limits:
    """The least cosines of the grades for one kind of picture; a limit above 1 is never reached."""

    same: float
    very_similar: float
    similar: float
    kernel: float = 0.0  # kappa of `density`; 0: density isn't looked at
    least_density: float = -math.inf
    own: tuple[tuple[float, float], ...] = ()  # (cosine, probability of the very object), rising
    offsets: Mapping[str, float] = field(default_factory=dict)  # of `own` by category path (ranking/by_category.py)
    hangs_on_kind: float = 1.01  # from this cosine on, the category of a hit may change its grade
    rates: Rates | None = None
    categories: Mapping[str, Rates] = field(default_factory=dict)
    withheld: Mapping[str, tuple[Grade, ...]] = field(default_factory=dict)  # by category: grades not to be given there

    def withholding(self, most_wrong: float) -> Limits:
        """The same, but in a category where "same item" or "very similar" is wrong more often, the next grade is given.

        Categories with fewer than `LEAST_JUDGED` probes say nothing. "similar style" is never withheld: a hit that is shown
        has a grade, and "nothing close" is decided for the photo.
        """
        withheld = {
            name: grades
            for name, rates in self.categories.items()
            if rates.probes >= LEAST_JUDGED and (grades := rates.wrong_in_more_than(most_wrong))
        }
        if not withheld:
            return self
        # Then the category of each hit that may have such a grade is asked for.
        return replace(self, withheld=withheld, hangs_on_kind=min(self.hangs_on_kind, self.very_similar))

    def grade(self, cosine: float, kind: str = "") -> Grade:
        """`kind`: the hit's category path, as far as it is known."""
        given = self._grade(cosine, kind)
        if not self.withheld or not kind:
            return given
        refused = {grade for path in levels(kind) for grade in self.withheld.get(path, ())}
        while given in refused:
            given = list(Grade)[list(Grade).index(given) + 1]
        return given

    def _grade(self, cosine: float, kind: str) -> Grade:
        if kind and self.offsets:
            own = shifted(probability_at(self.own, cosine), self.offsets, kind)
            for wanted, grade in ((SAME_OWN, Grade.SAME), (VERY_SIMILAR_OWN, Grade.VERY_SIMILAR)):
                if own >= wanted:
                    return grade
            return Grade.SIMILAR if cosine >= self.similar else Grade.DISTANT
        for least, grade in ((self.same, Grade.SAME), (self.very_similar, Grade.VERY_SIMILAR)):
            if cosine >= least:
                return grade
        return Grade.SIMILAR if cosine >= self.similar else Grade.DISTANT

    def is_close(self, cosines: Sequence[float]) -> bool:
        """Whether a photo with these nearest cosines shows something of the kind that the shop has."""
        if not self.kernel:
            return True
        return density(cosines, self.kernel) >= self.least_density

    def within(self, cosines: Sequence[float]) -> Limits | None:
        """The limits for the hits of one photo, nearest first; None where nothing is close.

        Where something is close, at least the nearest hit is of similar style, since density alone decides that nothing is.
        """
        if not self.is_close(cosines):
            return None
        nearest = max(cosines, default=1.0)
        return replace(self, similar=min(self.similar, nearest)) if self.kernel else self


_FIXED = Limits(*_UNCALIBRATED)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Limits by kind of picture, and scales of the legs over texts. What was not calibrated has fixed ones."""

    limits: Mapping[str, Limits] = field(default_factory=dict)
    texts: Mapping[str, TextScale] = field(default_factory=dict)

    def of(self, picture: str) -> Limits:
        return self.limits.get(picture, _FIXED)

    def withholding(self, most_wrong: float) -> Calibration:
        """The same, with grades withheld in categories where they are wrong more often (`Limits.withholding`)."""
        return replace(self, limits={kind: one.withholding(most_wrong) for kind, one in self.limits.items()})

    def as_json(self) -> dict[str, object]:
        # JSON has no infinity.
        limits: dict[str, object] = {kind: _finite(asdict(limits)) for kind, limits in self.limits.items()}
        return limits | {TEXTS: {leg: asdict(scale) for leg, scale in self.texts.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Mapping[str, object]]) -> Calibration:
        """Raises TypeError or ValueError for what another version stored."""
        texts: Mapping[str, Any] = stored.get(TEXTS, {})
        return cls(
            {kind: _limits(dict(values)) for kind, values in stored.items() if kind != TEXTS},
            {leg: TextScale(**values) for leg, values in texts.items()},
        )


UNCALIBRATED = Calibration()


def grade_by_keypoints(sure: float) -> Grade:
    """The grade of a hit whose keypoints agree this surely (`imaging/keypoint_matching.py`), whatever its cosine is."""
    return next((grade for least, grade in _BY_KEYPOINTS if sure >= least), Grade.DISTANT)


def better(one: Grade, other: Grade) -> Grade:
    """The better of two grades."""
    return min(one, other, key=list(Grade).index)


def density(cosines: Sequence[float], kernel: float) -> float:
    """log(sum(exp(kernel * cosine))) / kernel: how dense the shop's pictures lie around a photo, on the cosines' scale.

    The logarithm of a kernel density with the von Mises-Fisher kernel (Mardia and Jupp, Directional Statistics, 2000,
    section 12.3.2). One very near picture and many rather near ones both count: a photo of an apple is near to all fruit.
    """
    if not cosines:
        return -math.inf
    scaled = kernel * np.asarray(cosines, np.float64)
    top = float(scaled.max())
    return (top + math.log(float(np.exp(scaled - top).sum()))) / kernel


def calibrate(probes: Sequence[Probe]) -> Calibration:
    """The calibration that these probes teach; every category counts the same.

    It has limits for each kind of picture, and scales for each leg over texts, with at least `LEAST_PROBES` answered probes.
    """
    fitted: dict[str, Limits] = {}
    for picture in (PHOTO, STUDIO):
        asked = [probe for probe in probes if probe.picture == picture and probe.hits]
        if len(asked) < LEAST_PROBES:
            continue
        limits = _fit(asked)
        judged = [*_judged(asked[::2], _fit(asked[1::2])), *_judged(asked[1::2], _fit(asked[::2]))]
        by_category: dict[str, list[_Judged]] = defaultdict(list)
        for one in judged:
            by_category[one.category].append(one)
        fitted[picture] = Limits(
            **{
                name: getattr(limits, name)
                for name in Limits.__slots__
                if name not in {"rates", "categories", "withheld"}
            },
            rates=_rates(judged),
            categories={name: _rates(some) for name, some in sorted(by_category.items())},
        )
    return Calibration(fitted, fit_text_scales(probes))


# --- Fitting ------------------------------------------------------------------------------------


def _fit(probes: Sequence[Probe]) -> Limits:
    """Limits for pictures of one kind."""
    kernel = _KERNEL / max(1e-3, float(np.mean([np.std([hit.cosine for hit in probe.hits]) for probe in probes])))
    weights = equal_kinds(probes)
    densities = np.array([density([hit.cosine for hit in probe.hits], kernel) for probe in probes])
    hits = [
        (hit.cosine, hit.id == probe.id, probe.is_kin(hit), weight)
        for probe, weight in zip(probes, weights, strict=True)
        for hit in probe.hits[:JUDGED]
    ]
    cosines, own, kin, counts = (np.array(column, np.float64) for column in zip(*hits, strict=True))
    own_curve, kin_curve = rising(cosines, own, counts), rising(cosines, kin, counts)
    same = reached(own_curve, SAME_OWN)
    very_similar = min(same, reached(own_curve, VERY_SIMILAR_OWN))
    offsets = fit_offsets(
        np.array([probability_at(own_curve, cosine) for cosine in cosines.tolist()]),
        own,
        [hit.kind for probe in probes for hit in probe.hits[:JUDGED]],
    )
    return Limits(
        same=same,
        very_similar=very_similar,
        similar=min(very_similar, reached(kin_curve, SIMILAR_KIND)),
        kernel=round(kernel, 4),
        least_density=round(_quantile(densities, weights, LEFT_OUT[probes[0].picture]), 4),
        own=own_curve,
        offsets=offsets,
        hangs_on_kind=reached(own_curve, least_needed(VERY_SIMILAR_OWN, offsets)),
    )


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    """The weighted quantile, averaged over bootstrap samples (Breiman, "Bagging predictors", 1996)."""
    random = np.random.default_rng(0)
    quantiles = []
    for _ in range(_BOOTSTRAP_DRAWS):
        drawn = random.integers(0, len(values), len(values))
        order = drawn[np.argsort(values[drawn], kind="stable")]
        reached = np.cumsum(weights[order]) / weights[order].sum()
        quantiles.append(values[order][np.searchsorted(reached, share)])
    return float(np.mean(quantiles))


# --- Error rates --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    """The answer to one probe by limits that were learned without it."""

    category: str
    close: bool
    foreign_close: bool | None
    grades: tuple[tuple[Grade, bool], ...]  # of its first hits, and whether each was right


def _judged(probes: Sequence[Probe], limits: Limits) -> list[_Judged]:
    judged = []
    for probe in probes:
        within = limits.within([hit.cosine for hit in probe.hits])
        grades = [
            (grade, hit.id == probe.id if grade is Grade.SAME else probe.is_kin(hit))
            for hit in probe.hits[:JUDGED]
            if within and (grade := within.grade(hit.cosine, hit.kind)) is not Grade.DISTANT
        ]
        foreign = limits.is_close(probe.foreign) if probe.foreign else None
        judged.append(_Judged(probe.kind, within is not None, foreign, tuple(grades)))
    return judged


def _rates(judged: Sequence[_Judged]) -> Rates:
    given: dict[Grade, list[bool]] = defaultdict(list)
    for one in judged:
        for grade, right in one.grades:
            given[grade].append(right)
    foreign = [one.foreign_close for one in judged if one.foreign_close is not None]
    return Rates(
        probes=len(judged),
        same_wrong=share_wrong(given[Grade.SAME]),
        very_similar_wrong=share_wrong(given[Grade.VERY_SIMILAR]),
        similar_wrong=share_wrong(given[Grade.SIMILAR]),
        nothing_wrong=round(1 - float(np.mean([one.close for one in judged])), 4),
        nothing_right=round(1 - float(np.mean(foreign)), 4) if foreign else None,
    )


# --- Storing ------------------------------------------------------------------------------------


def _finite(values: dict[str, object]) -> dict[str, object]:
    # What is withheld follows from the rates and a setting of today.
    return {name: None if value == -math.inf else value for name, value in values.items() if name != "withheld"}


def _limits(values: dict[str, object]) -> Limits:
    if values.get("least_density") is None:
        values["least_density"] = -math.inf
    values["own"] = tuple((float(at), float(value)) for at, value in values.get("own") or ())  # type: ignore[attr-defined]
    values["rates"] = Rates(**values["rates"]) if values.get("rates") else None  # type: ignore[arg-type]
    categories: Mapping[str, Mapping[str, object]] = values.get("categories") or {}  # type: ignore[assignment]
    values["categories"] = {name: Rates(**rates) for name, rates in categories.items()}  # type: ignore[arg-type]
    return Limits(**values)  # type: ignore[arg-type]
