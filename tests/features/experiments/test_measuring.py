"""A simulated shop whose truth is known: false alarms are rare, and a real difference is found soon."""

from __future__ import annotations

import random

import numpy as np
import pytest

from visual_search.features.experiments import measuring
from visual_search.features.experiments.measuring import LIFT, NOISE, SCENARIOS, Shop, better, run, success


def test_the_truth_of_the_simulation_is_what_it_is_said_to_be() -> None:
    """The lift, checked by shoppers who get B alone, and not by the sum that set it."""
    assert success(better(LIFT)) / success(NOISE) == pytest.approx(1 + LIFT, abs=0.002)
    chance, dice = np.random.default_rng(3), random.Random(3)
    found, searches = [0, 0], 6_000
    shop = Shop(better(LIFT), 1.0)
    for _ in range(searches):
        truth, a, b = shop.search(chance)
        for n, order in enumerate((a, b)):
            found[n] += bool(measuring.clicked([str(id) for id in order], truth, dice))
    assert found[0] / searches == pytest.approx(success(NOISE), abs=0.02)
    assert found[1] / searches == pytest.approx(success(better(LIFT)), abs=0.02)
    with pytest.raises(ValueError, match="Not even a ranking that knows the truth"):
        better(0.9)


def test_two_rankings_that_are_alike_cast_no_vote() -> None:
    assert run(Shop(NOISE, 1.0), searches=50, seed=1).decisive == 0


def test_a_better_ranking_wins_and_a_worse_one_loses() -> None:
    assert run(Shop(0.1, 1.0), searches=1_000, seed=1).winner == "b"
    assert run(Shop(1.5, 1.0), searches=1_000, seed=1).winner == "a"


@pytest.mark.slow
def test_false_alarms_are_rare_and_a_lift_of_5_percent_is_found_within_400_searches() -> None:
    """The figures of 1,000 and 200 runs stand in docs/reference/quality-and-speed.md."""
    same = [run(Shop(NOISE, 0.95), searches=400, seed=seed) for seed in range(200)]
    assert sum(bool(one.winner) for one in same) <= 0.05 * 200
    other = better(LIFT)
    lifted = [run(Shop(other, SCENARIOS["several signals"]), searches=400, seed=1_000 + seed) for seed in range(50)]
    assert sum(one.winner == "b" for one in lifted) >= 0.8 * 50


def test_the_table_tells_all_scenarios(monkeypatch) -> None:
    for name, value in (("SEARCHES", 30), ("LONGEST", 40)):
        monkeypatch.setattr(measuring, name, value)
    table = measuring.measure(limit=2)
    assert len(table.rows) == 2 + len(SCENARIOS)
    assert {row["runs"] for row in table.rows.values()} == {2}
    assert any("one signal more" in line for line in table.lines())
