"""Cosines of words become scales and limits by what synthetic questions found."""

from __future__ import annotations

import numpy as np
import pytest

from visual_search.ranking.calibration import Calibration, calibrate
from visual_search.ranking.curves import Probe, ProbeHit
from visual_search.ranking.text_scales import LEAST_PROBES

ROOMS = ("Kitchen", "Garden", "Office")


def asked(count: int = 120, *, kin: float = 0.6, other: float = 0.2, kinds: int = 3, seed: int = 1) -> list[Probe]:
    """Words of titles, whose kind and all else lie around these cosines."""
    random = np.random.default_rng(seed)
    probes = []
    for n in range(count):
        room = ROOMS[n % kinds]
        hits = [ProbeHit(f"{n}", room, 0.9)]
        hits += [ProbeHit(f"{n}-{k}", room, kin + random.normal(0, 0.05)) for k in range(8)]
        hits += [ProbeHit(f"{n}-x{k}", "Toys", other + random.normal(0, 0.05)) for k in range(40)]
        probes.append(Probe("meaning", f"{n}", room, tuple(sorted(hits, key=lambda hit: -hit.cosine))))
    return probes


def test_the_limit_lies_between_the_kind_and_all_else() -> None:
    scale = calibrate(asked()).texts["meaning"]
    assert scale.low == pytest.approx(0.15, abs=0.05)
    assert 0.25 < scale.admits < 0.55
    assert scale.high == pytest.approx(0.9, abs=0.05)
    assert scale.probes == 120
    assert scale.wrong < 0.1
    assert f"enough from cosine {scale.admits:.2f}; {scale.wrong:.0%} of those" in scale.said()


@pytest.mark.parametrize("kinds", [2, 3, 10, 40])
def test_few_categories_admit_no_more_than_many(kinds) -> None:
    """In a shop of three, every third unrelated thing is of the right one by chance."""
    random = np.random.default_rng(2)
    probes = []
    for n in range(120):
        hits = [ProbeHit(f"{n}-{k}", f"{n % kinds}", 0.5 + random.normal(0, 0.05)) for k in range(9)]
        hits += [ProbeHit(f"{n}-x{k}", f"{random.integers(kinds)}", 0.2 + random.normal(0, 0.06)) for k in range(90)]
        probes.append(Probe("meaning", f"{n}", f"{n % kinds}", tuple(sorted(hits, key=lambda hit: -hit.cosine))))
    scale = calibrate(probes).texts["meaning"]
    assert 0.3 < scale.admits < 0.45
    assert scale.wrong < 0.3


def test_another_encoder_has_another_scale() -> None:
    """Sentence-transformers models give unrelated texts .7: all of a shop would be admitted by the limits of another."""
    scale = calibrate(asked(kin=0.85, other=0.7)).texts["meaning"]
    assert 0.72 < scale.admits < 0.85
    assert scale.low > 0.6


def test_what_tells_nothing_apart_admits_almost_nothing() -> None:
    probes = asked(kin=0.2, other=0.2)
    flat = [
        Probe(p.picture, p.id, p.kind, tuple(ProbeHit(h.id, "Toys" if h.id != p.id else h.kind, 0.2) for h in p.hits))
        for p in probes
    ]
    scale = calibrate(flat).texts["meaning"]
    assert (scale.admits, scale.wrong) == (1.01, None)
    assert scale.low < scale.high
    assert "never enough by itself" in scale.said()


@pytest.mark.parametrize("probes", [asked(LEAST_PROBES - 1), asked(kinds=1), [], [Probe("meaning", "1", "", ())] * 50])
def test_too_little_teaches_nothing(probes) -> None:
    assert calibrate(probes).texts == {}


def test_it_survives_being_stored() -> None:
    learned = calibrate(asked())
    assert Calibration.from_json(learned.as_json()) == learned
