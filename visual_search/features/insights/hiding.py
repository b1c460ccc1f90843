"""A value is named only if enough clients share it. What fewer share is counted together, so that totals add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from visual_search.types import PATH_SEPARATOR, Found, SealedQuestion

HIDDEN = ""  # the value that holds what too few clients share


@dataclass(slots=True)
class Group:
    """Questions that share a value, as counts."""

    clients: set[int] = field(default_factory=set)
    questions: int = 0
    nothing: int = 0
    nothing_close: int = 0
    few: int = 0
    clicked: int = 0
    clicks: int = 0
    reciprocal: float = 0.0
    baskets: int = 0
    purchases: int = 0

    def add(self, question: SealedQuestion, found: Found | None = None) -> None:
        """Count this question. `found`: what this value of it found, where that isn't what the whole question found."""
        found = found or question.found
        places = [event.position for event in question.events if event.action == "click" and event.position]
        actions = [event.action for event in question.events]
        self.clients.add(question.client)
        self.questions += 1
        self.nothing += found is Found.NOTHING
        self.nothing_close += found is Found.NOTHING_CLOSE
        self.few += found is Found.FEW
        self.clicked += "click" in actions
        self.clicks += actions.count("click")
        self.reciprocal += 1 / min(places) if places else 0.0
        self.baskets += actions.count("basket")
        self.purchases += actions.count("purchase")

    def take_in(self, other: Group) -> None:
        """Add what the other counts."""
        self.clients |= other.clients
        for name in FIGURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def values(self) -> Mapping[str, float]:
        """Each figure by name, with how many clients there are."""
        return {"clients": len(self.clients), **{name: getattr(self, name) for name in FIGURES}}


FIGURES = (
    "questions",
    "nothing",
    "nothing_close",
    "few",
    "clicked",
    "clicks",
    "reciprocal",
    "baskets",
    "purchases",
)


def groups(pairs: Iterable[tuple[str, SealedQuestion, Found | None]]) -> dict[str, Group]:
    """The questions by value; with what that value found, where it isn't what the whole question found."""
    grouped: dict[str, Group] = {}
    for value, question, found in pairs:
        grouped.setdefault(value, Group()).add(question, found)
    return grouped


def named(grouped: Mapping[str, Group], k: int) -> dict[str, Group]:
    """The groups that at least `k` clients share; the others are counted under the level above, at last under HIDDEN.

    What is hidden is hidden among `k` clients, too, if there are so many: else the day's total less all named values would show
    it. So the smallest named groups join it.
    """
    shown: dict[str, Group] = {}
    for value, group in grouped.items():
        shown.setdefault(value, Group()).take_in(group)
    # The deepest first, so that what joins a level above counts there.
    for depth in range(max((_depth(value) for value in shown), default=0), 0, -1):
        for value in [each for each in shown if _depth(each) == depth and each != HIDDEN]:
            if len(shown[value].clients) < k:
                shown.setdefault(_above(value), Group()).take_in(shown.pop(value))
    while HIDDEN in shown and len(shown[HIDDEN].clients) < k and len(shown) > 1:
        smallest = min(
            (value for value in shown if value != HIDDEN), key=lambda value: (len(shown[value].clients), value)
        )
        shown[HIDDEN].take_in(shown.pop(smallest))
    return shown


def _depth(value: str) -> int:
    return value.count(PATH_SEPARATOR) + 1 if value else 0


def _above(value: str) -> str:
    return value.rpartition(PATH_SEPARATOR)[0]
