"""Words for how near a photo's hit is. Provisional: fixed cosines of the offline encoder, the same for every shop."""

from __future__ import annotations

from visual_search.types import Grade

# Least cosine for each grade, best first. Read off pictures of one product and of different products side by side.
PHOTO_GRADES: tuple[tuple[float, Grade], ...] = (
    (0.92, Grade.SAME),
    (0.75, Grade.VERY_SIMILAR),
    (0.55, Grade.SIMILAR),
)


def grade(cosine: float) -> Grade:
    """The grade of a photo-to-picture cosine in [-1, 1]."""
    return next((name for least, name in PHOTO_GRADES if cosine >= least), Grade.DISTANT)


def least_cosine(wanted: Grade) -> float:
    """The cosine from which on something has this grade or a better one. Raises KeyError for DISTANT, which has none."""
    return {name: least for least, name in PHOTO_GRADES}[wanted]
