"""One feature finds a trouble, another has a remedy, and they meet by the core's register alone."""

from __future__ import annotations

import pytest

from visual_search import remedies
from visual_search.remedies import Case, Offer, Remedy, Trouble

NOTHING = Case(Trouble.NOTHING_FOUND, "products", words="sofa bed", language="en")
SOLD_OUT = Case(Trouble.SOLD_OUT, "products", object_id="7")


def by_words(case: Case) -> str:
    return f"/synonyms/?words={case.words}" if case.words else ""


@pytest.fixture(autouse=True)
def _alone(monkeypatch) -> None:
    monkeypatch.setattr(remedies, "_remedies", {})


def test_a_remedy_is_offered_against_its_troubles_alone() -> None:
    remedies.register(Remedy("synonym", "Synonym", frozenset({Trouble.NOTHING_FOUND}), by_words))
    assert remedies.offers(NOTHING) == (Offer("synonym", "Synonym", "/synonyms/?words=sofa bed"),)
    assert remedies.offers(SOLD_OUT) == ()


def test_one_that_does_not_fit_the_case_is_left_out() -> None:
    remedies.register(Remedy("synonym", "Synonym", frozenset(Trouble), by_words))
    assert remedies.offers(SOLD_OUT) == ()


def test_they_stand_in_the_order_of_registration_and_the_last_of_a_name_counts() -> None:
    for name, label in (("b", "B"), ("a", "A"), ("b", "B again")):
        remedies.register(Remedy(name, label, frozenset(Trouble), lambda case: "/there/"))
    assert [offer.label for offer in remedies.offers(SOLD_OUT)] == ["B again", "A"]
    remedies.withdraw("b")
    remedies.withdraw("unknown")
    assert [offer.name for offer in remedies.offers(SOLD_OUT)] == ["a"]


def test_who_may_not_use_it_is_not_offered_it() -> None:
    remedies.register(Remedy("pin", "Pin", frozenset(Trouble), lambda case: "/pin/", permission="shop.add_rule"))
    assert remedies.offers(SOLD_OUT, permissions=set()) == ()
    assert len(remedies.offers(SOLD_OUT, permissions={"shop.add_rule"})) == 1
    assert len(remedies.offers(SOLD_OUT)) == 1
