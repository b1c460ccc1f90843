"""In a category where a grade is wrong too often, the next one is given."""

from __future__ import annotations

import pytest

from visual_search.ranking.calibration import LEAST_JUDGED, Calibration, Limits, Rates
from visual_search.types import Grade


def rates(same: float | None, very: float | None, probes: int = 100) -> Rates:
    return Rates(probes, same, very, 0.9, 0.02, None)


LIMITS = Limits(
    0.9,
    0.6,
    0.3,
    categories={
        "Lamps": rates(0.6, 0.1),
        "Shirts": rates(0.6, 0.7),
        "Chairs": rates(0.1, 0.2),
        "Odd": rates(0.9, 0.9, probes=LEAST_JUDGED - 1),
        "Rugs": rates(None, None),
    },
)


@pytest.mark.parametrize(
    ("kind", "grades"),
    [
        ("Lamps", (Grade.VERY_SIMILAR, Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
        ("Lamps > Desk", (Grade.VERY_SIMILAR, Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
        ("Shirts", (Grade.SIMILAR, Grade.SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
        ("Chairs", (Grade.SAME, Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
        ("Odd", (Grade.SAME, Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
        ("Rugs", (Grade.SAME, Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
        ("Shirtsleeves", (Grade.SAME, Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
        ("", (Grade.SAME, Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.DISTANT)),
    ],
)
def test_a_grade_that_is_mostly_wrong_there_is_not_given_there(kind: str, grades: tuple[Grade, ...]) -> None:
    limits = LIMITS.withholding(0.5)
    assert tuple(limits.grade(cosine, kind) for cosine in (0.95, 0.7, 0.4, 0.1)) == grades


def test_categories_are_asked_for_where_they_may_decide() -> None:
    """A search reads the category of no hit below `hangs_on_kind`."""
    limits = LIMITS.withholding(0.5)
    assert limits.hangs_on_kind == limits.very_similar
    below = limits.hangs_on_kind - 0.01
    assert {limits.grade(below, kind) for kind in ("", *LIMITS.categories)} == {Grade.SIMILAR}


def test_where_nothing_is_wrong_too_often_nothing_changes() -> None:
    assert LIMITS.withholding(0.95) is LIMITS


def test_what_is_withheld_is_not_stored() -> None:
    learned = Calibration({"photo": LIMITS})
    assert learned.withholding(0.5).of("photo").withheld.keys() == {"Lamps", "Shirts"}
    stored = learned.withholding(0.5).as_json()
    assert Calibration.from_json(stored).of("photo").withheld == {}
