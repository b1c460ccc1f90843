"""Baskets as arrays: a client's day is one basket, and nothing that is left out takes part."""

from __future__ import annotations

from visual_search.features.recommendations.baskets import MOST_ITEMS, read
from visual_search.features.recommendations.popularity import best_sellers, sold
from visual_search.types import Basket


def as_sets(baskets) -> list[set[str]]:
    sets: list[set[str]] = [set() for _ in baskets.day]
    for basket, item in zip(baskets.basket, baskets.item, strict=True):
        sets[basket].add(baskets.ids[item])
    return sets


def test_what_a_client_buys_on_a_day_is_one_basket() -> None:
    baskets = read([Basket("ann", 1, [1, 2]), Basket("bob", 1, [1]), Basket("ann", 1, [2, 3]), Basket("ann", 2, [3])])
    assert as_sets(baskets) == [{"1", "2", "3"}, {"1"}, {"3"}]
    assert (baskets.clients, baskets.day.tolist()) == (2, [1, 1, 2])


def test_what_is_left_out_is_in_no_basket() -> None:
    baskets = read([Basket("ann", 1, [1, 2]), Basket("bob", 1, [2])], ids=["1", "3"])
    assert as_sets(baskets) == [{"1"}]
    assert baskets.ids == ("1", "3")
    assert baskets.clients == 1


def test_a_basket_with_everything_in_it_says_nothing() -> None:
    assert as_sets(read([Basket("robot", 1, range(MOST_ITEMS + 1)), Basket("ann", 1, [1, 2])])) == [{"1", "2"}]


def test_no_baskets_are_no_error() -> None:
    baskets = read([])
    assert (baskets.clients, baskets.ids, len(baskets.item)) == (0, (), 0)
    assert best_sellers((), sold(baskets, 10), {}) == {}


def test_best_sellers_are_those_of_the_last_days_in_each_level() -> None:
    old, new = [Basket(f"old {n}", 10, ["lamp"]) for n in range(9)], [Basket("x", 40, ["desk", "chair"])]
    baskets = read([*old, *new, Basket("y", 41, ["desk", "mug"])])
    levels = {
        "desk": ("Home", "Home > Office"),
        "chair": ("Home", "Home > Office"),
        "mug": ("Home",),
        "lamp": ("Home",),
    }
    lists = best_sellers(baskets.ids, sold(baskets, today=42), levels)
    assert lists[""] == lists["Home"] == ["desk", "chair", "mug"]
    assert lists["Home > Office"] == ["desk", "chair"]
