"""One table: how each kind of leg counts.

`visual_search calibrate` learned the ends and limits of the legs over texts on a public catalogue with the offline
encoder; a shop that runs it gets its own. The weights are set by judgement: a photo decides, full text and meaning
follow, and words compared with pictures only break ties. `visual_search measure_quality` shows their effect
(docs/reference/quality-and-speed.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from visual_search.ranking.fusion import Absent, Scale
from visual_search.types import ALL_WORDS, LegKind


@dataclass(frozen=True, slots=True)
class Rule:
    """How the legs of one kind count.

    `names_picture`: the leg compares with pictures, and a tile shows the picture that it found nearest. `admits_foreign`:
    the scaled value from which on the leg admits a hit when the photo is near to nothing in the shop; None: as `scale`
    says.
    """

    scale: Scale
    names_picture: bool = False
    admits_foreign: float | None = None


# If several legs name a picture of a hit, the tile shows that of the first kind in this order. An empty leg of pictures means
# that no hit has a picture like the one asked for, so its weight stays and lowers all scores. Any other empty leg says nothing
# about the hits, so the other legs share its weight.
RULES: Mapping[LegKind, Rule] = {
    # A photo admits hits by their grade (`scales.py`).
    LegKind.PHOTO: Rule(Scale(weight=1.0, low=0.0, high=1.0, stays_empty=True), names_picture=True),
    LegKind.LIKE: Rule(Scale(weight=1.0, low=0.0, high=1.0, stays_empty=True), names_picture=True),
    # Some words of any label stand on some product of the shop. If nothing looks like the photo, the label must agree clearly
    # (docs/decisions/0025-honest-grades.md).
    LegKind.LABEL: Rule(Scale(weight=0.6, low=0.0, high=1.0, admits=0.3), admits_foreign=0.6),
    # Of the products that keypoints confirmed with .7 or more, .82 were of the photo's kind (ranking/calibration.py).
    LegKind.CONFIRMED: Rule(Scale(weight=0.4, low=0.0, high=1.0, admits=0.5), admits_foreign=0.7),
    LegKind.LIKE_TEXT: Rule(Scale(weight=0.3, low=0.22, high=1.0, admits=0.34)),
    # Where nothing has all the words, the best of the others mostly shares one of them by chance, such as a word of another
    # language. `in_part` from .3 to .05 gives R@10 .490 to .495 on names that are no title, 1 gives .482.
    LegKind.WORDS: Rule(Scale(weight=0.6, admits=0.0, admits_key=ALL_WORDS, in_part=0.15, absent=Absent.NO_MATCH)),
    LegKind.MEANING: Rule(Scale(weight=0.5, low=0.22, high=0.92, admits=0.32)),
    LegKind.DEPICTED: Rule(Scale(weight=0.15, low=0.34, high=0.86, admits=0.74), names_picture=True),
    LegKind.IMAGINED: Rule(Scale(weight=0.15, low=0.1, high=0.7, admits=0.6), names_picture=True),
    # It admits what has all other words too and is clearly of the colour. Beside the words it decides which of the things that
    # they name come first (docs/decisions/0037-what-words-ask-for.md).
    LegKind.COLOUR: Rule(
        Scale(weight=0.3, low=0.0, high=1.0, admits=0.9, admits_key=ALL_WORDS, absent=Absent.NO_MATCH)
    ),
}
PICTURE_KINDS = tuple(kind for kind, rule in RULES.items() if rule.names_picture)
