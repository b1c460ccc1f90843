"""Words, sellers and prices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from visual_search.features.brand_protection.signs import Offer, far_below, is_allowed, word_in

OFFER = Offer("Acme kettle", "Barn", Decimal(20), "EUR")


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (["Acme"], "ACME® kettle", "Acme"),
        (["Acme"], "acmeist poems", ""),
        (["Café Noir"], "cafe noir machine", "Café Noir"),
        (["ソニー"], "新品ソニーカメラ", "ソニー"),
        (["", "  "], "anything", ""),
        (["C++"], "a book on C++ and more", "C++"),
    ],
)
def test_a_brands_word_is_found_whole_and_in_any_case(words, text, found) -> None:
    assert word_in(words, text) == found


def test_sellers_are_allowed_by_their_whole_name() -> None:
    assert is_allowed(" official  STORE", ["Official Store"])
    assert not is_allowed("Official Store 2", ["Official Store"])
    assert not is_allowed("", [""])


def judge(offer=OFFER, *, floor=None, currency="", prices=(), least=3):
    return far_below(offer, floor=floor, currency=currency, prices=list(map(Decimal, prices)), share=0.5, least=least)


def test_a_price_below_half_of_the_median_is_far_below() -> None:
    found = judge(prices=(50, 60, 70))
    assert (found.limit, found.median, found.count) == (Decimal("30.00"), Decimal(60), 3)
    assert judge(prices=(30, 40, 39)) is None


def test_too_few_prices_say_nothing() -> None:
    assert judge(prices=(500, 600)) is None


def test_the_floor_holds_in_its_currency_alone() -> None:
    assert judge(floor=Decimal(25), currency="eur").median is None
    assert judge(floor=Decimal(25), currency="USD") is None
    assert judge(floor=Decimal(20), currency="EUR") is None


def test_no_price_and_a_price_of_nothing_are_no_bargain() -> None:
    for price in (None, Decimal(0)):
        assert judge(Offer("x", "y", price, "EUR"), floor=Decimal(25), currency="EUR") is None
