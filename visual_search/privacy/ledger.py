"""The ledger of releases: what public lists over the same data cost together, and that it never passes what was promised.

Costs add up by basic composition (Dwork and Roth, 2014, theorem 3.16): epsilons and deltas of several releases over one
window are summed. Each kind of list has a share of the window's budget and may be made once; a second list over the same
data would let its noise be averaged out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction


class BudgetSpent(RuntimeError):
    """The window can't pay for this release; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one release gives away of one client-day at most: it is (epsilon, delta)-differentially private."""

    epsilon: Fraction
    delta: Fraction = Fraction(0)

    def __str__(self) -> str:
        return f"epsilon {float(self.epsilon):g}" + (f" and delta {float(self.delta):g}" if self.delta else "")

    def within(self, other: Cost) -> bool:
        """Whether it costs no more than the other, in both respects."""
        return self.epsilon <= other.epsilon and self.delta <= other.delta


def total(costs: Iterable[Cost]) -> Cost:
    """What several releases over the same data cost together."""
    listed = list(costs)
    return Cost(sum((cost.epsilon for cost in listed), Fraction(0)), sum((cost.delta for cost in listed), Fraction(0)))


@dataclass(frozen=True, slots=True)
class Budget:
    """What each kind of list may cost in a window (`shares`, by its name), and all of them together (`cap`).

    ValueError where the shares pass the cap, or where one costs nothing: that would be no private release.
    """

    cap: Cost
    shares: Mapping[str, Cost]

    def __post_init__(self) -> None:
        for name, share in self.shares.items():
            if share.epsilon <= 0 or not 0 <= share.delta < 1:
                raise ValueError(f"The share of '{name}' is {share}; epsilon is above 0, delta from 0 to below 1.")
        together = total(self.shares.values())
        if not together.within(self.cap):
            named = ", ".join(f"{name} {share}" for name, share in self.shares.items())
            raise ValueError(f"The shares cost {together} together, more than the cap of {self.cap}: {named}.")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the lists of one window have cost so far, by their names."""

    budget: Budget
    spent: Mapping[str, Cost] = field(default_factory=dict)

    @property
    def together(self) -> Cost:
        return total(self.spent.values())

    def spend(self, name: str, cost: Cost) -> Ledger:
        """The ledger after one release more. BudgetSpent for a second list of one kind, one without a share, and one that
        costs more than its share or than what is left of the window.
        """
        if name in self.spent:
            raise BudgetSpent(f"This window's list of {name} is made already; show the one that is stored.")
        if name not in self.budget.shares:
            raise BudgetSpent(f"No share of the budget is meant for a list of {name}: {', '.join(self.budget.shares)}.")
        if not cost.within(share := self.budget.shares[name]):
            raise BudgetSpent(f"A list of {name} may cost {share} in a window; this one costs {cost}.")
        after = replace(self, spent={**self.spent, name: cost})
        if not after.together.within(self.budget.cap):
            raise BudgetSpent(
                f"This window has spent {self.together} of {self.budget.cap}; {cost} more is too much. "
                "Wait for the next window."
            )
        return after
