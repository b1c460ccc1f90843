"""Arrays that grow at their end, and facets kept in them."""

import numpy as np
import pytest

from visual_search.engines.embedded.columns import Column, Growing
from visual_search.types import AnyOf, FacetField, FacetKind, FacetValue


@pytest.mark.parametrize("across", [False, True])
def test_an_array_keeps_its_rows_when_it_grows_and_so_does_a_view_from_before(across: bool) -> None:
    rows = np.arange(300).reshape(100, 3)
    growing = Growing(np.int64, 3, across=across)
    growing.append(rows[:10])
    before = growing.view
    for row in rows[10:]:
        growing.append([row])
    assert growing.length == 100
    assert ((growing.view.T if across else growing.view) == rows).all()
    assert ((before.T if across else before) == rows[:10]).all()


def column(kind: FacetKind, values: list[FacetValue]) -> Column:
    made = Column(FacetField("facet", kind))
    for start in range(0, len(values), 2):
        made.append(start, values[start : start + 2])
    return made


@pytest.mark.parametrize(
    ("kind", "values", "asked", "passing"),
    [
        (FacetKind.KEYWORD, ["red", "blue", "red"], ("red",), [0, 2]),
        (FacetKind.KEYWORD, ["red", None, ("blue", "red")], ("red",), [0, 2]),
        (FacetKind.KEYWORD, [("red", "blue"), (), "green"], ("blue", "green"), [0, 2]),
        (FacetKind.KEYWORD, ["red", "blue"], ("green",), []),
        (FacetKind.PATH, ["Home > Lamps", "Home", "Home > Lamps"], ("Home > Lamps",), [0, 2]),
        (FacetKind.BOOLEAN, [True, False, True], (True,), [0, 2]),
        (FacetKind.BOOLEAN, [True, None, False], (True, False), [0, 2]),
    ],
)
def test_a_filter_passes_the_slots_that_have_one_of_its_values(
    kind: FacetKind, values: list[FacetValue], asked: tuple[str | bool, ...], passing: list[int]
) -> None:
    view = column(kind, values).view()
    assert np.flatnonzero(view.mask(AnyOf("facet", asked), len(values))).tolist() == passing


def test_values_are_counted_over_the_slots_that_are_asked_for() -> None:
    view = column(FacetKind.KEYWORD, [("red", "blue"), "red", None, "blue", None]).view()
    counted = {value.value: value.count for value in view.count(np.array([0, 3, 4], np.int32)).counts}
    assert counted == {"red": 1, "blue": 2}
    assert view.count(np.array([4], np.int32)).counts == ()
    assert column(FacetKind.KEYWORD, []).view().count(np.array([], np.int32)).counts == ()
