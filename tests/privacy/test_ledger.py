"""Promise P4, attacked: no order of releases makes a window spend more than was promised."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.privacy.ledger import Budget, BudgetSpent, Cost, Ledger, total

HALF = Cost(Fraction(1, 2))
BUDGET = Budget(
    cap=Cost(Fraction(2), Fraction(1, 10**6)),
    shares={"texts": Cost(Fraction(1), Fraction(1, 10**6)), "products": HALF, "categories": HALF},
)

names = st.sampled_from(["texts", "products", "categories", "unheard of"])
costs = st.builds(
    Cost, st.fractions(Fraction(1, 100), 2, max_denominator=100), st.sampled_from([Fraction(0), Fraction(1, 10**6)])
)


def test_what_each_list_may_cost_is_spent_once() -> None:
    ledger = Ledger(BUDGET)
    for name, share in BUDGET.shares.items():
        ledger = ledger.spend(name, share)
    assert ledger.together == BUDGET.cap
    with pytest.raises(BudgetSpent, match="list of texts is made already"):
        ledger.spend("texts", HALF)


@given(st.lists(st.tuples(names, costs), max_size=12))
def test_no_order_of_releases_passes_the_cap_or_makes_a_list_twice(asked: list[tuple[str, Cost]]) -> None:
    ledger, made = Ledger(BUDGET), []
    for name, cost in asked:
        try:
            ledger = ledger.spend(name, cost)
        except BudgetSpent:
            continue
        made.append((name, cost))
    assert len({name for name, _ in made}) == len(made)
    assert all(cost.within(BUDGET.shares[name]) for name, cost in made)
    together = total(cost for _, cost in made)
    assert together == ledger.together
    assert together.within(BUDGET.cap)


@pytest.mark.parametrize(
    ("name", "cost", "problem"),
    [
        ("clicks", HALF, "No share of the budget is meant for a list of clicks: texts, products, categories"),
        ("products", Cost(Fraction(51, 100)), r"may cost epsilon 0.5 in a window; this one costs epsilon 0.51"),
        ("products", Cost(HALF.epsilon, Fraction(1, 10**9)), "this one costs epsilon 0.5 and delta 1e-09"),
    ],
)
def test_what_is_refused_is_told(name: str, cost: Cost, problem: str) -> None:
    with pytest.raises(BudgetSpent, match=problem):
        Ledger(BUDGET).spend(name, cost)


def test_what_an_earlier_and_larger_budget_has_spent_counts() -> None:
    """A shop that lowers its options in the midst of a window has spent what it has spent."""
    spent = {"texts": Cost(Fraction(19, 10))}
    with pytest.raises(BudgetSpent, match=r"has spent epsilon 1.9 of epsilon 2 and delta 1e-06; epsilon 0.5 more"):
        Ledger(BUDGET, spent).spend("products", HALF)


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        (
            {"texts": Cost(Fraction(3, 2)), "products": Cost(Fraction(1))},
            "cost epsilon 2.5 together, more than the cap",
        ),
        ({"texts": Cost(Fraction(1), Fraction(1, 10))}, "more than the cap"),
        ({"texts": Cost(Fraction(0))}, "share of 'texts' is epsilon 0"),
        ({"texts": Cost(Fraction(1), Fraction(-1))}, "delta from 0"),
    ],
)
def test_a_budget_that_promises_nothing_is_refused(shares: dict[str, Cost], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Budget(BUDGET.cap, shares)
