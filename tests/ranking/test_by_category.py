"""Categories leave the curve over all only as far as their own hits show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking.by_category import fit_offsets, least_needed, shifted
from visual_search.ranking.calibration import PHOTO, Calibration, calibrate
from visual_search.ranking.curves import Probe, ProbeHit
from visual_search.types import Grade


def of_kind(kind: str, right: float, count: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Hits of a category of which this share was right, where the curve over all says .5."""
    return np.full(count, 0.5), (np.arange(count) < right * count).astype(float), [kind] * count


def fitted(*parts: tuple[np.ndarray, np.ndarray, list[str]]) -> dict[str, float]:
    said, right, kinds = zip(*parts, strict=True)
    return fit_offsets(np.concatenate(said), np.concatenate(right), [kind for some in kinds for kind in some])


def test_a_category_is_believed_by_its_number() -> None:
    offsets = fitted(of_kind("Lamps", 0.9, 200), of_kind("Shirts", 0.1, 200), of_kind("Rare", 1.0, 1))
    assert shifted(0.5, offsets, "Lamps") == pytest.approx(0.9, abs=0.02)
    assert shifted(0.5, offsets, "Shirts") == pytest.approx(0.1, abs=0.02)
    assert 0.5 < shifted(0.5, offsets, "Rare") < 0.65, "one hit says little"
    assert shifted(0.5, offsets, "Unknown") == shifted(0.5, offsets, "") == 0.5


def test_levels_add_up() -> None:
    offsets = fitted(of_kind("Home > Lamps", 0.9, 200), of_kind("Home > Rugs", 0.5, 200))
    assert offsets["Home"] > 0
    assert offsets["Home > Rugs"] < 0
    assert shifted(0.5, offsets, "Home > Rugs") == pytest.approx(0.5, abs=0.03)
    assert shifted(0.5, offsets, "Home > New") == pytest.approx(shifted(0.5, offsets, "Home"))


offsets_ = st.dictionaries(st.sampled_from(["A", "A > B", "A > C", "D"]), st.floats(-4, 4), max_size=4)


@given(st.floats(0, 1), st.floats(0, 1), offsets_, st.sampled_from(["", "A", "A > B", "D", "E > F"]))
def test_it_stays_a_probability_and_keeps_the_order(one, other, offsets, kind) -> None:
    low, high = sorted((one, other))
    assert 0 <= shifted(low, offsets, kind) <= shifted(high, offsets, kind) <= 1


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), offsets_)
def test_below_what_is_needed_no_category_reaches_it(wanted, said, offsets) -> None:
    if said < least_needed(wanted, offsets) - 1e-6:
        assert all(shifted(said, offsets, kind) < wanted + 1e-6 for kind in ["A", "A > B", "A > C", "D", ""])


def shop(seed: int = 1) -> list[Probe]:
    """Lamps are told apart at a cosine of .6; of shirts, many others are as near."""
    random = np.random.default_rng(seed)
    probes = []
    for n in range(200):
        kind, others = (("Lamps", 0.2), ("Shirts", 0.6))[n % 2]
        hits = [ProbeHit(f"{n}", kind, 0.6 + random.normal(0, 0.02))]
        hits += [ProbeHit(f"{n}-{k}", kind, others + random.normal(0, 0.02)) for k in range(9)]
        probes.append(Probe(PHOTO, f"{n}", kind, tuple(sorted(hits, key=lambda hit: -hit.cosine))))
    return probes


def test_the_same_cosine_is_worth_more_where_nothing_is_alike() -> None:
    learned = calibrate(shop())
    limits = learned.of(PHOTO)
    assert limits.grade(0.6, "Lamps") in {Grade.SAME, Grade.VERY_SIMILAR}
    assert limits.grade(0.6, "Shirts") is Grade.SIMILAR
    assert limits.hangs_on_kind <= 0.6
    for cosine in np.arange(-1, limits.hangs_on_kind - 0.005, 0.01).tolist():
        assert {limits.grade(cosine, kind) for kind in ("Lamps", "Shirts")} <= {Grade.SIMILAR, Grade.DISTANT}
    assert Calibration.from_json(learned.as_json()) == learned
