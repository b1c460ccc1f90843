"""One table: how each kind of leg counts.

Ends and limits of the legs over texts are what `calibrate` learned with the offline encoder of a public catalogue; a shop that
has calibrated has its own. The weights are set by judgement: a photo decides, full text and meaning follow, words against
pictures only break ties. `measure_quality` shows what they give (docs/reference/quality-and-speed.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from visual_search.ranking.fusion import Absent, Scale
from visual_search.types import LegKind


@dataclass(frozen=True, slots=True)
class Rule:
    """How the legs of one kind count.

    `names_picture`: its best vector is that of a picture, which the tile then shows. `admits_foreign`: the (scaled) value
    from which on it admits a hit where its photo shows nothing that the shop has; None: as `scale` says.
    """

    scale: Scale
    names_picture: bool = False
    admits_foreign: float | None = None


# Of several legs that name a picture, the first in this order decides which one a tile shows. A leg of pictures that is
# empty says that nothing found has a picture near to what was asked, so its weight stays; an empty witness says nothing.
RULES: Mapping[LegKind, Rule] = {
    # Hits of a photo are admitted by their grade (`scales.py`).
    LegKind.PHOTO: Rule(Scale(weight=1.0, low=0.0, high=1.0, stays_empty=True), names_picture=True),
    LegKind.LIKE: Rule(Scale(weight=1.0, low=0.0, high=1.0, stays_empty=True), names_picture=True),
    # Words of a foreign label stand on some product of the shop, too: it must agree clearly (docs/decisions/0025).
    LegKind.LABEL: Rule(Scale(weight=0.6, low=0.0, high=1.0, admits=0.3), admits_foreign=0.6),
    # From .7 on, .82 of the products that keypoints spoke for were of the photo's kind (ranking/calibration.py).
    LegKind.CONFIRMED: Rule(Scale(weight=0.4, low=0.0, high=1.0, admits=0.5), admits_foreign=0.7),
    LegKind.LIKE_TEXT: Rule(Scale(weight=0.3, low=0.22, high=1.0, admits=0.34)),
    LegKind.WORDS: Rule(Scale(weight=0.6, admits=0.0, absent=Absent.NO_MATCH)),
    LegKind.MEANING: Rule(Scale(weight=0.5, low=0.22, high=0.92, admits=0.32)),
    LegKind.DEPICTED: Rule(Scale(weight=0.15, low=0.34, high=0.86, admits=0.74), names_picture=True),
    LegKind.IMAGINED: Rule(Scale(weight=0.15, low=0.1, high=0.7, admits=0.6), names_picture=True),
}
PICTURE_KINDS = tuple(kind for kind, rule in RULES.items() if rule.names_picture)
