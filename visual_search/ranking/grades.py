"""Words for how near a photo's hit is. Provisional: fixed cosines of the offline encoder, the same for every shop."""

from __future__ import annotations

from visual_search.types import Grade

# Least cosine for each grade, best first, read off 725 public photos with known products. From .90 on, 1 in 100 studio
# views and no phone photo took another product for the same. A phone photo of the very product has .34 at the median,
# another studio view .76; below .28 lie a quarter of the phone photos' right answers, and mostly other goods.
PHOTO_GRADES: tuple[tuple[float, Grade], ...] = (
    (0.90, Grade.SAME),
    (0.60, Grade.VERY_SIMILAR),
    (0.28, Grade.SIMILAR),
)


def grade(cosine: float) -> Grade:
    """The grade of a photo-to-picture cosine in [-1, 1]."""
    return next((name for least, name in PHOTO_GRADES if cosine >= least), Grade.DISTANT)


def least_cosine(wanted: Grade) -> float:
    """The cosine from which on something has this grade or a better one. Raises KeyError for DISTANT, which has none."""
    return {name: least for least, name in PHOTO_GRADES}[wanted]
