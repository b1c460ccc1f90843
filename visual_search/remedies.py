"""The register of remedies: what a feature offers against a trouble that another feature has found.

Whoever lists troubles (questions that found nothing, hits that nobody clicks) shows each remedy beside its row, as a link to
the page of the feature that offers it. Neither needs to know the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """What may be wrong, as a list of it is about."""

    NOTHING_FOUND = "nothing found"  # words that found nothing, or nothing close
    NOT_CLICKED = "not clicked"  # an object that is shown often, and never clicked
    CLICKED_DEEP = "clicked deep"  # an object that is found far down, and clicked there
    NOTHING_CLOSE = "nothing close"  # a thing in photos that nothing of the shop resembles
    SOLD_OUT = "sold out"  # an object that stands high and isn't in stock
    LANGUAGE = "language"  # a language that is asked in and that texts lack


@dataclass(frozen=True, slots=True)
class Case:
    """One row of such a list. What it isn't about is ""."""

    trouble: Trouble
    collection: str
    words: str = ""
    object_id: str = ""
    language: str = ""
    label: str = ""  # a detector's name for a thing in a photo
    category: str = ""  # a path


@dataclass(frozen=True, slots=True)
class Remedy:
    """`url` gives the address of a page, filled in for this case, that shows what would change and saves nothing by itself.

    "" where the remedy doesn't fit the case. `label` is a lazy translation; `permission`: who may use it.
    """

    name: str  # unlike all others: "synonym"
    label: object
    against: frozenset[Trouble]
    url: Callable[[Case], str]
    permission: str = ""  # such as "shop.add_rule"; "" for all staff


@dataclass(frozen=True, slots=True)
class Offer:
    """A remedy for one case, with its address."""

    name: str
    label: object
    url: str


_remedies: dict[str, Remedy] = {}


def register(remedy: Remedy) -> None:
    """Offer this remedy; one of the same name is replaced. Called by an AppConfig.ready."""
    _remedies[remedy.name] = remedy


def withdraw(name: str) -> None:
    """Offer it no longer; nothing if nobody does."""
    _remedies.pop(name, None)


def offers(case: Case, permissions: Collection[str] | None = None) -> tuple[Offer, ...]:
    """The remedies for this case, in the order in which they were registered.

    `permissions`: those of whoever looks; None for somebody who may do everything.
    """
    fitting = [
        remedy
        for remedy in _remedies.values()
        if case.trouble in remedy.against
        and (permissions is None or not remedy.permission or remedy.permission in permissions)
    ]
    built = ((remedy, remedy.url(case)) for remedy in fitting)
    return tuple(Offer(remedy.name, remedy.label, url) for remedy, url in built if url)
