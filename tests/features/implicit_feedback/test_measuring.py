"""Simulated shops whose truth is known, purchases that tests write down, and the cost."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from visual_search.errors import BadInput
from visual_search.features.implicit_feedback.measuring import overhead, purchases, simulated
from visual_search.features.implicit_feedback.measuring.simulated import PAGE, QUESTIONS, STEEPNESS, Case, Shop, run
from visual_search.features.implicit_feedback.models import ObjectFeedback
from visual_search.features.implicit_feedback.options import Options

PLAIN = [list(range(PAGE))] * QUESTIONS


def test_the_truth_of_the_simulation_is_what_it_is_said_to_be() -> None:
    """Success by shoppers who click, and not by the sum."""
    shop = Shop(3, Case(40))
    chance, found = np.random.default_rng(5), []
    for question in chance.choice(QUESTIONS, size=4_000, p=shop.asked):
        looks = chance.random(PAGE) < np.arange(1, PAGE + 1) ** -STEEPNESS
        found.append(bool((looks & (chance.random(PAGE) < shop.chance[question])).any()))
    assert np.mean(found) == pytest.approx(shop.success(PLAIN), abs=0.02)


def test_shoppers_find_more_and_the_curve_is_found() -> None:
    after = run(1, Case(40))
    assert after.plain * 1.01 < after.ours < after.best
    assert after.steepness == pytest.approx(STEEPNESS, abs=0.25)
    assert after.known > 0.5


def test_where_nothing_is_more_liked_little_is_lost() -> None:
    after = run(1, Case(40, appeal=0.0))
    assert after.ours > after.plain * 0.99


def test_too_few_shoppers_change_nothing() -> None:
    after = run(1, Case(4))
    assert (after.ours, after.known) == (after.plain, 0.0)
    assert run(1, Case(10, options=Options(least_choices=10**9))).ours == run(1, Case(10)).plain


def test_the_table_tells_all_cases(monkeypatch) -> None:
    few = {name: replace(case, browsers=6, objects=50, questions=8) for name, case in simulated.CASES.items()}
    monkeypatch.setattr(simulated, "CASES", few)
    monkeypatch.setattr(simulated, "DAYS", 2)
    table = simulated.measure(limit=1)
    assert set(table.rows) == set(few)
    assert any("places not corrected" in line for line in table.lines())


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    with gzip.open(folder / "transactions.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["household_id", "ts", "store_id", "product_id", "product_type"])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def bought(day: int, product: str, *, store: int = 1, household: int = 1) -> dict[str, str]:
    at = datetime(2017, 1, 1, 12) + timedelta(days=day)  # noqa: DTZ001 - the public table has no zone.
    return {
        "household_id": str(household), "ts": at.isoformat(), "store_id": str(store), "product_id": product,
        "product_type": "apples",
    }  # fmt: skip


def test_what_is_newly_bought_is_found_by_a_half_life(tmp_path) -> None:
    rows = [bought(day, "old") for day in range(60)] + [bought(day, "new", household=2) for day in range(60, 100)]
    table = purchases.measure(written(tmp_path, rows))
    assert table.rows["half-life 28 days"]["MRR"] == 1.0
    assert table.rows["popularity"]["MRR"] == 0.5
    assert set(table.rows) == set(purchases.RANKERS)


def test_a_households_own_habit_is_no_popularity_of_its_store(tmp_path) -> None:
    """Each household goes to a store of its own and buys its own product again and again."""
    rows = [bought(day, f"p{one}", store=one, household=one) for day in range(100) for one in range(1, 5)]
    table = purchases.measure(written(tmp_path, rows))
    assert table.rows["and store"]["gain"] > 0.5
    assert table.rows["of others, and store"]["gain"] == pytest.approx(0.0)


@pytest.mark.parametrize("content", [b"no gzip", b""])
def test_what_cant_be_read_is_said(tmp_path, content) -> None:
    (tmp_path / "transactions.csv.gz").write_bytes(content)
    with pytest.raises(BadInput, match=r"transactions\.csv\.gz"):
        purchases.measure(tmp_path)
    with pytest.raises(BadInput, match="no product type with two products"):
        purchases.measure(written(tmp_path, [bought(1, "alone")]))


@pytest.mark.django_db
def test_the_cost_is_measured_and_nothing_is_left(monkeypatch) -> None:
    monkeypatch.setattr(overhead, "OBJECTS", 2_000)
    table = overhead.overhead(6)
    assert set(table.rows) == {"enough is known", "nothing is known"}
    assert all(row["p50 ms"] > 0 for row in table.rows.values())
    assert not ObjectFeedback.objects.exists()
