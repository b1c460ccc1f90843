"""Works out how the legs of one question count: limits of their scores, and weights of the question's parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from multilingual.grams import grams
from visual_search.encoders.base import Encoder
from visual_search.querying import likes
from visual_search.querying.kinds import RULES
from visual_search.querying.likes import BySpace
from visual_search.ranking import composing
from visual_search.ranking.calibration import PHOTO, STUDIO, Calibration, Limits
from visual_search.ranking.fusion import Scale
from visual_search.types import GramsLeg, Leg, LegAnswer, LegId, LegKind, LegName, Query, QueryPicture

# A label with this many different pieces of letters counts in full, one with fewer in proportion: a scrap of three letters agrees
# with every title that contains it. On 567 shop-floor photos exact@1 rose from .517 to .522, exact@10 from .896 to .903.
SAYS_ALL = 10

LegLimits = Mapping[LegName, Limits | None]  # None: the photo is near to nothing in the shop


def limits_of(answers: Iterable[LegAnswer], calibration: Calibration, pictures: Sequence[QueryPicture]) -> LegLimits:
    """The limits of grades for each leg over pictures; None for a photo that is near to nothing in the shop."""
    limits: dict[LegName, Limits | None] = {}
    for leg in answers:
        if not isinstance(leg.name, LegId):
            continue
        if leg.name.kind is LegKind.PHOTO:
            witness = pictures[leg.name.number].witness
            kind = STUDIO if witness is not None and witness.studio else PHOTO
            shows_nothing = witness is not None and witness.nothing
            near = None if shows_nothing else calibration.of(kind).within([hit.score for hit in leg.hits])
            limits[leg.name] = near
        elif leg.name.kind is LegKind.LIKE:
            limits[leg.name] = calibration.of(STUDIO)
    return limits


def shares_said(legs: Iterable[Leg]) -> dict[LegId, float]:
    """How much each label says, in (0, 1]: its share of `SAYS_ALL`."""
    labels = [(leg.name, leg.text) for leg in legs if isinstance(leg, GramsLeg) and isinstance(leg.name, LegId)]
    return {name: min(1.0, max(1, len(set(grams(text)))) / SAYS_ALL) for name, text in labels}


def weights_of(query: Query, liked: BySpace, encoder: Encoder) -> dict[LegId, float]:
    """The weights that the question gives to its parts, by leg."""
    weights = {
        LegId(kind, number): picture.weight
        for number, picture in enumerate(query.pictures)
        for kind in (LegKind.PHOTO, LegKind.LABEL, LegKind.CONFIRMED)
    }
    words = (LegKind.WORDS, LegKind.MEANING, LegKind.DEPICTED, LegKind.IMAGINED, LegKind.COLOUR)
    weights |= {LegId(kind): query.words_weight for kind in words}
    return weights | likes.weights(liked, encoder.card)


def scales_of(
    legs: Iterable[LegId],
    *,
    weights: Mapping[LegId, float],
    limits: LegLimits,
    said: Mapping[LegId, float],
    calibration: Calibration,
) -> dict[LegName, Scale]:
    """Each leg's scale. Legs of one kind share its weight: four pictures of a product don't count more than its one."""
    kinds: dict[LegKind, list[LegId]] = defaultdict(list)
    for leg in legs:
        if leg.kind in RULES:
            kinds[leg.kind].append(leg)
    return {
        leg: replace(scale, weight=scale.weight * share * said.get(leg, 1.0), admits=_admits(leg, scale, limits))
        for kind, members in kinds.items()
        for scale in [learned(kind, calibration)]
        for leg, share in zip(members, composing.shares([weights.get(leg, 1.0) for leg in members]), strict=True)
    }


def learned(kind: LegKind, calibration: Calibration) -> Scale:
    """The scale of this kind of leg, with the ends and the limit that `visual_search calibrate` learned if it ran."""
    scale, ends = RULES[kind].scale, calibration.texts.get(kind)
    if ends is None:
        return scale
    admits = (ends.admits - ends.low) / (ends.high - ends.low)
    return replace(scale, low=ends.low, high=ends.high, admits=admits)


def _admits(leg: LegId, scale: Scale, limits: LegLimits) -> float | None:
    if by_looks := limits.get(leg):
        return by_looks.similar
    photo = leg.of_same_photo(LegKind.PHOTO)
    looks_foreign = photo in limits and limits[photo] is None
    # If the photo is near to nothing in the shop, its label or its keypoints must agree more clearly.
    clearly = RULES[leg.kind].admits_foreign
    return clearly if looks_foreign and clearly is not None else scale.admits
