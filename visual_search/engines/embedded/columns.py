"""Facets as numpy columns ("doc values"): filters become masks, counts become a bincount.

Columns only grow: a changed document gets a new slot and its old slot dies. So a reader may keep using the arrays that
it has while another thread appends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from visual_search.engines.validation import facet_values
from visual_search.types import (
    AnyOf,
    Between,
    FacetAnswer,
    FacetCount,
    FacetField,
    FacetKind,
    FacetValue,
    Filter,
    Not,
)

Mask = npt.NDArray[np.bool_]  # one flag a slot


class Growing:
    """An array that grows at its end by doubling, so that appending one row doesn't copy the others."""

    def __init__(self, dtype: Any, width: int | None = None) -> None:
        self._data = np.empty((16,) if width is None else (16, width), dtype)
        self.length = 0

    def append(self, rows: npt.ArrayLike) -> None:
        added = np.asarray(rows, dtype=self._data.dtype)
        needed = self.length + len(added)
        if needed > len(self._data):
            larger = np.empty((max(needed, 2 * len(self._data)), *self._data.shape[1:]), self._data.dtype)
            larger[: self.length] = self._data[: self.length]
            self._data = larger
        self._data[self.length : needed] = added
        self.length = needed

    @property
    def view(self) -> npt.NDArray[Any]:
        return self._data[: self.length]


class Column:
    """One facet. Keywords, paths and booleans are (slot, value number) pairs; numbers are one float a slot."""

    def __init__(self, field: FacetField) -> None:
        self.field = field
        self.numbers = Growing(np.float64)
        self.pair_slots = Growing(np.int32)
        self.pair_values = Growing(np.int32)
        self.values: list[str | bool] = []
        self.value_numbers: dict[str | bool, int] = {}

    def append(self, first_slot: int, values: list[FacetValue]) -> None:
        if self.field.kind is FacetKind.NUMBER:
            self.numbers.append([np.nan if value is None else float(value) for value in values])  # type: ignore[arg-type]
            return
        slots: list[int] = []
        numbers: list[int] = []
        for slot, value in enumerate(values, first_slot):
            for part in [value] if isinstance(value, bool) else facet_values(self.field, value):
                slots.append(slot)
                numbers.append(self._number(part))
        self.pair_slots.append(slots)
        self.pair_values.append(numbers)

    def _number(self, value: str | bool) -> int:
        if value not in self.value_numbers:
            self.value_numbers[value] = len(self.values)
            self.values.append(value)
        return self.value_numbers[value]

    def mask(self, filter: AnyOf | Between, slots: int) -> Mask:
        """Which of the first `slots` slots pass the filter."""
        if isinstance(filter, Between):
            column = self.numbers.view[:slots]
            mask = ~np.isnan(column)
            if filter.at_least is not None:
                mask &= column >= filter.at_least
            if filter.at_most is not None:
                mask &= column <= filter.at_most
            return np.asarray(mask)
        if self.field.kind is FacetKind.NUMBER:
            return np.isin(self.numbers.view[:slots], [float(value) for value in filter.values])
        wanted = [self.value_numbers[value] for value in filter.values if value in self.value_numbers]  # type: ignore[index]
        chosen = self.pair_slots.view[np.isin(self.pair_values.view, wanted)]
        mask = np.zeros(slots, np.bool_)
        mask[chosen[chosen < slots]] = True
        return mask

    def count(self, slots: npt.NDArray[np.int32]) -> FacetAnswer:
        """The facet's values over these slots."""
        if self.field.kind is FacetKind.NUMBER:
            numbers = self.numbers.view[slots]
            numbers = numbers[~np.isnan(numbers)]
            if not len(numbers):
                return FacetAnswer(self.field.name)
            return FacetAnswer(self.field.name, minimum=float(numbers.min()), maximum=float(numbers.max()))
        chosen = np.isin(self.pair_slots.view, slots)
        counts = np.bincount(self.pair_values.view[chosen], minlength=len(self.values))
        found = [FacetCount(self.values[n], int(counts[n])) for n in np.flatnonzero(counts)]
        return FacetAnswer(self.field.name, tuple(sorted(found, key=lambda item: (-item.count, item.value))))


def mask_of(columns: dict[str, Column], filters: tuple[Filter, ...], alive: Mask) -> Mask:
    """The slots that are alive and pass all filters."""
    mask = alive.copy()
    for filter in filters:
        if isinstance(filter, Not):
            mask &= ~columns[filter.filter.field].mask(filter.filter, len(alive))
        else:
            mask &= columns[filter.field].mask(filter, len(alive))
    return mask
