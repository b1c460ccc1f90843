"""Every metric against a value worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.measuring import metrics
from visual_search.measuring.metrics import NAMES, estimates, of_ranking


def test_the_exact_one_first_is_perfect() -> None:
    found = of_ranking(["a", "b"], {"a": 2}, exact=2)
    assert {name: found[name] for name in NAMES} == {
        "exact@1": 1, "exact@10": 1, "R@1": 1, "R@5": 1, "R@10": 1, "R@50": 1, "MRR": 1, "nDCG@10": 1, "P@10": 0.1,
    }  # fmt: skip


def test_a_related_one_first_counts_less() -> None:
    found = of_ranking(["r", "x", "e"], {"e": 2, "r": 1, "s": 1}, exact=2)
    assert found["exact@1"] == 0
    assert found["exact@10"] == 1
    assert found["R@1"] == pytest.approx(1 / 3)
    assert found["R@5"] == pytest.approx(2 / 3)
    assert found["MRR"] == pytest.approx(1 / 3)
    assert found["P@10"] == pytest.approx(0.2)
    gained = 1 / math.log2(2) + 3 / math.log2(4)
    ideal = 3 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["nDCG@10"] == pytest.approx(gained / ideal)


def test_what_comes_after_the_tenth_counts_for_r50_and_mrr_only() -> None:
    ranking = [f"x{n}" for n in range(20)] + ["e"]
    found = of_ranking(ranking, {"e": 1}, exact=1)
    assert (found["exact@10"], found["R@10"], found["nDCG@10"], found["R@50"]) == (0, 0, 0, 1)
    assert found["MRR"] == pytest.approx(1 / 21)


def test_where_nothing_is_exact_the_related_ones_are_the_goal() -> None:
    assert of_ranking(["r"], {"r": 1}, exact=2)["exact@1"] == 1


def test_nothing_found_is_zero() -> None:
    assert set(of_ranking([], {"e": 2}, exact=2).values()) == {0.0}


@given(
    st.lists(st.integers(0, 40).map(str), unique=True, max_size=40),
    st.dictionaries(st.integers(0, 40).map(str), st.integers(1, 2), min_size=1, max_size=10),
)
def test_all_metrics_lie_between_0_and_1(ranking: list[str], relevance: dict[str, int]) -> None:
    assert all(0 <= value <= 1 + 1e-9 for value in of_ranking(ranking, relevance, exact=2).values())


def test_the_interval_holds_the_mean_and_narrows_with_more_groups() -> None:
    rows = [{"x": float(n % 2)} for n in range(400)]
    wide = estimates(rows, [n // 40 for n in range(400)])["x"]
    narrow = estimates(rows, list(range(400)))["x"]
    assert narrow.low < narrow.mean == 0.5 < narrow.high
    # Each group of 40 holds as many zeros as ones, so drawing groups changes nothing; drawing queries does.
    assert wide.high - wide.low < narrow.high - narrow.low
    uneven = estimates(rows, [n % 2 for n in range(400)])["x"]
    assert (uneven.low, uneven.high) == (0.0, 1.0)


def test_no_rows_no_estimates() -> None:
    assert metrics.estimates([], []) == {}
    assert np.isnan(metrics.relative_change([], [], []).mean)


def test_a_change_is_known_better_than_either_figure() -> None:
    base = np.random.default_rng(0).uniform(0.1, 1.0, 200)
    found = metrics.relative_change(base * 1.1, base, list(range(200)))
    assert (found.mean, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    by_two = metrics.relative_change(base + np.arange(200) % 2 / 2, base, [n % 2 for n in range(200)])
    each = metrics.relative_change(base + np.arange(200) % 2 / 2, base, list(range(200)))
    assert by_two.low == pytest.approx(0.0), "the group without any gain is drawn alone at times"
    assert by_two.low < each.low < each.mean < each.high < by_two.high
