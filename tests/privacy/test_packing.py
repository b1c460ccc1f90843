"""Boxes and vectors in a token: whole or refused."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.errors import BadInput
from visual_search.privacy.packing import pack_regions, unpack_regions
from visual_search.types import Region, unit


def region(number: int, label: str = "chair") -> Region:
    vector = unit(np.random.default_rng(number).normal(size=32))
    return Region((0.1, 0.2, 0.5, 0.9), label, 0.5, {"image:ab": vector})


def test_what_is_packed_comes_back() -> None:
    back = unpack_regions(pack_regions([region(1), region(2, "Müllsack")]))
    assert [part.label for part in back] == ["chair", "Müllsack"]
    assert back[0].box == pytest.approx((0.1, 0.2, 0.5, 0.9), abs=1e-4)
    assert back[0].score == pytest.approx(0.5, abs=0.01)
    assert float(back[0].vectors["image:ab"] @ region(1).vectors["image:ab"]) > 0.9999


def test_every_cut_is_refused() -> None:
    packed = pack_regions([region(1), region(2)])
    for length in range(len(packed)):
        with pytest.raises(BadInput):
            unpack_regions(packed[:length])
    with pytest.raises(BadInput):
        unpack_regions(packed + b"\0")


@given(st.binary(max_size=400))
def test_rubbish_is_refused_and_never_raises_anything_else(data) -> None:
    with suppress(BadInput):
        unpack_regions(data)
